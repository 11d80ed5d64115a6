/** The filters of a charge one by one. */
import type { App } from "../app.ts";
import type { Organization } from "../identity/index.ts";
import { invalid, Refusal, refuseIfAny } from "../kernel/failure.ts";
import { newId } from "../kernel/ids.ts";
import type { Tx } from "../storage/database.ts";
import { changeCharges, chargeNamed, type PlanChange } from "./charges-service.ts";
import { applyFilterChanges, type FilterWrites } from "./filters-store.ts";
import type { ChargeFilter } from "./model.ts";
import { AT_THE_END, type FilterInput, readChangedFilter, readNewFilter, valuesKey } from "./rules/charge-filters.ts";
import type { StoredCharge, StoredPlan } from "./stored.ts";

/** A filter with the charge that it belongs to. */
export interface FilterOfCharge {
  readonly charge: StoredCharge;
  readonly filter: ChargeFilter;
}

/** By id; 404 `charge_filter_not_found`. */
export function filterNamed(charge: StoredCharge, id: string): ChargeFilter {
  const filter = charge.filters.find((each) => each.id === id.toLowerCase());
  if (filter === undefined) throw new Refusal("charge_filter_not_found");
  return filter;
}

/** Which filter of which charge. */
export interface FilterPlace {
  readonly chargeCode: string;
  readonly id: string;
}

const NONE = { created: [], changed: new Map(), goneIds: [] } as const;

/** Adds a filter after the others; answers its id. `refuseTwin`: 422 where one with the same values is there. */
export async function insertFilter(
  tx: Tx,
  organizationId: string,
  charge: StoredCharge,
  input: FilterInput,
  now: Temporal.Instant,
  { refuseTwin }: { readonly refuseTwin: boolean },
): Promise<string> {
  const { terms, problems } = readNewFilter(input, charge);
  refuseIfAny(problems);
  const isTwin = charge.filters.some(({ values }) => valuesKey(values) === valuesKey(terms.values));
  if (refuseTwin && isTwin) throw invalid("values", "value_already_exists");
  const id = newId();
  const created = [{ ...terms, position: AT_THE_END, chosenId: id }];
  const write: FilterWrites = { ...NONE, chargeId: charge.id, created };
  await applyFilterChanges(tx, organizationId, [write], now);
  return id;
}

export async function updateFilter(
  tx: Tx,
  organizationId: string,
  charge: StoredCharge,
  id: string,
  input: FilterInput,
  now: Temporal.Instant,
): Promise<void> {
  const filter = filterNamed(charge, id);
  const { terms, problems } = readChangedFilter(input, filter, charge);
  refuseIfAny(problems);
  const changed = new Map([[filter.id, { ...terms, position: null }]]);
  const write: FilterWrites = { ...NONE, chargeId: charge.id, changed };
  await applyFilterChanges(tx, organizationId, [write], now);
}

export async function deleteFilter(
  tx: Tx,
  organizationId: string,
  charge: StoredCharge,
  id: string,
  now: Temporal.Instant,
): Promise<void> {
  const write: FilterWrites = { ...NONE, chargeId: charge.id, goneIds: [filterNamed(charge, id).id] };
  await applyFilterChanges(tx, organizationId, [write], now);
}

/** The filter as the plan has it. */
export function filterIn(plan: StoredPlan, { chargeCode, id }: FilterPlace): FilterOfCharge {
  const charge = chargeNamed(plan, chargeCode);
  return { charge, filter: filterNamed(charge, id) };
}

/** 6.5 of the metering spec: twins of a filter are possible here; the oldest takes the events. */
export async function createFilter(
  app: App,
  organization: Organization,
  change: PlanChange,
  chargeCode: string,
  input: FilterInput,
): Promise<FilterOfCharge> {
  let id = "";
  const { after } = await changeCharges(app, organization, change, async (tx, plan) => {
    id = await insertFilter(tx, organization.id, chargeNamed(plan, chargeCode), input, change.now, {
      refuseTwin: false,
    });
  });
  return filterIn(after, { chargeCode, id });
}

export async function changeFilter(
  app: App,
  organization: Organization,
  change: PlanChange,
  place: FilterPlace,
  input: FilterInput,
): Promise<FilterOfCharge> {
  const { after } = await changeCharges(app, organization, change, async (tx, plan) =>
    updateFilter(tx, organization.id, chargeNamed(plan, place.chargeCode), place.id, input, change.now),
  );
  return filterIn(after, place);
}

export async function removeFilter(
  app: App,
  organization: Organization,
  change: PlanChange,
  place: FilterPlace,
): Promise<FilterOfCharge> {
  const { before } = await changeCharges(app, organization, change, async (tx, plan) =>
    deleteFilter(tx, organization.id, chargeNamed(plan, place.chargeCode), place.id, change.now),
  );
  return filterIn(before, place);
}
