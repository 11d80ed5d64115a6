/** What the tests of invoices share: a customer on a monthly plan, billed on 1 March 2024. */
import type { Plan } from "../../catalog/index.ts";
import type { BilledCustomer } from "../../customers/index.ts";
import { type Subscription, termsOf, windowsAt } from "../../subscriptions/index.ts";
import { chargeOf, chargeUsage } from "../usage/testing.ts";
import type { RatedPeriod } from "./charge-fees.ts";
import type { DuePeriod } from "./due-periods.ts";

export const at = (text: string) => Temporal.Instant.from(text);
export const NOW = at("2024-03-01T00:10:00Z");

export const ENTITY = {
  id: "entity-1",
  code: "e1",
  timezone: "UTC",
  document_numbering: "per_customer",
  document_number_prefix: "E",
} as const;

export const CUSTOMER: BilledCustomer = {
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

export const CHARGE = chargeOf("standard", { amount: "0.1" }, { aggregation_type: "count_agg", field_name: null });

export const PLAN: Plan = {
  id: "plan",
  parent_id: null,
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
  fixed_charges: [],
  minimum_commitment: null,
  usage_thresholds: [],
  applicable_usage_thresholds: [],
};

export function subscriptionOf(id: string, change: Partial<Subscription> = {}): Subscription {
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
    trial_ends_at: null,
    trial_ended_at: null,
    terminated_by: null,
    bills_start: true,
    cancellation_reason: null,
    activation_rules: [],
    pauses: [],
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

export interface Case {
  readonly subscription?: Partial<Subscription>;
  readonly plan?: Partial<Plan>;
  readonly period?: Partial<DuePeriod>;
  readonly units?: number;
  readonly day?: string;
}

export function due(id: string, { subscription, plan, period, units = 5, day = "2024-03-01" }: Case = {}): RatedPeriod {
  const link = subscriptionOf(id, subscription);
  const priced = { ...PLAN, ...plan };
  const terms = termsOf(link, priced, CUSTOMER.timezone);
  const local = Temporal.PlainDate.from(day);
  return {
    period: {
      subscription: link,
      customer: CUSTOMER,
      plan: priced,
      successor_plan: null,
      billing_entity: ENTITY,
      terms,
      reason: "subscription_periodic",
      day: local,
      timestamp: NOW,
      windows: windowsAt(terms, local),
      occasion: "periodic",
      usage_until: null,
      bills_subscription_fee: true,
      bills_charges: true,
      bills_fixed_charges: false,
      ahead: null,
      closes_period: true,
      ...period,
    },
    billed_before: null,
    fixed_charges: null,
    usage: priced.charges.map((charge) => chargeUsage(charge, units === 0 ? [] : [{ filter: "default", units }])),
  };
}
