/** What a request says of a simulation: up to where, and what is expected to be used. Pure. */
import type { Static } from "typebox";
import type { Charge, Plan } from "../../../catalog/index.ts";
import { type Query, readMoment, readOneOf, readText } from "../../../http/query.ts";
import { isBefore } from "../../../kernel/calendar.ts";
import { type Dec, dec, parseDecimal, ZERO } from "../../../kernel/decimal.ts";
import type { Problem } from "../../../kernel/failure.ts";
import type { ExpectedUsage, Horizon } from "../model.ts";
import { EVENTS_MAX, PERIODS_MAX, type SimulationBody } from "../schemas.ts";
import { isBilledLater, isMeant, isSameFilter } from "./expected-usage.ts";

type Asked = NonNullable<Static<typeof SimulationBody>["simulation"]>;

const PERIODS_BY_DEFAULT = 12;
const YEARS_MAX = 10;

/** So many invoices, or (without a number) all up to a moment. */
export function readHorizon(
  { periods, until }: Pick<Asked, "periods" | "until">,
  now: Temporal.Instant,
  problems: Problem[],
): Horizon {
  const latest = now.toZonedDateTimeISO("UTC").add({ years: YEARS_MAX }).toInstant();
  const count = periods ?? (until ? PERIODS_MAX : PERIODS_BY_DEFAULT);
  if (count < 1 || count > PERIODS_MAX) problems.push({ field: "periods", code: "value_is_out_of_range" });
  if (!until) return { until: latest, periods: count };
  const named = readMoment(until);
  if (named === null) problems.push({ field: "until", code: "invalid_date" });
  else if (isBefore(named.from, now) || isBefore(latest, named.from))
    problems.push({ field: "until", code: "value_is_out_of_range" });
  return { until: named?.to ?? latest, periods: count };
}

export function readHorizonQuery(query: Query, now: Temporal.Instant, problems: Problem[]): Horizon {
  const text = readText(query, "periods");
  const isNumber = text === null || /^\d{1,9}$/.test(text);
  if (!isNumber) problems.push({ field: "periods", code: "value_is_invalid" });
  const periods = text === null || !isNumber ? null : Number(text);
  return readHorizon({ periods, until: readText(query, "until") }, now, problems);
}

export const readUsageQuery = (query: Query, problems: Problem[]): "projected" | "current" =>
  readOneOf(query, "usage", ["projected", "current"], problems) ?? "projected";

type Entry = NonNullable<Asked["usage"]>[number];

/** What is expected of the charges of these plans: the present one, and the one that follows. */
export function readExpected(usage: readonly Entry[], plans: readonly Plan[], problems: Problem[]): ExpectedUsage[] {
  const charges = plans.flatMap((plan) => plan.charges);
  const entries = usage.map((entry, index) => {
    const refuse = (field: string, code: string) => problems.push({ field: `usage.${index}.${field}`, code });
    const units = readAmount(entry.units, () => refuse("units", "value_is_out_of_range"));
    const amount_cents = readAmount(entry.precise_total_amount_cents ?? 0, () =>
      refuse("precise_total_amount_cents", "value_is_out_of_range"),
    );
    const read: ExpectedUsage = {
      charge_code: entry.charge_code ?? null,
      metric_code: entry.billable_metric_code ?? null,
      filters: entry.filters ?? null,
      grouped_by: entry.grouped_by ?? {},
      units,
      events_count: 0,
      amount_cents,
    };
    const meant = charges.filter((charge) => isMeant(read, charge));
    const wrong = problemOf(read, meant);
    if (wrong !== null) refuse(wrong.field, wrong.code);
    return { ...read, events_count: entry.events_count ?? eventsOf(units, meant) };
  });
  const events = entries.reduce((sum, { events_count }) => sum + events_count, 0);
  if (events > EVENTS_MAX) problems.push({ field: "usage", code: "too_many_events" });
  return entries;
}

function problemOf({ charge_code, metric_code, filters }: ExpectedUsage, meant: readonly Charge[]): Problem | null {
  const field = charge_code === null && metric_code !== null ? "billable_metric_code" : "charge_code";
  if (charge_code === null && metric_code === null) return { field, code: "value_is_mandatory" };
  if (meant.length === 0) return { field, code: "relation_must_exist" };
  if (!meant.some(isBilledLater)) return { field, code: "not_compatible_with_pay_in_advance" };
  const isKnown = meant.some((charge) => charge.filters.some(({ values }) => isSameFilter(filters, values)));
  return filters === null || isKnown ? null : { field: "filters", code: "relation_must_exist" };
}

const AMOUNT_MAX = dec("1000000000000000");

function readAmount(value: unknown, refuse: () => void): Dec {
  const amount = parseDecimal(value) ?? ZERO;
  if (amount.gte(0) && amount.lt(AMOUNT_MAX)) return amount;
  refuse();
  return ZERO;
}

/** A count's units are its events. */
function eventsOf(units: Dec, meant: readonly Charge[]): number {
  if (units.eq(0)) return 0;
  const isCount = meant.some(({ billable_metric }) => /count_agg$/.test(billable_metric.aggregation_type));
  if (!isCount) return 1;
  return Math.max(1, Math.round(Number(units.toFixed())));
}
