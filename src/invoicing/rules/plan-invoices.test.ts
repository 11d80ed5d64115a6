import assert from "node:assert/strict";
import { test } from "node:test";
import type { Plan } from "../../catalog/index.ts";
import type { BilledCustomer } from "../../customers/index.ts";
import { dec } from "../../kernel/decimal.ts";
import { type Subscription, termsOf, windowsAt } from "../../subscriptions/index.ts";
import type { DuePeriod } from "./due-periods.ts";
import { planInvoices, type RatedPeriod } from "./plan-invoices.ts";

const at = (text: string) => Temporal.Instant.from(text);
const NOW = at("2024-03-01T00:10:00Z");
const TODAY = Temporal.PlainDate.from("2024-03-01");

const ENTITY = {
  id: "entity-1",
  code: "e1",
  timezone: "UTC",
  document_numbering: "per_customer",
  document_number_prefix: "E",
} as const;

const CUSTOMER: BilledCustomer = {
  id: "customer",
  external_id: "c1",
  sequential_id: 1n,
  currency: "EUR",
  account_type: "customer",
  timezone: "UTC",
  net_payment_term: 0,
  invoice_grace_period: 0,
  issuing_date_anchor: "next_period_start",
  issuing_date_adjustment: "align_with_finalization_date",
  finalize_zero_amount_invoice: true,
  billing_entity: ENTITY,
};

const METRIC = {
  id: "metric",
  code: "calls",
  name: "Calls",
  description: null,
  aggregation_type: "count_agg",
  field_name: null,
  recurring: false,
  weighted_interval: null,
  rounding_function: null,
  rounding_precision: null,
  expression: null,
} as const;

const CHARGE = {
  id: "charge",
  code: "calls",
  charge_model: "standard",
  pay_in_advance: false,
  prorated: false,
  invoiceable: true,
  min_amount_cents: 0n,
  invoice_display_name: null,
  properties: { amount: "0.1" },
  billable_metric: METRIC,
} as const;

const PLAN: Plan = {
  id: "plan",
  code: "p",
  name: "P",
  invoice_display_name: null,
  description: null,
  interval: "monthly",
  amount_cents: 3000n,
  amount_currency: "EUR",
  pay_in_advance: false,
  trial_period: null,
  bill_charges_monthly: false,
  bill_fixed_charges_monthly: false,
  version_no: 1,
  charges: [CHARGE],
};

function subscriptionOf(id: string, change: Partial<Subscription> = {}): Subscription {
  const started = at("2024-01-01T00:00:00Z");
  return {
    id,
    ordinal: 1n,
    chain_id: id,
    customer_id: CUSTOMER.id,
    plan_id: PLAN.id,
    billing_entity_id: null,
    previous_subscription_id: null,
    external_id: id,
    name: null,
    status: "active",
    billing_time: "calendar",
    subscription_at: started,
    started_at: started,
    activated_at: started,
    ending_at: null,
    terminated_at: null,
    canceled_at: null,
    trial_ended_at: null,
    on_termination_credit_note: null,
    on_termination_invoice: "generate",
    progressive_billing_disabled: false,
    consolidate_invoice: true,
    purchase_order_number: null,
    created_at: started,
    updated_at: started,
    ...change,
  };
}

interface Case {
  readonly subscription?: Partial<Subscription>;
  readonly plan?: Partial<Plan>;
  readonly period?: Partial<DuePeriod>;
  readonly units?: number;
  readonly day?: string;
}

function due(id: string, { subscription, plan, period, units = 5, day = "2024-03-01" }: Case = {}): RatedPeriod {
  const link = subscriptionOf(id, subscription);
  const priced = { ...PLAN, ...plan };
  const terms = termsOf(link, priced, CUSTOMER.timezone);
  const local = Temporal.PlainDate.from(day);
  return {
    period: {
      subscription: link,
      customer: CUSTOMER,
      plan: priced,
      billing_entity: ENTITY,
      terms,
      reason: "subscription_periodic",
      day: local,
      timestamp: NOW,
      windows: windowsAt(terms, local),
      bills_subscription_fee: true,
      bills_charges: true,
      ...period,
    },
    usage: [{ charge: CHARGE, usage: { units: dec(units), events_count: units }, series: null }],
  };
}

const idsOf = (invoices: ReturnType<typeof planInvoices>) =>
  invoices.map(({ periods }) => periods.map(({ subscription }) => subscription.id));

test("what shares currency, entity and purchase order number shares an invoice, in the order of the subscriptions", () => {
  const other = { ...ENTITY, id: "entity-2" };
  const invoices = planInvoices(
    CUSTOMER,
    [
      due("a"),
      due("b", { plan: { amount_currency: "USD" } }),
      due("c"),
      due("d", { subscription: { consolidate_invoice: false } }),
      due("e", { subscription: { purchase_order_number: "PO-1" } }),
      due("f", { period: { billing_entity: other } }),
      due("g", { subscription: { purchase_order_number: "PO-1" } }),
      due("h", { subscription: { consolidate_invoice: false } }),
    ],
    TODAY,
  );
  assert.deepEqual(idsOf(invoices), [["a", "c"], ["b"], ["d"], ["e", "g"], ["f"], ["h"]]);
  assert.equal(invoices[3]?.purchase_order_number, "PO-1");
  assert.equal(invoices[1]?.currency, "USD");
});

test("each missed day is an invoice of its own, the oldest first, all issued on the day of the run", () => {
  const invoices = planInvoices(
    CUSTOMER,
    [due("a", { day: "2024-02-01" }), due("a"), due("b", { day: "2024-02-01" }), due("b")],
    TODAY,
  );
  assert.deepEqual(idsOf(invoices), [
    ["a", "b"],
    ["a", "b"],
  ]);
  const froms = invoices.map(({ periods }) => periods[0]?.windows.subscription.from.toString());
  assert.deepEqual(froms, ["2024-01-01T00:00:00Z", "2024-02-01T00:00:00Z"]);
  for (const { dates } of invoices) assert.equal(dates.issuing_date.toString(), "2024-03-01");
});

test("fees stand in the contract's order and add up to the invoice", () => {
  const [invoice] = planInvoices(CUSTOMER, [due("a"), due("b", { units: 7 })], TODAY);
  const fees = invoice?.periods.flatMap((period) => period.fees) ?? [];
  assert.deepEqual(
    fees.map(({ fee_type, amount_cents }) => [fee_type, amount_cents]),
    [
      ["subscription", 3000n],
      ["charge", 50n],
      ["subscription", 3000n],
      ["charge", 70n],
    ],
  );
  assert.equal(invoice?.totals.total_amount_cents, 6120n);
});

test("a charge without usage leaves no fee, and a fee that is not due is not there", () => {
  const [invoice] = planInvoices(CUSTOMER, [due("a", { units: 0, period: { bills_subscription_fee: false } })], TODAY);
  assert.deepEqual(invoice?.periods[0]?.fees, []);
  assert.equal(invoice?.status, "finalized");
  const [closed] = planInvoices(
    { ...CUSTOMER, finalize_zero_amount_invoice: false },
    [due("a", { units: 0, plan: { amount_cents: 0n } })],
    TODAY,
  );
  assert.equal(closed?.status, "closed");
});
