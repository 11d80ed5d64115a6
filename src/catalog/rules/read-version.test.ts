import assert from "node:assert/strict";
import { test } from "node:test";
import { dec } from "../../kernel/decimal.ts";
import { chargeBuckets } from "./charge-buckets.ts";
import { contentOf } from "./plan-version.ts";
import { namedBy, readVersion } from "./read-version.ts";

const METRIC = {
  id: "m1",
  code: "calls",
  name: "Calls",
  description: null,
  aggregation_type: "sum_agg",
  field_name: "n",
  recurring: false,
  weighted_interval: null,
  rounding_function: "ceil",
  rounding_precision: 2,
  expression: null,
  custom_aggregator: null,
  filters: [{ key: "region", values: ["eu", "us"] }],
  created_at: Temporal.Instant.from("2024-01-01T00:00:00Z"),
} as const;

const CHARGE = {
  id: "c1",
  plan_id: "p1",
  parent_id: null,
  code: "calls",
  charge_model: "standard",
  pay_in_advance: false,
  prorated: false,
  invoiceable: true,
  regroup_paid_fees: null,
  accepts_target_wallet: false,
  min_amount_cents: 12_345_678_901_234n,
  invoice_display_name: "Calls of the API",
  properties: { amount: "0.000000000000001" },
  filters: [
    {
      id: "f1",
      ordinal: 7n,
      invoice_display_name: "All",
      properties: { amount: "2" },
      values: { region: ["__ALL_FILTER_VALUES__"] },
    },
  ],
  applied_pricing_unit: {
    pricing_unit_id: "u1",
    code: "cr",
    short_name: "CR",
    conversion_rate: dec("0.123456789012345"),
  },
  billable_metric: METRIC,
  created_at: METRIC.created_at,
} as const;

type StoredPlan = Parameters<typeof contentOf>[0];

const PLAN = {
  id: "p1",
  interval: "monthly",
  amount_cents: 1_000n,
  amount_currency: "EUR",
  pay_in_advance: false,
  trial_period: 2.5,
  bill_charges_monthly: false,
  bill_fixed_charges_monthly: false,
  charges: [CHARGE],
  fixed_charges: [],
  minimum_commitment: { id: "mc1", amount_cents: 9n },
} as unknown as StoredPlan;

test("what a version keeps prices as the plan did, with the names of today", () => {
  const content = JSON.parse(contentOf(PLAN).text);
  assert.deepEqual(namedBy(content), { metrics: ["m1"], charges: ["c1"], filters: ["f1"] });
  const version = readVersion({ plan_id: "p1", no: 3 }, content, {
    metrics: new Map([["m1", { ...METRIC, name: "Renamed", rounding_precision: 0 }]]),
    charges: new Map([["c1", "Now called so"]]),
    filters: new Map([["f1", null]]),
  });
  const [charge] = version.charges;
  assert.deepEqual(
    [version.amount_cents, version.trial_period, version.minimum_commitment?.amount_cents],
    [1_000n, 2.5, 9n],
  );
  assert.deepEqual(
    [charge?.invoice_display_name, charge?.billable_metric.name, charge?.billable_metric.rounding_precision],
    ["Now called so", "Renamed", 2],
  );
  assert.equal(charge?.min_amount_cents, CHARGE.min_amount_cents);
  assert.equal(charge?.applied_pricing_unit?.conversion_rate.toFixed(), "0.123456789012345");
  assert.deepEqual(charge?.properties, CHARGE.properties);
  const [bucket] = chargeBuckets(charge ?? CHARGE);
  assert.deepEqual([bucket?.conditions, bucket?.filter?.ordinal], [{ region: ["eu", "us"] }, 7n]);
});
