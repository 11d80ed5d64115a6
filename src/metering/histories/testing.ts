/** Histories of events and of what is asked about them, at random: what the tests of exactness share. */
import fc from "fast-check";
import type { AggregationType } from "../../catalog/index.ts";
import { dec } from "../../kernel/decimal.ts";
import type { CarriedLevel, EventBucket, GroupUsage, UsageRequest } from "../model.ts";
import type { SentEvent } from "../testing.ts";

const BASE = Date.UTC(2024, 2, 8, 20);
const DAYS = 5;
/** Five days around a change of the clocks in New York, to the microsecond, many of them on bucket edges. */
export const moment = fc.oneof(
  fc.integer({ min: 0, max: DAYS * 96 }).map((quarter) => BigInt(BASE + quarter * 900_000) * 1000n),
  fc.bigInt({ min: BigInt(BASE) * 1000n, max: BigInt(BASE + DAYS * 86_400_000) * 1000n }),
);
export const START = BigInt(BASE) * 1000n;
export const END = BigInt(BASE + DAYS * 86_400_000) * 1000n;

export const CODE = "tokens";
/** The property that a metric reads today, and the one that it reads once it is changed. */
export const FIELDS = ["v", "w"] as const;
export type Field = (typeof FIELDS)[number];
const value = fc.oneof(
  fc.integer({ min: -20, max: 50 }),
  fc.integer({ min: -500, max: 500 }).map((cents) => (cents / 100).toFixed(2)),
  fc.constantFrom("abc", "1e3", "", null, true, " 4", "+4", ".5", 0.1),
);
const ODD = "NULL,{\"a}\\'";
const REGIONS = ["eu", "us", "", null, 5, true, "NULL", ODD, undefined] as const;
export const sent: fc.Arbitrary<SentEvent> = fc
  .record({
    stream: fc.integer({ min: 0, max: 1 }),
    transaction: fc.integer({ min: 0, max: 150 }),
    micros: moment,
    v: value,
    w: fc.option(value, { nil: undefined }),
    operation: fc.constantFrom(undefined, undefined, "add", "remove", "remove", "other"),
    region: fc.constantFrom(...REGIONS),
    cloud: fc.constantFrom("aws", "gcp", undefined),
    amount: fc.option(fc.integer({ min: -300, max: 300 }).map((cents) => (cents / 100).toFixed(2))),
  })
  .map(({ stream, transaction, micros, v, w, operation, region, cloud, amount }) => ({
    subscription: `s${stream}`,
    transaction: `t${transaction}`,
    micros,
    amount_cents: amount,
    properties: {
      v,
      ...(w !== undefined && { w }),
      ...(operation && { operation_type: operation }),
      ...(region !== undefined && { region }),
      ...(cloud && { cloud }),
    },
  }));

export const NO_FILTER: readonly EventBucket[] = [{ conditions: {}, group_by: [] }];
/** Filters, keys and groups as they may be changed between two reads. */
export const FILTERS: readonly (readonly EventBucket[])[] = [
  NO_FILTER,
  NO_FILTER,
  [{ conditions: {}, group_by: ["region"] }],
  [{ conditions: {}, group_by: ["region", "cloud"] }],
  [
    { conditions: { region: ["eu", "5", ODD] }, group_by: [] },
    { conditions: {}, group_by: ["cloud"] },
  ],
  [
    { conditions: { cloud: ["aws"], region: ["eu", "true"] }, group_by: [] },
    { conditions: { cloud: ["aws", "gcp"] }, group_by: ["region"] },
    { conditions: { region: ["eu", ""] }, group_by: [] },
  ],
];
const ZONES = ["UTC", "America/New_York", "Asia/Kolkata", "Pacific/Apia"] as const;
const AGGREGATIONS: readonly AggregationType[] = [
  "count_agg",
  "sum_agg",
  "max_agg",
  "latest_agg",
  "unique_count_agg",
  "weighted_sum_agg",
];

export interface Look {
  readonly field: Field;
  readonly from: bigint;
  readonly to: bigint;
  readonly filters: number;
  readonly timezone: string;
  readonly history: bigint | null;
  /** Which event of the log is the last that counts, as a share of all; null: all. */
  readonly up_to: number | null;
}
export const look: fc.Arbitrary<Look> = fc
  .record({
    field: fc.constantFrom<Field>("v", "v", "w"),
    a: moment,
    b: moment,
    filters: fc.nat(FILTERS.length - 1),
    timezone: fc.constantFrom(...ZONES),
    history: fc.option(moment, { freq: 2 }),
    up_to: fc.option(fc.double({ min: 0, max: 0.999, noNaN: true }), { freq: 1 }),
  })
  .map(({ a, b, ...rest }) => ({ from: a < b ? a : b, to: a < b ? b : a + 1n, ...rest }));

export const instant = (micros: bigint) => Temporal.Instant.fromEpochNanoseconds(micros * 1000n);

/** Every way in which one window can be asked for. */
export function requestsOf(organization_id: string, subscription: string, one: Look): UsageRequest[] {
  const buckets = FILTERS[one.filters] as readonly EventBucket[];
  const metered = AGGREGATIONS.map(
    (aggregation_type): UsageRequest => ({
      organization_id,
      external_subscription_id: subscription,
      code: CODE,
      aggregation_type,
      field_name: aggregation_type === "count_agg" ? null : one.field,
      from: instant(one.from),
      to: instant(one.to),
      buckets,
      history: null,
      proration: null,
      weighted: aggregation_type === "weighted_sum_agg" ? { period_seconds: 5 * 86_400, history_before: null } : null,
      custom: null,
      up_to: null,
    }),
  );
  const history = { from: one.history === null ? null : instant(one.history) };
  const proration = { timezone: one.timezone, period_days: 31, billed_days: 4 };
  const recurring = metered.flatMap((request): UsageRequest[] => {
    const levels: CarriedLevel[] = [
      { bucket: 0, group: { region: "eu", cloud: null }, level: dec("2.5") },
      { bucket: 0, group: {}, level: dec(-3) },
    ];
    if (request.aggregation_type === "weighted_sum_agg") {
      const seconds = { period_seconds: 31 * 86_400 };
      const before = Temporal.Instant.fromEpochMilliseconds(request.from.epochMilliseconds - 1_000);
      return [
        { ...request, weighted: { ...seconds, levels } },
        { ...request, history, weighted: { ...seconds, history_before: before } },
      ];
    }
    if (request.aggregation_type !== "sum_agg" && request.aggregation_type !== "unique_count_agg") return [];
    return [
      { ...request, history },
      { ...request, history, proration },
    ];
  });
  return [...metered, ...recurring];
}

export function shown(usage: readonly (readonly GroupUsage[])[]) {
  return usage.map((groups) =>
    groups.map((one) => ({
      ...one,
      units: one.units.toFixed(),
      full_units: one.full_units?.toFixed() ?? null,
      total_aggregated_units: one.total_aggregated_units?.toFixed() ?? null,
      amount_cents: one.amount_cents.toFixed(),
      last_event_at: one.last_event_at?.toString() ?? null,
    })),
  );
}
