/** What all writes of a plan's fixed charges share: the list as a whole, and telling subscriptions of other units. */
import type { App } from "../app.ts";
import type { Organization } from "../identity/index.ts";
import { publish } from "../jobs/index.ts";
import { Refusal } from "../kernel/failure.ts";
import { newId } from "../kernel/ids.ts";
import type { Tx } from "../storage/database.ts";
import { findAddOns } from "./add-ons-store.ts";
import { fixedChargeWrites, writeFixedCharges } from "./fixed-charges-store.ts";
import type { AddOn } from "./model.ts";
import { refuseWith } from "./plan-changes.ts";
import type { FixedChargeInput } from "./rules/fixed-charge.ts";
import { readFixedChargeList } from "./rules/fixed-charge-list.ts";
import { type UnitsChange, unitsChanges } from "./rules/units-changes.ts";
import type { StoredPlan } from "./stored.ts";

export type AddOnOf = (entry: FixedChargeInput) => AddOn | undefined;

/** The add-ons that entries name, by id or else by code. Refusal `refusal` where one of them is unknown. */
export async function addOnsOf(
  tx: Tx,
  organizationId: string,
  entries: readonly FixedChargeInput[],
  refusal: "add_on_not_found" | "add_ons_not_found",
): Promise<AddOnOf> {
  const ids = entries.flatMap(({ add_on_id }) => add_on_id || []);
  const codes = entries.flatMap(({ add_on_code }) => add_on_code || []);
  const { byId, byCode } = await findAddOns(tx, organizationId, ids, codes);
  if (ids.some((id) => !byId.has(id)) || codes.some((code) => !byCode.has(code))) throw new Refusal(refusal);
  return ({ add_on_id, add_on_code }) => byId.get(add_on_id ?? "") ?? byCode.get(add_on_code ?? "");
}

/** Makes the list the plan's complete one; answers what it changes for subscriptions. */
export async function applyFixedCharges(
  tx: Tx,
  organizationId: string,
  plan: Pick<StoredPlan, "id" | "attached" | "fixed_charges">,
  entries: readonly FixedChargeInput[],
  addOnOf: AddOnOf,
  now: Temporal.Instant,
): Promise<readonly UnitsChange[]> {
  const live = new Map(plan.fixed_charges.map((charge) => [charge.id, charge]));
  const reading = readFixedChargeList(entries, { live, addOnOf, isAttached: plan.attached });
  if (!("changes" in reading)) {
    refuseWith(reading);
    return [];
  }
  const writes = fixedChargeWrites(plan.id, reading.changes);
  await writeFixedCharges(tx, organizationId, writes, now);
  return unitsChanges(live, writes);
}

/** Subscriptions on the plan get the units: who knows them reacts. */
export async function tellOfUnits(
  app: App,
  tx: Tx,
  organization: Organization,
  planId: string,
  changes: readonly UnitsChange[],
  now: Temporal.Instant,
): Promise<void> {
  if (changes.length === 0) return;
  const payload = { changes, change_id: newId(), at: now.toString() };
  const event = { kind: "plan.units_changed", subject_type: "plan", subject_id: planId, payload };
  await publish(app, tx, organization, [event], now);
}
