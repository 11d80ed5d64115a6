/** A version of a plan as it was kept: rule by rule the reverse of what plan-version.ts writes. Pure. */
import { dec } from "../../kernel/decimal.ts";
import type {
  AppliedPricingUnit,
  BillableMetric,
  Charge,
  ChargeFilter,
  ChargeProperties,
  FixedCharge,
  Interval,
  MinimumCommitment,
  Plan,
} from "../model.ts";

/** A plan as it priced at one time. */
export interface PlanVersion
  extends Pick<
    Plan,
    | "interval"
    | "amount_cents"
    | "amount_currency"
    | "pay_in_advance"
    | "trial_period"
    | "bill_charges_monthly"
    | "bill_fixed_charges_monthly"
    | "charges"
  > {
  readonly plan_id: string;
  readonly no: number;
  readonly fixed_charges: readonly Pick<
    FixedCharge,
    "id" | "code" | "charge_model" | "units" | "pay_in_advance" | "prorated" | "properties"
  >[];
  readonly minimum_commitment: Pick<MinimumCommitment, "id" | "amount_cents"> | null;
}

/** What does not price is not kept with a version: it is as it is today. By id. */
export interface VersionNames {
  readonly metrics: ReadonlyMap<string, BillableMetric>;
  readonly charges: ReadonlyMap<string, string | null>;
  readonly filters: ReadonlyMap<string, string | null>;
}

type Kept<T, Rest> = Omit<T, keyof Rest> & Rest;

type KeptMetric = Omit<BillableMetric, "name" | "description" | "filters" | "created_at">;

type KeptCharge = Kept<
  Omit<Charge, "parent_id" | "invoice_display_name">,
  {
    readonly min_amount_cents: string;
    readonly filters: readonly {
      readonly id: string;
      readonly ordinal: string;
      readonly properties: ChargeProperties;
      readonly values: ChargeFilter["values"];
    }[];
    readonly applied_pricing_unit: Kept<AppliedPricingUnit, { readonly conversion_rate: string }> | null;
    readonly billable_metric: KeptMetric;
  }
>;

export interface KeptContent {
  readonly interval: Interval;
  readonly amount_cents: string;
  readonly amount_currency: string;
  readonly pay_in_advance: boolean;
  readonly trial_period: number | null;
  readonly bill_charges_monthly: boolean;
  readonly bill_fixed_charges_monthly: boolean;
  readonly charges: readonly KeptCharge[];
  readonly fixed_charges?: readonly Kept<
    Pick<FixedCharge, "id" | "code" | "charge_model" | "units" | "pay_in_advance" | "prorated" | "properties">,
    { readonly units: string }
  >[];
  readonly minimum_commitment?: { readonly id: string; readonly amount_cents: string } | null;
}

export function readVersion(
  { plan_id, no }: Pick<PlanVersion, "plan_id" | "no">,
  content: KeptContent,
  names: VersionNames,
): PlanVersion {
  const { minimum_commitment: commitment } = content;
  return {
    plan_id,
    no,
    interval: content.interval,
    amount_cents: BigInt(content.amount_cents),
    amount_currency: content.amount_currency,
    pay_in_advance: content.pay_in_advance,
    trial_period: content.trial_period,
    bill_charges_monthly: content.bill_charges_monthly,
    bill_fixed_charges_monthly: content.bill_fixed_charges_monthly,
    charges: content.charges.map((charge) => chargeOf(charge, names)),
    fixed_charges: (content.fixed_charges ?? []).map((charge) => ({ ...charge, units: dec(charge.units) })),
    minimum_commitment: commitment ? { id: commitment.id, amount_cents: BigInt(commitment.amount_cents) } : null,
  };
}

function chargeOf(charge: KeptCharge, names: VersionNames): Charge {
  const { billable_metric, applied_pricing_unit: unit } = charge;
  const metric = names.metrics.get(billable_metric.id);
  if (metric === undefined) throw new Error(`charge ${charge.id} has no metric`);
  return {
    ...charge,
    parent_id: null,
    invoice_display_name: names.charges.get(charge.id) ?? null,
    min_amount_cents: BigInt(charge.min_amount_cents),
    filters: charge.filters.map((filter) => ({
      ...filter,
      ordinal: BigInt(filter.ordinal),
      invoice_display_name: names.filters.get(filter.id) ?? null,
    })),
    applied_pricing_unit: unit && { ...unit, conversion_rate: dec(unit.conversion_rate) },
    billable_metric: { ...metric, ...billable_metric },
  };
}

/** Whose names a version needs. */
export function namedBy({ charges }: KeptContent) {
  return {
    metrics: charges.map(({ billable_metric }) => billable_metric.id),
    charges: charges.map(({ id }) => id),
    filters: charges.flatMap(({ filters }) => filters.map(({ id }) => id)),
  };
}
