/** What the tests of usage share: charges, usage from plain figures, and a customer's story told over the API. */
import {
  type AppliedPricingUnit,
  type BillableMetric,
  type Charge,
  type ChargeBucket,
  type ChargeFilter,
  chargeBuckets,
} from "../../catalog/index.ts";
import { type Dec, dec, ZERO } from "../../kernel/decimal.ts";
import type { Group, GroupUsage } from "../../metering/index.ts";
import type { Client, TestServer } from "../../testing/server.ts";
import type { ChargeUsage, GroupedUsage, UsageBucket } from "./model.ts";
import { INVOICE_VIEW } from "./views.ts";

const METRIC: BillableMetric = {
  id: "019ff000-0000-7000-8000-000000000002",
  code: "calls",
  name: "Calls",
  description: null,
  aggregation_type: "sum_agg",
  field_name: "value",
  recurring: false,
  weighted_interval: null,
  rounding_function: null,
  rounding_precision: null,
  expression: null,
  custom_aggregator: null,
  filters: [],
  created_at: Temporal.Instant.from("2024-01-01T00:00:00Z"),
};

export function chargeOf(
  charge_model: Charge["charge_model"],
  properties: Charge["properties"],
  metric: Partial<BillableMetric> = {},
  terms: Partial<Charge> = {},
): Charge {
  return {
    id: "019ff000-0000-7000-8000-000000000001",
    parent_id: null,
    code: "calls",
    charge_model,
    pay_in_advance: false,
    prorated: false,
    invoiceable: true,
    regroup_paid_fees: null,
    accepts_target_wallet: false,
    min_amount_cents: 0n,
    invoice_display_name: null,
    properties,
    filters: [],
    applied_pricing_unit: null,
    billable_metric: { ...METRIC, ...metric },
    ...terms,
  };
}

export function filterOf(
  ordinal: number,
  values: ChargeFilter["values"],
  properties: ChargeFilter["properties"],
): ChargeFilter {
  const id = `019ff000-0000-7000-8000-0000000001${String(ordinal).padStart(2, "0")}`;
  return { id, ordinal: BigInt(ordinal), invoice_display_name: null, properties, values };
}

export function creditsOf(conversion_rate: string): AppliedPricingUnit {
  return {
    pricing_unit_id: "019ff000-0000-7000-8000-0000000000f0",
    code: "credits",
    short_name: "CR",
    conversion_rate: dec(conversion_rate),
  };
}

export function groupUsage(units: string | number | Dec, events_count = 1, rest: Partial<GroupUsage> = {}): GroupUsage {
  return {
    group: {},
    units: dec(units),
    full_units: null,
    total_aggregated_units: null,
    events_count,
    amount_cents: ZERO,
    custom_amount: null,
    last_event_at: null,
    ...rest,
  };
}

export function grouped(usage: GroupUsage, rest: Partial<GroupedUsage> = {}): GroupedUsage {
  return { usage, series: null, pairs: null, breakdowns: [], ...rest };
}

const bucketOf = (charge: Charge, filterId: string | null): ChargeBucket => {
  const found = chargeBuckets(charge).find(({ filter }) => (filter?.id ?? null) === filterId);
  if (found === undefined) throw new Error("the charge has no such bucket");
  return found;
};

/** Usage of the default bucket alone. */
export function used(charge: Charge, units: string | number, events_count = 1, rest: Partial<GroupedUsage> = {}) {
  return { charge, bucket: bucketOf(charge, null), used: grouped(groupUsage(units, events_count), rest) };
}

/** Units by filter (by its index, or "default") and group. */
export function chargeUsage(
  charge: Charge,
  units: readonly { readonly filter: number | "default"; readonly group?: Group; readonly units: string | number }[],
): ChargeUsage {
  const places = [...charge.filters.keys(), "default" as const];
  return {
    charge,
    buckets: places.map((place) => {
      const own = units.filter(({ filter }) => filter === place);
      const bucket = bucketOf(charge, place === "default" ? null : (charge.filters[place]?.id ?? null));
      const groups = own.map(({ units: some, group = {} }) => grouped(groupUsage(some, 1, { group })));
      return { bucket, groups: groups.length > 0 ? groups : [grouped(groupUsage(0, 0))] };
    }),
  };
}

