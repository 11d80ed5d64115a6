/** Simulations as the API shows them: invoices and fees as they would be, without what only a stored one has. */
import type { Charge, FixedCharge, Plan } from "../../catalog/index.ts";
import { round, ZERO } from "../../kernel/decimal.ts";
import { toSeconds, toSecondsOrNull } from "../../kernel/wire.ts";
import { storedUnit } from "../billing/insert-fees.ts";
import { presentFee, shownEnd } from "../fees/present.ts";
import type { BilledPeriod, FeeRow, PlannedFee, PlannedInvoice } from "../model.ts";
import type { Assumption, SimulatedInvoice, Simulation } from "./model.ts";

type Json = Record<string, unknown>;

export function presentSimulation(
  { subscription, invoices, stopped_by, simulated_until }: Simulation,
  usage: Assumption["kind"],
  { is_named, currency }: { readonly is_named: boolean; readonly currency: string },
): Json {
  const sum = (read: (invoice: PlannedInvoice) => bigint) =>
    invoices.reduce((total, { invoice }) => total + read(invoice), 0n);
  return {
    external_subscription_id: is_named ? subscription.external_id : null,
    usage,
    invoices: invoices.map(presentInvoice),
    totals: {
      invoices_count: invoices.length,
      currency,
      fees_amount_cents: sum(({ totals }) => totals.fees_amount_cents),
      taxes_amount_cents: sum(({ totals }) => totals.taxes_amount_cents),
      total_amount_cents: sum(({ totals }) => totals.total_amount_cents),
    },
    simulated_until: toSeconds(simulated_until),
    stopped_by,
  };
}

function presentInvoice({ at, invoice }: SimulatedInvoice): Json {
  const { customer, dates, totals, periods } = invoice;
  return {
    billing_entity_code: invoice.billing_entity.code,
    issuing_date: dates.issuing_date.toString(),
    payment_due_date: dates.payment_due_date.toString(),
    expected_finalization_date: dates.expected_finalization_date.toString(),
    net_payment_term: customer.net_payment_term,
    invoice_type: "subscription",
    currency: invoice.currency,
    ...totals,
    purchase_order_number: invoice.purchase_order_number,
    self_billed: customer.account_type === "partner",
    created_at: toSeconds(at),
    billing_periods: periods.map(presentPeriod),
    fees: periods.flatMap((period) => period.fees.map((fee) => presentPlanned(fee, period, invoice, at))),
  };
}

function presentPeriod({ subscription, plan, windows, reason }: BilledPeriod): Json {
  const { subscription: own, charges, fixed_charges } = windows;
  return {
    external_subscription_id: subscription.external_id,
    plan_code: plan.code,
    subscription_from_datetime: toSeconds(own.from),
    subscription_to_datetime: shownEnd(own.from, own.to),
    charges_from_datetime: toSecondsOrNull(charges?.from ?? null),
    charges_to_datetime: shownEnd(charges?.from ?? null, charges?.to ?? null),
    fixed_charges_from_datetime: toSecondsOrNull(fixed_charges?.from ?? null),
    fixed_charges_to_datetime: shownEnd(fixed_charges?.from ?? null, fixed_charges?.to ?? null),
    invoicing_reason: reason,
  };
}

/** Decimals that the columns of a stored one have. */
const PRECISE_PLACES = 15;

const NOT_STORED = {
  ...{ organization_id: "", id: "", ordinal: 0n, invoice_id: null, deleted_at: null, group_hash: "" },
  ...{ true_up_parent_fee_id: null, true_up_fee_id: null, taxes_amount_cents: 0n },
  ...{ taxes_precise_amount_cents: ZERO, taxes_rate: ZERO, precise_coupons_amount_cents: ZERO },
  ...{ description: null, payment_status: "pending", succeeded_at: null, failed_at: null, refunded_at: null },
} as const;

/** The names that a fee is shown under. */
function namesOf(plan: Plan, charge: Charge | undefined, fixed: FixedCharge | undefined, fee: PlannedFee) {
  const metric = charge?.billable_metric;
  const filter = charge?.filters.find(({ id }) => id === fee.charge_filter_id) ?? null;
  return {
    charge_display_name: charge?.invoice_display_name ?? null,
    filter_values: filter?.values ?? null,
    filter_display_name: filter?.invoice_display_name ?? null,
    metric_code: metric?.code ?? null,
    metric_name: metric?.name ?? null,
    metric_description: metric?.description ?? null,
    fixed_charge_display_name: fixed?.invoice_display_name ?? null,
    add_on_id: fixed?.add_on.id ?? null,
    add_on_code: fixed?.add_on.code ?? null,
    add_on_name: fixed?.add_on.name ?? null,
    add_on_description: fixed?.add_on.description ?? null,
    add_on_display_name: fixed?.add_on.invoice_display_name ?? null,
    plan_code: plan.code,
    plan_name: plan.name,
    plan_description: plan.description,
    plan_display_name: plan.invoice_display_name,
  };
}

const ITEM_KEYS = [
  ...["type", "code", "name", "description", "invoice_display_name", "filters", "filter_invoice_display_name"],
  ...["item_type", "grouped_by"],
];
const FEE_KEYS = [
  ...["external_subscription_id", "pay_in_advance", "invoiceable", "amount_cents", "amount_currency", "precise_amount"],
  ...["precise_total_amount", "taxes_amount_cents", "taxes_precise_amount", "taxes_rate", "total_aggregated_units"],
  ...["total_amount_cents", "total_amount_currency", "units", "precise_unit_amount", "events_count", "amount_details"],
  ...["pricing_unit_details", "presentation_breakdowns", "from_date", "to_date"],
];
const kept = (json: Json, keys: readonly string[]): Json => Object.fromEntries(keys.map((key) => [key, json[key]]));

/** Shown as a stored fee is, but for the ids: those of a proposal name nothing. */
function presentPlanned(
  fee: PlannedFee,
  { subscription, plan }: BilledPeriod,
  { customer }: PlannedInvoice,
  at: Temporal.Instant,
): Json {
  const charge = plan.charges.find(({ id }) => id === fee.charge_id);
  const fixed = plan.fixed_charges.find(({ id }) => id === fee.fixed_charge_id);
  const row: FeeRow = {
    ...NOT_STORED,
    ...{ subscription_id: subscription.id, customer_id: customer.id, plan_id: plan.id },
    ...{ plan_version_no: plan.version_no, amount_currency: plan.amount_currency },
    ...fee,
    precise_amount_cents: round(fee.precise_amount_cents, PRECISE_PLACES),
    precise_unit_amount: round(fee.precise_unit_amount, PRECISE_PLACES),
    is_regrouped: fee.is_regrouped ?? false,
    fixed_charge_id: fee.fixed_charge_id ?? null,
    presentation_breakdowns: fee.breakdowns.map(({ presentation_by, units }) => ({
      presentation_by,
      units: units.toFixed(),
    })),
    pricing_unit: fee.pricing_unit === null ? null : storedUnit(fee.pricing_unit),
    invoice_display_name: fee.invoice_display_name ?? null,
    ...{ from_at: fee.from, to_at: fee.to, created_at: at, updated_at: at },
    event_transaction_id: null,
    self_billed: customer.account_type === "partner",
    external_subscription_id: subscription.external_id,
    external_customer_id: customer.external_id,
    ...namesOf(plan, charge, fixed, fee),
  };
  const shown = presentFee(row);
  return {
    item: kept(shown.item as Json, ITEM_KEYS),
    charge_code: charge?.code ?? null,
    fixed_charge_code: fixed?.code ?? null,
    ...kept(shown, FEE_KEYS),
  };
}
