/** How children follow a plan's amount and its fixed charges. */
import type { App } from "../app.ts";
import type { Organization } from "../identity/index.ts";
import { newId } from "../kernel/ids.ts";
import type { Tx } from "../storage/database.ts";
import { tellOfUnits } from "./fixed-charge-changes.ts";
import { type FixedChargeWrites, type NewFixedCharge, writeFixedCharges } from "./fixed-charges-store.ts";
import { tellOfAmounts } from "./plan-changes.ts";
import { updateAmounts } from "./plans-store.ts";
import { type FixedChargesCascade, followedFixedCharges } from "./rules/fixed-charge-cascade.ts";
import { unitsChanges } from "./rules/units-changes.ts";
import type { StoredFixedCharge, StoredPlan } from "./stored.ts";

/** Minor units, as texts. */
export interface AmountCascade {
  readonly before: string;
  readonly after: string;
}

export function amountCascade(before: StoredPlan, after: StoredPlan): AmountCascade | null {
  if (before.amount_cents === after.amount_cents) return null;
  return { before: before.amount_cents.toString(), after: after.amount_cents.toString() };
}

/** Children whose amount was the parent's old one get its new one. */
export async function cascadeAmount(
  app: App,
  tx: Tx,
  organization: Organization,
  children: readonly StoredPlan[],
  { before, after }: AmountCascade,
  now: Temporal.Instant,
): Promise<void> {
  const ids = children.filter(({ amount_cents }) => amount_cents === BigInt(before)).map(({ id }) => id);
  if (ids.length > 0) await updateAmounts(tx, organization.id, ids, BigInt(after), now);
  await tellOfAmounts(app, tx, organization, ids, now);
}

export async function cascadeFixedCharges(
  app: App,
  tx: Tx,
  organization: Organization,
  parentCharges: readonly StoredFixedCharge[],
  children: readonly StoredPlan[],
  cascade: FixedChargesCascade,
  now: Temporal.Instant,
): Promise<void> {
  const writes = children.map((child): readonly [StoredPlan, FixedChargeWrites] => {
    const { changed, goneIds, copied } = followedFixedCharges(child.fixed_charges, parentCharges, cascade);
    const inserted = copied.map(
      (terms): NewFixedCharge => ({ id: newId(), planId: child.id, parentId: terms.id, terms }),
    );
    return [child, { inserted, changed, goneIds }];
  });
  const all: FixedChargeWrites = {
    inserted: writes.flatMap(([, { inserted }]) => inserted),
    changed: new Map(writes.flatMap(([, { changed }]) => [...changed])),
    goneIds: writes.flatMap(([, { goneIds }]) => goneIds),
  };
  await writeFixedCharges(tx, organization.id, all, now);
  for (const [child, ofChild] of writes) {
    const before = new Map(child.fixed_charges.map((charge) => [charge.id, charge]));
    await tellOfUnits(app, tx, organization, child.id, unitsChanges(before, ofChild), now);
  }
}
