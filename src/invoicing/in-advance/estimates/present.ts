/** Estimates as the API shows them: fees that do not exist (3.8 of the metering spec). Pure. */
import { DecimalText, nullable, t, Uuid } from "../../../http/schemas.ts";
import { dec, toWire, ZERO } from "../../../kernel/decimal.ts";
import { inMajorUnits, subunitsOf } from "../../../kernel/money.ts";
import { storedUnit } from "../../billing/insert-fees.ts";
import { filterName, presentFee } from "../../fees/present.ts";
import { FeeAnswer } from "../../fees/schemas.ts";
import type { FeeRow } from "../../model.ts";
import { feeAmounts } from "../../rules/fee-amounts.ts";
import type { EventFee } from "../rules/event-fees.ts";
import type { InstantFee } from "./service.ts";

const Absent = t.Null();

export const EstimatedFeeAnswer = t.Object({
  ...FeeAnswer.properties,
  lago_id: Absent,
  created_at: Absent,
  amount_details: Absent,
});

/** The names that a fee is shown under. */
function namesOf({ charging }: EventFee) {
  const { charge, facts, buckets, index } = charging;
  const { billable_metric: metric } = charge;
  const filter = buckets[index]?.filter ?? null;
  return {
    external_subscription_id: facts.subscription.external_id,
    external_customer_id: facts.customer.external_id,
    charge_display_name: charge.invoice_display_name,
    filter_values: filter?.values ?? null,
    filter_display_name: filter?.invoice_display_name ?? null,
    metric_code: metric.code,
    metric_name: metric.name,
    metric_description: metric.description,
  };
}

const NO_FIXED_CHARGE = {
  fixed_charge_id: null,
  fixed_charge_display_name: null,
  ...{ add_on_id: null, add_on_code: null, add_on_name: null, add_on_description: null, add_on_display_name: null },
};

/** As a fee of its own that was just made; its details are none of an estimate's. */
export function presentEstimate(estimate: EventFee, now: Temporal.Instant) {
  const { charging, fee } = estimate;
  const { subscription, plan, customer } = charging.facts;
  const row: FeeRow = {
    ...{ organization_id: "", id: "", ordinal: 0n, invoice_id: null, deleted_at: null },
    ...{ subscription_id: subscription.id, customer_id: subscription.customer_id, plan_id: plan.id },
    ...{ plan_version_no: plan.version_no, true_up_parent_fee_id: null, true_up_fee_id: null, group_hash: "" },
    ...fee,
    ...{
      amount_currency: plan.amount_currency,
      taxes_amount_cents: 0n,
      taxes_precise_amount_cents: ZERO,
      taxes_rate: ZERO,
    },
    ...NO_FIXED_CHARGE,
    ...{ precise_coupons_amount_cents: ZERO, presentation_breakdowns: [], is_regrouped: false },
    pricing_unit: fee.pricing_unit === null ? null : storedUnit(fee.pricing_unit),
    ...{ invoice_display_name: null, description: null, from_at: fee.from, to_at: fee.to, payment_status: "pending" },
    ...{ succeeded_at: null, failed_at: null, refunded_at: null, created_at: now, updated_at: now },
    event_transaction_id: charging.event.transaction_id,
    self_billed: customer.account_type === "partner",
    ...namesOf(estimate),
    ...{ plan_code: plan.code, plan_name: plan.name, plan_description: null, plan_display_name: null },
  };
  return { ...presentFee(row), lago_id: null, created_at: null, amount_details: null };
}

/** Decimals where a fee has integers, and the unit's price in minor units: so the contract has it. */
export const InstantFeeAnswer = t.Object({
  lago_id: Absent,
  lago_charge_id: Uuid,
  lago_charge_filter_id: nullable(Uuid),
  lago_invoice_id: Absent,
  lago_true_up_fee_id: Absent,
  lago_true_up_parent_fee_id: Absent,
  lago_subscription_id: Uuid,
  external_subscription_id: t.String(),
  lago_customer_id: Uuid,
  external_customer_id: t.String(),
  item: FeeAnswer.properties.item,
  pay_in_advance: t.Boolean(),
  invoiceable: t.Boolean(),
  amount_cents: DecimalText,
  amount_currency: t.String(),
  precise_amount: DecimalText,
  precise_total_amount: DecimalText,
  taxes_amount_cents: t.Integer(),
  taxes_precise_amount: t.Number(),
  taxes_rate: t.Number(),
  total_amount_cents: DecimalText,
  total_amount_currency: t.String(),
  units: DecimalText,
  description: Absent,
  precise_unit_amount: DecimalText,
  precise_coupons_amount_cents: DecimalText,
  events_count: t.Integer(),
  payment_status: t.Literal("pending"),
  created_at: Absent,
  succeeded_at: Absent,
  failed_at: Absent,
  refunded_at: Absent,
  amount_details: Absent,
  event_transaction_id: t.String(),
});

export function presentInstantFee({ facts, charge, bucket, transaction_id, units, amount }: InstantFee) {
  const { amount_currency: currency } = facts.plan;
  const { billable_metric: metric } = charge;
  const { filter } = bucket;
  const unit_amount = units.eq(0) ? ZERO : amount.div(units);
  const amounts = feeAmounts({ amount, unit_amount }, currency, charge.applied_pricing_unit);
  const cents = toWire(dec(amounts.amount_cents));
  const precise = toWire(inMajorUnits(amounts.precise_amount_cents, currency));
  return {
    lago_id: null,
    lago_charge_id: charge.id,
    lago_charge_filter_id: filter?.id ?? null,
    ...{ lago_invoice_id: null, lago_true_up_fee_id: null, lago_true_up_parent_fee_id: null },
    lago_subscription_id: facts.subscription.id,
    external_subscription_id: facts.subscription.external_id,
    lago_customer_id: facts.customer.id,
    external_customer_id: facts.customer.external_id,
    item: {
      ...{ type: "charge", code: metric.code, name: metric.name, description: metric.description },
      invoice_display_name: charge.invoice_display_name ?? metric.name,
      filters: filter?.values ?? null,
      filter_invoice_display_name: filterName({
        filter_values: filter?.values ?? null,
        filter_display_name: filter?.invoice_display_name ?? null,
      }),
      ...{ lago_item_id: metric.id, item_type: "BillableMetric", grouped_by: {} },
    },
    pay_in_advance: true,
    invoiceable: charge.invoiceable,
    amount_cents: cents,
    amount_currency: currency,
    precise_amount: precise,
    precise_total_amount: precise,
    ...{ taxes_amount_cents: 0, taxes_precise_amount: 0, taxes_rate: 0 },
    total_amount_cents: cents,
    total_amount_currency: currency,
    units: toWire(units),
    description: null,
    precise_unit_amount: toWire(amounts.precise_unit_amount.times(subunitsOf(currency))),
    precise_coupons_amount_cents: toWire(ZERO),
    events_count: 1,
    payment_status: "pending",
    ...{ created_at: null, succeeded_at: null, failed_at: null, refunded_at: null, amount_details: null },
    event_transaction_id: transaction_id,
  };
}
