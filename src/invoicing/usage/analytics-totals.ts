/** Adding up usage by period, metric and currency. Pure. */
import { type Dec, ZERO } from "../../kernel/decimal.ts";
import type { Period } from "./analytics-periods.ts";

export interface Place {
  /** Index of the period. */
  readonly period: number;
  readonly metric_id: string;
  readonly currency: string;
}

export interface Total extends Place {
  readonly units: Dec;
  readonly amount_cents: bigint;
}

export type Totals = Map<string, Total>;

export function addTo(totals: Totals, place: Place, units: Dec, amount_cents: bigint): void {
  const name = `${place.period}/${place.metric_id}/${place.currency}`;
  const known = totals.get(name) ?? { ...place, units: ZERO, amount_cents: 0n };
  totals.set(name, { ...known, units: known.units.plus(units), amount_cents: known.amount_cents + amount_cents });
}

export interface MetricFacts {
  readonly id: string;
  readonly code: string;
  readonly recurring: boolean;
  readonly is_deleted: boolean;
}

export interface UsageOfPeriod {
  readonly period: Period;
  readonly metric: MetricFacts;
  readonly currency: string;
  readonly units: Dec;
  readonly amount_cents: bigint;
}

/** Ordered by period, then metric, then currency; without what came to nothing, and without metrics that are not among `metrics`. */
export function rowsOf(
  totals: Totals,
  periods: readonly Period[],
  metrics: ReadonlyMap<string, MetricFacts>,
): UsageOfPeriod[] {
  const rows = [...totals.values()].flatMap(({ period: index, metric_id, currency, units, amount_cents }) => {
    const metric = metrics.get(metric_id);
    const period = periods[index];
    const isNothing = units.eq(0) && amount_cents === 0n;
    if (metric === undefined || period === undefined || isNothing) return [];
    return [{ index, period, metric, currency, units, amount_cents }];
  });
  const name = ({ metric, currency }: UsageOfPeriod) => `${metric.code} ${currency}`;
  return rows.sort((a, b) => a.index - b.index || (name(a) < name(b) ? -1 : 1));
}
