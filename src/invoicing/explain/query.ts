/** Which line of current usage is meant. Pure. */
import type { Charge } from "../../catalog/index.ts";
import { type Query, readText } from "../../http/query.ts";
import { invalid, type Problem, Refusal, refuseIfAny } from "../../kernel/failure.ts";
import { parseJson } from "../../kernel/json.ts";
import type { Group } from "../../metering/index.ts";
import { type ChargeRestriction, readRestriction, selectCharges } from "../usage/current-usage-query.ts";

export interface LineQuery {
  readonly external_subscription_id: string | null;
  readonly restriction: ChargeRestriction;
  /** As current usage shows it; null: the default bucket, or the only one. */
  readonly filter: Readonly<Record<string, readonly string[]>> | null;
  /** Null: the only group there is. */
  readonly group: Group | null;
}

/** 422 where no charge is named, or a filter or group cannot be read. */
export function readLineQuery(query: Query): LineQuery {
  const restriction = readRestriction(query);
  if (restriction === null) throw invalid("charge_code", "value_is_mandatory");
  const problems: Problem[] = [];
  const filter = readPairs(query, "filter", problems);
  const group = readPairs(query, "group", problems);
  refuseIfAny(problems);
  return {
    external_subscription_id: readText(query, "external_subscription_id"),
    restriction,
    filter:
      filter &&
      Object.fromEntries(filter.map(([key, values]) => [key, values.filter((value) => value !== null)] as const)),
    group: group && Object.fromEntries(group.map(([key, values]) => [key, values.at(-1) || null])),
  };
}

type Pairs = readonly (readonly [key: string, values: readonly (string | null)[]])[];

/** `name[key]=value`, `name[key][]=value`, or `name={"key": "value"}` with texts, nulls or lists of texts. */
function readPairs(query: Query, name: string, problems: Problem[]): Pairs | null {
  const text = readText(query, name);
  const pattern = new RegExp(`^${name}\\[([^\\]]+)\\](\\[\\])?$`);
  const named = Object.entries(query).flatMap(([key, value]) => {
    const [, inner] = pattern.exec(key) ?? [];
    return inner === undefined || value === undefined ? [] : [[inner, [value].flat()] as const];
  });
  const given = text === null ? {} : jsonObject(text);
  const listed = Object.entries(given ?? {}).map(([key, value]) => [key, [value].flat()] as const);
  const pairs = [...listed, ...named];
  const isValue = (value: unknown) => value === null || typeof value === "string";
  if (given === null || pairs.some(([, values]) => !values.every(isValue))) {
    problems.push({ field: name, code: "value_is_invalid" });
    return null;
  }
  return pairs.length === 0 && text === null ? null : (pairs as Pairs);
}

function jsonObject(text: string): Record<string, unknown> | null {
  try {
    const value = parseJson(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

/** The one charge that is named. 404 `charge_not_found`; 422 where the name fits several. */
export function chargeNamed(charges: readonly Charge[], restriction: ChargeRestriction): Charge {
  const [charge, ...others] = selectCharges(charges, restriction);
  if (charge === undefined) throw new Refusal("charge_not_found");
  if (others.length > 0) throw invalid("charge_code", "value_is_mandatory");
  return charge;
}

/** The filter with these values, in whatever order. 404 `charge_filter_not_found`. */
export function filterNamed(charge: Charge, values: LineQuery["filter"]): string | null {
  if (values === null) return null;
  const wanted = textOf(values);
  const filter = charge.filters.find((each) => textOf(each.values) === wanted);
  if (filter === undefined) throw new Refusal("charge_filter_not_found");
  return filter.id;
}

function textOf(values: Readonly<Record<string, readonly string[]>>): string {
  const sorted = Object.entries(values).map(([key, each]) => [key, [...each].sort()] as const);
  return JSON.stringify(sorted.sort(([a], [b]) => (a < b ? -1 : 1)));
}
