/** What a scenario needs that is not built yet: told apart from a failure by how the server refuses it. */
import { isDeepStrictEqual } from "node:util";
import { type Operations, operationOf } from "./operations.ts";
import type { Exchange, Failure } from "./story.ts";
import { isMap } from "./values.ts";

/** Where a scenario ends today. */
export interface NotYet {
  readonly step: number;
  /** "POST /wallets" */
  readonly call: string;
  readonly status: number;
  /** The first missing endpoint ("POST /wallets") or field ("filters"). */
  readonly missing: string;
}

export interface Contracts {
  /** What the server answers today. */
  readonly built: Operations;
  /** What the whole API will be: gives missing endpoints their names. */
  readonly whole: Operations;
}

/** Codes that are the true answer while nobody can create such a thing yet. */
const CREATED_BY: Readonly<Record<string, string>> = {
  tax_not_found: "POST /taxes",
  add_on_not_found: "POST /add_ons",
  add_ons_not_found: "POST /add_ons",
  coupon_not_found: "POST /coupons",
  feature_not_found: "POST /features",
};
const FIELD_CREATED_BY: Readonly<Record<string, string>> = { pricing_unit: "POST /pricing_units" };

/** Null where the scenario failed in any other way than by something that is not there yet. */
export function notYetOf({ step, exchange }: Failure, contracts: Contracts): NotYet | null {
  if (exchange === null) return null;
  const missing = missingIn(exchange, contracts);
  if (missing === null) return null;
  return { step, call: callOf(exchange, contracts), status: exchange.status, missing };
}

/**
 * What is wrong with how a scenario went, given its entry in the list (if any): null where it passes and is not listed,
 * or ends where the list says.
 */
export function judge(failure: Failure | null, listed: NotYet | undefined, contracts: Contracts): string | null {
  if (failure === null) return listed === undefined ? null : "passes: take it out of not-yet.json";
  const told = `step ${failure.step}: ${failure.message}`;
  if (listed === undefined) return told;
  const found = notYetOf(failure, contracts);
  if (found === null) return `is listed in not-yet.json, but fails otherwise: ${told}`;
  if (isDeepStrictEqual(found, listed)) return null;
  return `ends elsewhere than not-yet.json says: ${JSON.stringify(found)} instead of ${JSON.stringify(listed)}`;
}

function callOf({ method, path }: Exchange, { whole, built }: Contracts): string {
  const operation = operationOf(built, method, path) ?? operationOf(whole, method, path);
  return `${method} ${operation?.template ?? path.replace(/\?.*$/s, "")}`;
}

function missingIn(exchange: Exchange, contracts: Contracts): string | null {
  const { method, path, status, body } = exchange;
  const code = isMap(body) ? String(body.code) : "";
  if (status === 404 && operationOf(contracts.built, method, path) === null) return callOf(exchange, contracts);
  if (status === 404) return notBuilt(CREATED_BY[code], contracts);
  if (status === 422 && code === "validation_errors" && isMap(body)) return missingField(body.error_details, contracts);
  return null;
}

/** `endpoint` ("POST /taxes") unless it is built. */
function notBuilt(endpoint: string | undefined, { built }: Contracts): string | null {
  if (endpoint === undefined) return null;
  const [method = "", path = ""] = endpoint.split(" ");
  return operationOf(built, method, path) === null ? endpoint : null;
}

/** The first field that is not supported yet; null where any field is refused for another reason. */
function missingField(details: unknown, contracts: Contracts): string | null {
  const missing = problemsOf(details).map(({ field, code }) => {
    if (code === "not_supported_yet") return field;
    return code === "relation_must_exist" && notBuilt(FIELD_CREATED_BY[field], contracts) !== null ? field : null;
  });
  return missing.includes(null) ? null : (missing[0] ?? null);
}

/** {field: [codes]} at any depth, as a batch answers them by index. */
function problemsOf(details: unknown, field = "base"): { field: string; code: string }[] {
  if (typeof details === "string") return [{ field, code: details }];
  if (Array.isArray(details)) return details.flatMap((each) => problemsOf(each, field));
  if (!isMap(details)) return [];
  return Object.entries(details).flatMap(([name, each]) => problemsOf(each, /^\d+$/.test(name) ? field : name));
}
