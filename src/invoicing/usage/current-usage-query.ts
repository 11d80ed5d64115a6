/** The parameters of current usage (9.1 of the metering spec). Pure. */
import type { Charge } from "../../catalog/index.ts";
import { type Query, readFlag, readText, readTexts } from "../../http/query.ts";
import { type Problem, refuseIfAny } from "../../kernel/failure.ts";
import { parseJson } from "../../kernel/json.ts";
import type { UsageView } from "./model.ts";

export interface CurrentUsageQuery {
  /** Null where none was given: then no subscription is found either. */
  readonly external_subscription_id: string | null;
  /** Which charges are wanted; null for all. */
  readonly restriction: ChargeRestriction | null;
  /** From the subscription's start instead of the period's. */
  readonly full_usage: boolean;
  readonly view: UsageView;
}

export interface ChargeRestriction {
  readonly by: "charge_id" | "charge_code" | "billable_metric_code";
  readonly value: string;
}

/** In order: the first one given counts. The others are the deprecated names. */
const RESTRICTIONS = [
  ["charge_id", "filter_by_charge_id"],
  ["charge_code", "filter_by_charge_code"],
  ["billable_metric_code", "filter_by_metric_code"],
] as const;

/** 422 `value_is_invalid` by field. Taxes do not exist yet: whether to apply them makes no difference. */
export function readCurrentUsageQuery(query: Query): CurrentUsageQuery {
  const problems: Problem[] = [];
  readFlag(query, "apply_taxes", problems);
  const skipGrouping = readFlag(query, "skip_grouping", problems) ?? false;
  const fullUsage = readFlag(query, "full_usage", problems) ?? false;
  const group = { ...readGroup(query, "filter_by_group", problems), ...readGroup(query, "group", problems) };
  const presentation = readPresentation(query, problems);
  refuseIfAny(problems);
  return {
    external_subscription_id: readText(query, "external_subscription_id"),
    restriction: readRestriction(query),
    full_usage: fullUsage,
    view: { kind: "current", group, is_grouped: !skipGrouping, presentation },
  };
}

type Texts = readonly string[];
const TEXTS_MAX = 255;

/** `group[key]=value`, `group[key][]=value` (more than one value), or `group={"key": "value"}` with texts or lists of them. */
function readGroup(query: Query, name: string, problems: Problem[]): Record<string, Texts> {
  const text = readText(query, name);
  const given = text === null ? null : readJson(text);
  const pattern = new RegExp(`^${name}\\[([^\\]]+)\\](\\[\\])?$`);
  const named = Object.entries(query).flatMap(([key, value]) => {
    const [, inner] = pattern.exec(key) ?? [];
    return inner === undefined || value === undefined ? [] : [[inner, [value].flat()] as const];
  });
  if (text !== null && (typeof given !== "object" || Array.isArray(given))) {
    problems.push({ field: name, code: "value_is_invalid" });
    return {};
  }
  const listed = Object.entries(given ?? {}).map(([key, value]) => [key, [value].flat()] as const);
  const entries = [...listed, ...named];
  const isText = (value: unknown) => typeof value === "string" && value.length <= TEXTS_MAX && !value.includes("\0");
  if (entries.some(([key, values]) => !isText(key) || !values.every(isText))) {
    problems.push({ field: name, code: "value_is_invalid" });
    return {};
  }
  return Object.fromEntries(entries as [string, string[]][]);
}

/** A JSON array of presentation keys; empty: no breakdowns. */
function readPresentation(query: Query, problems: Problem[]): Texts | null {
  const name = "filter_by_presentation";
  const text = readText(query, name);
  const given = text === null ? readTexts(query, name) : readJson(text);
  if (text === null) return (given as Texts).length === 0 ? null : (given as Texts);
  if (given === null) return null;
  if (Array.isArray(given) && given.every((key) => typeof key === "string")) return given;
  problems.push({ field: name, code: "value_is_invalid" });
  return null;
}

/** Undefined where the text is no JSON. */
function readJson(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

export function readRestriction(query: Query): ChargeRestriction | null {
  for (const [name, deprecatedName] of RESTRICTIONS) {
    const value = readText(query, name) ?? readText(query, deprecatedName);
    if (value !== null) return { by: name, value };
  }
  return null;
}

/** The charges wanted, in the order in which usage shows them: by metric name, whatever its case. */
export function selectCharges(charges: readonly Charge[], restriction: ChargeRestriction | null): Charge[] {
  const chosen = charges.filter((charge) => restriction === null || isMeant(charge, restriction));
  const keyed = chosen.map((charge) => ({ charge, name: charge.billable_metric.name.toLowerCase() }));
  keyed.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  return keyed.map(({ charge }) => charge);
}

function isMeant(charge: Charge, { by, value }: ChargeRestriction): boolean {
  switch (by) {
    case "charge_id":
      return charge.id === value.toLowerCase();
    case "charge_code":
      return charge.code === value;
    case "billable_metric_code":
      return charge.billable_metric.code === value;
  }
}
