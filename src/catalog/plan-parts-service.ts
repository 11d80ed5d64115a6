/** Writing what belongs to a plan beside its own row and its charges, in the order in which the contract judges it (10.1 of the metering spec). */
import { Refusal, refuseIfAny } from "../kernel/failure.ts";
import { readMetadata } from "../kernel/metadata.ts";
import type { Tx } from "../storage/database.ts";
import { type AddOnOf, applyFixedCharges } from "./fixed-charge-changes.ts";
import { applyCommitment, replaceThresholds, setMetadata } from "./plan-parts-store.ts";
import { readCommitment } from "./rules/commitment.ts";
import type { PlanParts } from "./rules/plan-parts.ts";
import { readThresholds } from "./rules/thresholds.ts";
import type { UnitsChange } from "./rules/units-changes.ts";
import type { StoredPlan } from "./stored.ts";

/** What of a plan its parts are held against. */
export type PlanBefore = Pick<StoredPlan, "id" | "attached" | "fixed_charges" | "minimum_commitment">;

/** A plan that is being created. */
export const newPlan = (id: string): PlanBefore => ({
  ...{ id, attached: false, fixed_charges: [], minimum_commitment: null },
});

/** Of what comes before the charges: metadata, taxes (none exists, so each code is unknown), thresholds. */
export async function applyEarlyParts(
  tx: Tx,
  organizationId: string,
  { id }: PlanBefore,
  { metadata, tax_codes, usage_thresholds }: PlanParts,
  now: Temporal.Instant,
): Promise<void> {
  if (metadata !== undefined) {
    const reading = metadata === null ? null : readMetadata(metadata);
    refuseIfAny(reading?.problems ?? []);
    await setMetadata(tx, organizationId, id, reading?.metadata ?? null, now);
  }
  if ((tax_codes ?? []).length > 0) throw new Refusal("tax_not_found");
  if (usage_thresholds !== null && usage_thresholds !== undefined) {
    const { thresholds, problems } = readThresholds(usage_thresholds);
    refuseIfAny(problems);
    await replaceThresholds(tx, organizationId, id, thresholds, now);
  }
}

/** Of what comes after the charges: fixed charges and the minimum commitment. Answers the units that subscriptions are told of. */
export async function applyLateParts(
  tx: Tx,
  organizationId: string,
  plan: PlanBefore,
  { fixed_charges, minimum_commitment }: PlanParts,
  addOnOf: AddOnOf,
  now: Temporal.Instant,
): Promise<readonly UnitsChange[]> {
  const units =
    fixed_charges === null || fixed_charges === undefined
      ? []
      : await applyFixedCharges(tx, organizationId, plan, fixed_charges, addOnOf, now);
  const { change, problems } = readCommitment(minimum_commitment, plan.minimum_commitment);
  refuseIfAny(problems);
  if ((minimum_commitment?.tax_codes ?? []).length > 0) throw new Refusal("tax_not_found");
  await applyCommitment(tx, organizationId, plan.id, change, now);
  return units;
}
