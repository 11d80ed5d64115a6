/** Child plans: what one subscription has of a plan on its own (10.6 of the metering spec). Not addressable, not listed, same code. */
import { Refusal, refuseIfAny } from "../kernel/failure.ts";
import { newId } from "../kernel/ids.ts";
import type { Tx } from "../storage/database.ts";
import { claimCatalog } from "./catalog-store.ts";
import { copyCharges } from "./charge-copies.ts";
import { writeCharges } from "./charges-store.ts";
import { type NewFixedCharge, writeFixedCharges } from "./fixed-charges-store.ts";
import { refuseWith } from "./plan-changes.ts";
import { applyEarlyParts, applyLateParts, newPlan, type PlanBefore } from "./plan-parts-service.ts";
import { insertPlan, loadPlans, updatePlan } from "./plans-store.ts";
import { type ChargeOverride, overrideChange, readOverrides } from "./rules/charge-override.ts";
import { notYetSubscribable } from "./rules/not-yet.ts";
import {
  type OverriddenFixedCharge,
  type PlanOverrides,
  readFixedOverrides,
  readOverriddenTerms,
} from "./rules/plan-overrides.ts";
import { type UnitsChange, unitsChanges } from "./rules/units-changes.ts";
import type { StoredPlan } from "./stored.ts";
import { appendVersions } from "./versions-store.ts";

export interface ChildPlan {
  readonly plan: StoredPlan;
  /** What a subscription that runs already is to get: units that differ from what it had, or are to apply at once. */
  readonly units: readonly UnitsChange[];
}

/**
 * A copy of a top-level plan with `overrides`, for one subscription. Charges and fixed charges are linked to their sources; taxes and the
 * minimum commitment are not copied. 404 `plan_not_found`, `tax_not_found`; 403 `cannot_override_charge_model`; 422.
 */
export async function createChildPlan(
  tx: Tx,
  { id: organizationId }: { readonly id: string },
  parentPlanId: string,
  overrides: PlanOverrides,
  now: Temporal.Instant,
): Promise<ChildPlan> {
  await claimCatalog(tx, organizationId);
  const parent = await load(tx, organizationId, parentPlanId);
  const { terms, problems } = readOverriddenTerms(overrides, parent);
  refuseIfAny(problems);
  const id = newId();
  await insertPlan(tx, organizationId, id, terms, now, parent.id);
  await applyEarlyParts(tx, organizationId, newPlan(id), earlyParts(overrides), now);
  await copyCharges(tx, organizationId, parent, id, overrides.charges ?? [], now);
  const units = await copyFixedCharges(tx, organizationId, parent, id, overrides, now);
  await applyLateParts(tx, organizationId, newPlan(id), lateParts(overrides), () => undefined, now);
  return { plan: await conclude(tx, organizationId, id, now), units };
}

/** Overrides over a child plan as it is; charges and fixed charges are found by their ids or those of their sources. As createChildPlan. */
export async function changeChildPlan(
  tx: Tx,
  { id: organizationId }: { readonly id: string },
  childPlanId: string,
  overrides: PlanOverrides,
  now: Temporal.Instant,
): Promise<ChildPlan> {
  await claimCatalog(tx, organizationId);
  const child = await load(tx, organizationId, childPlanId);
  const { terms, problems } = readOverriddenTerms(overrides, child);
  refuseIfAny(problems);
  await updatePlan(tx, organizationId, child.id, terms, now);
  await applyEarlyParts(tx, organizationId, child, earlyParts(overrides), now);
  await overrideCharges(tx, organizationId, child, overrides.charges ?? [], now);
  const fixed = readFixed(child, overrides);
  const changed = new Map(fixed.filter(({ isNamed }) => isNamed).map(({ source, terms }) => [source.id, terms]));
  await writeFixedCharges(tx, organizationId, { inserted: [], changed, goneIds: [] }, now);
  await applyLateParts(tx, organizationId, child, lateParts(overrides), () => undefined, now);
  const before = new Map(child.fixed_charges.map((charge) => [charge.id, charge]));
  const units = unitsChanges(before, { inserted: [], changed });
  return { plan: await conclude(tx, organizationId, child.id, now), units };
}

const earlyParts = ({ tax_codes, usage_thresholds }: PlanOverrides) => ({ tax_codes, usage_thresholds });
const lateParts = ({ minimum_commitment }: PlanOverrides) => ({ minimum_commitment });

async function load(tx: Tx, organizationId: string, planId: string): Promise<StoredPlan> {
  const plan = (await loadPlans(tx, organizationId, [planId])).get(planId);
  if (plan === undefined) throw new Refusal("plan_not_found");
  return plan;
}

async function conclude(tx: Tx, organizationId: string, id: string, now: Temporal.Instant): Promise<StoredPlan> {
  const plan = await load(tx, organizationId, id);
  refuseIfAny(notYetSubscribable(plan));
  await appendVersions(tx, organizationId, [plan], now);
  return load(tx, organizationId, id);
}

function readFixed(plan: Pick<StoredPlan, "fixed_charges">, { fixed_charges }: PlanOverrides) {
  const reading = readFixedOverrides(plan.fixed_charges, fixed_charges ?? []);
  if ("charges" in reading) return reading.charges;
  refuseWith(reading);
  return [];
}

async function copyFixedCharges(
  tx: Tx,
  organizationId: string,
  parent: StoredPlan,
  childId: string,
  overrides: PlanOverrides,
  now: Temporal.Instant,
): Promise<readonly UnitsChange[]> {
  const fixed = readFixed(parent, overrides);
  const copies = fixed.map((charge) => ({ ...charge, copy: copyOf(charge, childId) }));
  await writeFixedCharges(
    tx,
    organizationId,
    { inserted: copies.map(({ copy }) => copy), changed: new Map(), goneIds: [] },
    now,
  );
  const named = copies.filter(({ isNamed }) => isNamed);
  return unitsChanges(new Map(named.map(({ source, copy }) => [copy.id, source])), {
    inserted: [],
    changed: new Map(named.map(({ copy }) => [copy.id, copy.terms])),
  });
}

const copyOf = ({ source, terms }: OverriddenFixedCharge, planId: string): NewFixedCharge => ({
  ...{ id: newId(), planId, parentId: source.id, terms },
});

async function overrideCharges(
  tx: Tx,
  organizationId: string,
  child: PlanBefore & Pick<StoredPlan, "charges">,
  overrides: readonly ChargeOverride[],
  now: Temporal.Instant,
): Promise<void> {
  const ownIds = new Map(child.charges.map(({ id, parent_id }) => [parent_id ?? id, id]));
  const own = overrides.map((override) => {
    const id = override.id?.toLowerCase() ?? "";
    return { ...override, id: ownIds.get(id) ?? id };
  });
  const reading = readOverrides(child.charges, own);
  if (!("charges" in reading)) return refuseWith(reading);
  const named = new Set(own.map(({ id }) => id));
  const changed = new Map(
    reading.charges
      .filter(({ source }) => named.has(source.id))
      .map(({ source, terms }) => [source.id, overrideChange(terms, source)]),
  );
  await writeCharges(tx, organizationId, { inserted: [], changed, goneIds: [] }, now);
}
