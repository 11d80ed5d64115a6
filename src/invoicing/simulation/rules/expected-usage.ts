/** What is used in periods that are not over: what is given, or what was used so far and goes on like this. Pure. */
import type { AggregationType, Charge } from "../../../catalog/index.ts";
import { daysTouched, isBefore } from "../../../kernel/calendar.ts";
import { type Dec, dec, round, ZERO } from "../../../kernel/decimal.ts";
import { inMajorUnits } from "../../../kernel/money.ts";
import type { GroupUsage } from "../../../metering/index.ts";
import type { ProratedValue, Series } from "../../../rating/index.ts";
import type { Window } from "../../../subscriptions/index.ts";
import { isRenewed } from "../../rules/billed-charges.ts";
import type { RatedPeriod } from "../../rules/charge-fees.ts";
import type { BucketUsage, ChargeUsage, GroupedUsage } from "../../usage/model.ts";
import { planSeries, seriesFrom } from "../../usage/usage-requests.ts";
import { INVOICE_VIEW, isProrated } from "../../usage/views.ts";
import type { Assumption, Basis, ExpectedUsage } from "../model.ts";

/** The period with what is expected of it; one that is over was used as it was used. */
export function expectedPeriod(rated: RatedPeriod, assumption: Assumption, now: Temporal.Instant): RatedPeriod {
  const { period, usage } = rated;
  const { charges: window } = period.windows;
  if (assumption.kind === "current" || window === null) return rated;
  const to = period.usage_until ?? window.to;
  if (!isBefore(now, to)) return rated;
  const days = daysTouched(window.from, to, period.terms.timezone);
  const currency = period.plan.amount_currency;
  const expect = (used: ChargeUsage): ChargeUsage =>
    assumption.kind === "given"
      ? givenUsage(used, assumption.entries, currency)
      : projectedUsage(used, assumption.basis.get(used.charge.id), days);
  return { ...rated, usage: usage.map(expect) };
}

/** Days of a window that have begun by `now`, at least one. */
export function begunDays({ from, to }: Window, now: Temporal.Instant, timezone: string): number {
  return Math.max(daysTouched(from, isBefore(now, to) ? now.add({ nanoseconds: 1 }) : to, timezone), 1);
}

export const isUsed = ({ buckets }: ChargeUsage): boolean =>
  buckets.some(({ groups }) => groups.some(({ usage }) => usage.events_count > 0 || !usage.units.eq(0)));

/** What is carried over goes on as it is; a maximum, a last value and a level do not grow with time. */
const GROWS: ReadonlySet<AggregationType> = new Set(["count_agg", "sum_agg", "unique_count_agg", "custom_agg"]);
const COUNTS: ReadonlySet<AggregationType> = new Set(["count_agg", "unique_count_agg"]);

/** Of a part of what is projected no more events are laid out than this. */
const EVENTS_MAX = 100_000;
const UNIT_PLACES = 2;

function projectedUsage(used: ChargeUsage, basis: Basis | undefined, days: number): ChargeUsage {
  const { charge } = used;
  if (basis === undefined || charge.billable_metric.recurring || charge.pay_in_advance) return used;
  const { aggregation_type } = charge.billable_metric;
  if (!GROWS.has(aggregation_type) || basis.days === days) return { charge, buckets: basis.usage.buckets };
  const grown = (value: Dec) => value.times(days).div(basis.days);
  const places = COUNTS.has(aggregation_type) ? 0 : UNIT_PLACES;
  return { charge, buckets: basis.usage.buckets.map((bucket) => grownBucket(bucket, grown, places)) };
}

function grownBucket({ bucket, groups }: BucketUsage, grown: (value: Dec) => Dec, places: number): BucketUsage {
  const count = (value: number) => Number(round(grown(dec(value))).toFixed());
  const units = (value: Dec) => round(grown(value), places);
  return {
    bucket,
    groups: groups.map(
      ({ usage, series, pairs, breakdowns }): GroupedUsage => ({
        usage: {
          ...usage,
          units: units(usage.units),
          full_units: usage.full_units === null ? null : units(usage.full_units),
          total_aggregated_units: usage.total_aggregated_units === null ? null : units(usage.total_aggregated_units),
          events_count: count(usage.events_count),
          amount_cents: round(grown(usage.amount_cents), UNIT_PLACES),
          custom_amount: usage.custom_amount === null ? null : grown(usage.custom_amount),
        },
        series: series === null ? null : grownSeries(series, count),
        pairs,
        breakdowns: breakdowns.map((one) => ({ ...one, units: units(one.units) })),
      }),
    ),
  };
}

