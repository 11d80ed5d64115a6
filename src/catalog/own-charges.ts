/** Charges of a plan that is one subscription's own (a child plan), changed for that subscription (10.7 of the metering spec). */
import { Refusal, refuseIfAny } from "../kernel/failure.ts";
import type { Tx } from "../storage/database.ts";
import { claimCatalog } from "./catalog-store.ts";
import { chargeNamed, refuseTaxes } from "./charges-service.ts";
import { writeCharges } from "./charges-store.ts";
import { deleteFilter, insertFilter, updateFilter } from "./filters-service.ts";
import { loadPlans } from "./plans-store.ts";
import { type FilterInput, valuesKey } from "./rules/charge-filters.ts";
import { type ChargeOverride, overrideChange, readOverride } from "./rules/charge-override.ts";
import { notYetSubscribable } from "./rules/not-yet.ts";
import type { StoredCharge, StoredPlan } from "./stored.ts";
import { appendVersions } from "./versions-store.ts";

/** The child plan and its charge. */
export interface OwnCharge {
  readonly planId: string;
  readonly chargeCode: string;
  readonly now: Temporal.Instant;
}

/** Answers the plan as it is before and after. 404 `charge_not_found`; 422 where it gains what is not rated yet. */
async function changeOwn(
  tx: Tx,
  organizationId: string,
  { planId, chargeCode, now }: OwnCharge,
  write: (charge: StoredCharge) => Promise<void>,
): Promise<StoredPlan> {
  await claimCatalog(tx, organizationId);
  await write(chargeNamed(await load(tx, organizationId, planId), chargeCode));
  const after = await load(tx, organizationId, planId);
  refuseIfAny(notYetSubscribable(after));
  await appendVersions(tx, organizationId, [after], now);
  return after;
}

async function load(tx: Tx, organizationId: string, planId: string): Promise<StoredPlan> {
  const plan = (await loadPlans(tx, organizationId, [planId])).get(planId);
  if (plan === undefined) throw new Refusal("plan_not_found");
  return plan;
}

/** What is not given stays as it is. */
export function overrideCharge(
  tx: Tx,
  organizationId: string,
  own: OwnCharge,
  input: ChargeOverride,
): Promise<StoredPlan> {
  return changeOwn(tx, organizationId, own, async (charge) => {
    const { terms, problems } = readOverride(input, charge);
    refuseIfAny(problems);
    refuseTaxes(input);
    const changed = new Map([[charge.id, overrideChange(terms, charge)]]);
    await writeCharges(tx, organizationId, { inserted: [], changed, goneIds: [] }, own.now);
  });
}

/** Adds a filter; 422 `value_already_exists` where one with its values is there. Answers the filter's id with the plan. */
export async function createOwnFilter(
  tx: Tx,
  organizationId: string,
  own: OwnCharge,
  input: FilterInput,
): Promise<{ readonly plan: StoredPlan; readonly id: string }> {
  let id = "";
  const plan = await changeOwn(tx, organizationId, own, async (charge) => {
    id = await insertFilter(tx, organizationId, charge, input, own.now, { refuseTwin: true });
  });
  return { plan, id };
}

/** `id`: of the own filter, or of the one of the parent's charge that it is a copy of. Answers the own one's. */
export async function changeOwnFilter(
  tx: Tx,
  organizationId: string,
  own: OwnCharge,
  id: string,
  input: FilterInput,
): Promise<{ readonly plan: StoredPlan; readonly id: string }> {
  let ownId = "";
  const plan = await changeOwn(tx, organizationId, own, async (charge) => {
    ownId = await ownFilterId(tx, organizationId, charge, id);
    await updateFilter(tx, organizationId, charge, ownId, input, own.now);
  });
  return { plan, id: ownId };
}

/** As changeOwnFilter; answers the plan as it was with the filter. */
export async function removeOwnFilter(
  tx: Tx,
  organizationId: string,
  own: OwnCharge,
  id: string,
): Promise<{ readonly plan: StoredPlan; readonly id: string }> {
  const before = await load(tx, organizationId, own.planId);
  let ownId = "";
  await changeOwn(tx, organizationId, own, async (charge) => {
    ownId = await ownFilterId(tx, organizationId, charge, id);
    await deleteFilter(tx, organizationId, charge, ownId, own.now);
  });
  return { plan: before, id: ownId };
}

/** Copies are told by their values: a client may still know the parent's filter only. */
async function ownFilterId(tx: Tx, organizationId: string, charge: StoredCharge, id: string): Promise<string> {
  const wanted = id.toLowerCase();
  if (charge.filters.some((filter) => filter.id === wanted) || charge.parent_id === null) return wanted;
  const { parent_id } = await load(tx, organizationId, charge.plan_id);
  const parent = parent_id === null ? undefined : (await loadPlans(tx, organizationId, [parent_id])).get(parent_id);
  const source = parent?.charges
    .find((each) => each.id === charge.parent_id)
    ?.filters.find((each) => each.id === wanted);
  const key = source === undefined ? null : valuesKey(source.values);
  return charge.filters.find(({ values }) => valuesKey(values) === key)?.id ?? wanted;
}
