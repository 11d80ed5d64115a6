/** What belongs to a plan beside its charges, as API JSON. */
import { toWire } from "../kernel/decimal.ts";
import { toSeconds } from "../kernel/wire.ts";
import type { UsageThreshold } from "./model.ts";
import type { StoredFixedCharge, StoredPlan } from "./stored.ts";

/** `units`: what a subscription has of its own, where that is asked for. */
export function presentFixedCharge(charge: StoredFixedCharge, units = charge.units) {
  return {
    lago_id: charge.id,
    lago_add_on_id: charge.add_on.id,
    code: charge.code,
    invoice_display_name: charge.invoice_display_name,
    add_on_code: charge.add_on.code,
    created_at: toSeconds(charge.created_at),
    charge_model: charge.charge_model,
    pay_in_advance: charge.pay_in_advance,
    prorated: charge.prorated,
    properties: charge.properties,
    units: toWire(units),
    lago_parent_id: charge.parent_id,
    taxes: [],
  };
}

/** The key is absent where there is no commitment. */
export function presentCommitment({ minimum_commitment: commitment, code, interval }: StoredPlan) {
  if (commitment === null) return {};
  return {
    minimum_commitment: {
      lago_id: commitment.id,
      plan_code: code,
      invoice_display_name: commitment.invoice_display_name,
      amount_cents: commitment.amount_cents,
      interval,
      created_at: toSeconds(commitment.created_at),
      updated_at: toSeconds(commitment.updated_at),
      taxes: [],
    },
  };
}

export function presentThreshold(threshold: UsageThreshold) {
  return {
    lago_id: threshold.id,
    ...presentApplicableThreshold(threshold),
    created_at: toSeconds(threshold.created_at),
    updated_at: toSeconds(threshold.updated_at),
  };
}

export function presentApplicableThreshold({ threshold_display_name, amount_cents, recurring }: UsageThreshold) {
  return { threshold_display_name, amount_cents, recurring };
}