export function usageBucket(charges: readonly Charge[], rest: Partial<UsageBucket> = {}): UsageBucket {
  const instant = Temporal.Instant.from;
  return {
    organization_id: "019ff000-0000-7000-8000-00000000000a",
    external_subscription_id: "s1",
    subscription_id: "019ff000-0000-7000-8000-00000000000b",
    chain_id: "019ff000-0000-7000-8000-00000000000c",
    has_predecessor: false,
    window: { from: instant("2024-03-01T00:00:00Z"), to: instant("2024-04-01T00:00:00Z") },
    timezone: "UTC",
    period_days: 31,
    billed_days: 31,
    charges,
    view: INVOICE_VIEW,
    ...rest,
  };
}

export interface Story {
  readonly client: Client;
  /** Sends an event of the metric now, or at a moment of its own. */
  send(code: string, properties?: Record<string, unknown>, at?: string): Promise<void>;
  /** Runs the billing of a moment; the charge fees of its invoice. */
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever the route answers
  bill(at: string): Promise<any[]>;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever the route answers
  usage(query?: string): Promise<any>;
}

export interface MetricInput {
  readonly code: string;
  readonly aggregation_type: string;
  readonly name?: string;
  readonly [field: string]: unknown;
}

export interface ChargeInput {
  readonly metric: string;
  readonly charge_model: string;
  readonly properties: Record<string, unknown>;
  readonly [field: string]: unknown;
}

export interface StoryTerms {
  readonly customer?: object;
  readonly plan?: object;
  /** When the subscription starts, and the clock stands. */
  readonly start?: string;
}

/** A customer on a monthly plan since 5 March 2024, 10:00 UTC, the clock on the 10th; or since `start`. */
export async function tellStory(
  server: TestServer,
  metrics: readonly MetricInput[],
  charges: readonly ChargeInput[],
  { customer = {}, plan = {}, start }: StoryTerms = {},
): Promise<Story> {
  const client = await server.organization();
  await client.at(start ?? "2024-03-05T10:00:00Z");
  const ids = new Map<string, string>();
  for (const { code, name = code, ...metric } of metrics) {
    const field_name = metric.aggregation_type === "count_agg" ? null : "value";
    const body = { billable_metric: { code, name, field_name, ...metric } };
    ids.set(code, (await client.must("POST", "/billable_metrics", body)).billable_metric.lago_id);
  }
  await client.must("POST", "/customers", { customer: { external_id: "c1", currency: "EUR", ...customer } });
  await client.must("POST", "/plans", {
    plan: {
      code: "p",
      name: "Plan",
      interval: "monthly",
      amount_cents: 0,
      amount_currency: "EUR",
      pay_in_advance: false,
      charges: charges.map(({ metric, ...charge }) => ({ billable_metric_id: ids.get(metric), ...charge })),
      ...plan,
    },
  });
  const subscription = { external_customer_id: "c1", external_id: "s1", plan_code: "p" };
  await client.must("POST", "/subscriptions", { subscription });
  if (start === undefined) await client.at("2024-03-10T00:00:00Z");
  let sent = 0;
  return {
    client,
    async send(code, properties = {}, at = "2024-03-10T00:00:00Z") {
      const timestamp = (Temporal.Instant.from(at).epochMilliseconds / 1000).toString();
      const event = { transaction_id: `t${++sent}`, external_subscription_id: "s1", code, timestamp, properties };
      await client.must("POST", "/events", { event });
    },
    async bill(at) {
      await client.at(at);
      await client.run("billing");
      const { invoices } = await client.must("GET", "/invoices?external_customer_id=c1");
      const { invoice } = await client.must("GET", `/invoices/${invoices[0].lago_id}`);
      return invoice.fees.filter(({ item }: { item: { type: string } }) => item.type === "charge");
    },
    usage: async (query = "") =>
      (await client.must("GET", `/customers/c1/current_usage?external_subscription_id=s1${query}`)).customer_usage,
  };
}

/** `tellStory` with the server that a test file started. */
export type Telling = (
  metrics: readonly MetricInput[],
  charges: readonly ChargeInput[],
  terms?: StoryTerms,
) => Promise<Story>;
