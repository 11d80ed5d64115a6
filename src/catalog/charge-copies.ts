/** The charges of a child plan: copies of its parent's, with what a subscription has on its own. */
import type { Tx } from "../storage/database.ts";
import { type NewCharge, newCharge, writeCharges } from "./charges-store.ts";
import { refuseWith } from "./plan-changes.ts";
import { inPlaces } from "./rules/charge-filters.ts";
import { type ChargeOverride, readOverrides } from "./rules/charge-override.ts";
import type { StoredCharge, StoredPlan } from "./stored.ts";

/** The same charge for another plan, linked to its source. Filters keep their order and their age. */
export function copyOf(source: StoredCharge, planId: string): NewCharge {
  const placed = source.filters.map((filter, position) => ({ ...filter, position }));
  const byAge = placed.toSorted((a, b) => (a.ordinal < b.ordinal ? -1 : 1));
  return newCharge(planId, source.id, source, byAge);
}

/** Gives a new child plan its parent's charges, overridden where `overrides` name them by id. 422, or 404 `tax_not_found`, where one cannot be. */
export async function copyCharges(
  tx: Tx,
  organizationId: string,
  from: StoredPlan,
  toPlanId: string,
  overrides: readonly ChargeOverride[],
  now: Temporal.Instant,
): Promise<void> {
  const reading = readOverrides(from.charges, overrides);
  if (!("charges" in reading)) return refuseWith(reading);
  const inserted = reading.charges.map(({ source, terms, filters }) => ({
    ...copyOf(source, toPlanId),
    charge: terms,
    ...(filters === null ? {} : { filters: inPlaces(filters) }),
  }));
  await writeCharges(tx, organizationId, { inserted, changed: new Map(), goneIds: [] }, now);
}
