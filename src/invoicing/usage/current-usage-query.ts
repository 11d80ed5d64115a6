/** The parameters of current usage (9.1 of the metering spec). Pure. */
import type { Charge } from "../../catalog/index.ts";
import { type Query, readFlag, readMap, readText } from "../../http/query.ts";
import { type Problem, refuseIfAny } from "../../kernel/failure.ts";

export interface CurrentUsageQuery {
  /** Null where none was given: then no subscription is found either. */
  readonly external_subscription_id: string | null;
  /** Which charges are wanted; null for all. */
  readonly restriction: ChargeRestriction | null;
  /** From the subscription's start instead of the period's. */
  readonly full_usage: boolean;
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

/** Taxes, pricing groups and presentation groups do not exist yet: what asks for none of them is answered truly. */
export function readCurrentUsageQuery(query: Query): CurrentUsageQuery {
  const problems: Problem[] = [];
  readFlag(query, "apply_taxes", problems);
  readFlag(query, "skip_grouping", problems);
  const fullUsage = readFlag(query, "full_usage", problems) ?? false;
  for (const name of ["group", "filter_by_group"]) {
    if (isGiven(query, name, "{}")) problems.push({ field: name, code: "not_supported_yet" });
  }
  if (isGiven(query, "filter_by_presentation", "[]")) {
    problems.push({ field: "filter_by_presentation", code: "not_supported_yet" });
  }
  refuseIfAny(problems);
  return {
    external_subscription_id: readText(query, "external_subscription_id"),
    restriction: readRestriction(query),
    full_usage: fullUsage,
  };
}

/** As a text other than the JSON `empty`, as `name[]=value` or as `name[key]=value`. */
function isGiven(query: Query, name: string, empty: string): boolean {
  const text = readText(query, name)?.replace(/\s/g, "");
  if (text !== undefined && text !== empty && text !== "null") return true;
  return readText(query, `${name}[]`) !== null || Object.keys(readMap(query, name)).length > 0;
}

function readRestriction(query: Query): ChargeRestriction | null {
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