/** The same events over and over. */
function grownSeries(series: Series, count: (value: number) => number): Series {
  if ("units" in series) return { units: count(series.units), events: count(series.events) };
  const { length } = series;
  if (length === 0) return series;
  return Array.from({ length: Math.min(count(length), EVENTS_MAX) }, (_, index) => series[index % length] as Dec);
}

export const isMeant = ({ charge_code, metric_code }: ExpectedUsage, { code, billable_metric }: Charge): boolean =>
  (charge_code === null || charge_code === code) && (metric_code === null || metric_code === billable_metric.code);

/** Charges in advance are billed at their events, but for what is carried over. */
export const isBilledLater = (charge: Charge): boolean => !charge.pay_in_advance || isRenewed(charge);

type Filters = ExpectedUsage["filters"];

/** Whether these are the filter's values, in whatever order. */
export function isSameFilter(given: Filters, values: Filters): boolean {
  const spelled = (filters: Filters) =>
    JSON.stringify(
      Object.entries(filters ?? {})
        .map(([key, texts]) => [key, [...texts].sort()] as const)
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    );
  return spelled(given) === spelled(values);
}

/** What is not given is not used. */
function givenUsage(
  { charge, buckets }: ChargeUsage,
  entries: readonly ExpectedUsage[],
  currency: string,
): ChargeUsage {
  const meant = entries.filter((entry) => isMeant(entry, charge));
  return {
    charge,
    buckets: buckets.map(({ bucket }): BucketUsage => {
      const own = meant.filter(({ filters }) => isSameFilter(filters, bucket.filter?.values ?? null));
      const used = own.length === 0 ? [NOTHING_USED] : own;
      return { bucket, groups: used.map((entry) => givenGroup(charge, bucket, entry, currency)) };
    }),
  };
}

const NOTHING_USED = { units: ZERO, events_count: 0, amount_cents: ZERO, grouped_by: {} } as const;

/** As many events as are expected, each with its part of the units. */
function givenGroup(
  charge: Charge,
  { properties, pricing_group_keys }: BucketUsage["bucket"],
  {
    units,
    events_count,
    amount_cents,
    grouped_by,
  }: Pick<ExpectedUsage, "units" | "events_count" | "amount_cents" | "grouped_by">,
  currency: string,
): GroupedUsage {
  const isProratedCharge = isProrated(charge, INVOICE_VIEW);
  const { aggregation_type } = charge.billable_metric;
  const usage: GroupUsage = {
    group: Object.fromEntries(pricing_group_keys.map((key) => [key, grouped_by[key] ?? null])),
    units,
    full_units: isProratedCharge ? units : null,
    total_aggregated_units: aggregation_type === "weighted_sum_agg" ? units : null,
    events_count,
    amount_cents,
    custom_amount: aggregation_type === "custom_agg" ? inMajorUnits(amount_cents, currency) : null,
    last_event_at: null,
  };
  const plan = planSeries(charge, properties, usage, isProratedCharge);
  if ("known" in plan) return { usage, series: plan.known, pairs: null, breakdowns: [] };
  const values = aggregation_type === "max_agg" ? [units] : sharedOut(units, events_count);
  if (isProratedCharge) {
    const pairs = values.map((value): ProratedValue => ({ full: value, prorated: value }));
    return { usage, series: null, pairs, breakdowns: [] };
  }
  return { usage, series: seriesFrom(charge, usage, values), pairs: null, breakdowns: [] };
}

/** 10 in 3 events are 3.33, 3.33 and 3.34. */
function sharedOut(units: Dec, events: number): Dec[] {
  if (events === 0) return [];
  const part = round(units.div(events), UNIT_PLACES);
  return Array.from({ length: events }, (_, index) =>
    index < events - 1 ? part : units.minus(part.times(events - 1)),
  );
}
