/** Charges one by one: those of top-level plans, and the changes that all writes of a plan's charges share. */
import type { App } from "../app.ts";
import type { Organization } from "../identity/index.ts";
import { invalid, Refusal, refuseIfAny } from "../kernel/failure.ts";
import { inTransaction, type Tx } from "../storage/database.ts";
import { requestCascade } from "./cascade.ts";
import { claimCatalog } from "./catalog-store.ts";
import { applyChargeChanges, newCharge, writeCharges } from "./charges-store.ts";
import { tellOfUnits } from "./fixed-charge-changes.ts";
import { metricsByIds } from "./metrics-store.ts";
import { concludePlanChange } from "./plan-changes.ts";
import { lockPlan } from "./plans-store.ts";
import { unitsOf } from "./pricing-units-service.ts";
import { type ChargeInput, readChangedCharge, readNewCharge } from "./rules/charge.ts";
import { inPlaces } from "./rules/charge-filters.ts";
import { changeOf } from "./rules/charge-list.ts";
import type { UnitsChange } from "./rules/units-changes.ts";
import type { StoredCharge, StoredPlan } from "./stored.ts";

/** By code; 404 `charge_not_found`. */
export function chargeNamed({ charges }: StoredPlan, code: string): StoredCharge {
  const charge = charges.find((each) => each.code === code);
  if (charge === undefined) throw new Refusal("charge_not_found");
  return charge;
}

/** Which plan, and whether its overrides are to follow. */
export interface PlanChange {
  readonly planCode: string;
  readonly cascade: boolean;
  readonly now: Temporal.Instant;
}

export interface ChangedPlan {
  readonly before: StoredPlan;
  readonly after: StoredPlan;
}

/**
 * Changes a top-level plan in a transaction of its own; answers it as it is then. `write` answers the units that subscriptions are
 * told of. 404 `plan_not_found`.
 */
export async function changeParts(
  app: App,
  organization: Organization,
  { planCode, cascade, now }: PlanChange,
  write: (tx: Tx, plan: StoredPlan) => Promise<readonly UnitsChange[]>,
): Promise<ChangedPlan> {
  return inTransaction(app.db, async (tx) => {
    await claimCatalog(tx, organization.id);
    const before = await lockPlan(tx, organization.id, planCode);
    if (before === null) throw new Refusal("plan_not_found");
    const units = await write(tx, before);
    const after = await concludePlanChange(app, tx, organization, before.id, "updated", now);
    if (before.attached) await tellOfUnits(app, tx, organization, before.id, units, now);
    if (cascade) await requestCascade(app, tx, organization, before, after, units, now);
    return { before, after };
  });
}

/** As changeParts, for what concerns no units. */
export function changeCharges(
  app: App,
  organization: Organization,
  change: PlanChange,
  write: (tx: Tx, plan: StoredPlan) => Promise<void>,
): Promise<ChangedPlan> {
  return changeParts(app, organization, change, async (tx, plan) => {
    await write(tx, plan);
    return [];
  });
}

function refuseTaken({ charges }: StoredPlan, code: string | null, ownId: string | null): void {
  if (charges.some((charge) => charge.code === code && charge.id !== ownId))
    throw invalid("code", "value_already_exist");
}

/** Taxes do not exist yet, so every code is unknown. */
export function refuseTaxes({ tax_codes }: Pick<ChargeInput, "tax_codes">): void {
  if ((tax_codes ?? []).length > 0) throw new Refusal("tax_not_found");
}

/** Unlike a plan's list of charges, this makes no code from the metric's. */
export async function createCharge(
  app: App,
  organization: Organization,
  change: PlanChange,
  input: ChargeInput,
): Promise<StoredCharge> {
  let id = "";
  const { after } = await changeCharges(app, organization, change, async (tx, plan) => {
    const metricId = input.billable_metric_id ?? "";
    const metric = (await metricsByIds(tx, organization.id, [metricId])).get(metricId);
    if (metric === undefined) throw new Refusal("billable_metric_not_found");
    const { terms, problems } = readNewCharge(input, metric, await unitsOf(tx, organization.id, [input]));
    const missing = terms.code === null ? [{ field: "code", code: "value_is_mandatory" }] : [];
    refuseIfAny([...problems, ...missing]);
    refuseTaken(plan, terms.code, null);
    refuseTaxes(input);
    const inserted = newCharge(plan.id, null, { ...terms, code: terms.code ?? "" }, inPlaces(terms.filters ?? []));
    await writeCharges(tx, organization.id, { inserted: [inserted], changed: new Map(), goneIds: [] }, change.now);
    id = inserted.id;
  });
  return chargeWithId(after, id);
}

/** 4.6 of the metering spec. 404 `billable_metric_not_found` where the metric named is unknown. */
export async function changeCharge(
  app: App,
  organization: Organization,
  change: PlanChange,
  chargeCode: string,
  input: ChargeInput,
): Promise<StoredCharge> {
  let id = "";
  const { after } = await changeCharges(app, organization, change, async (tx, plan) => {
    const charge = chargeNamed(plan, chargeCode);
    const metricId = input.billable_metric_id || charge.billable_metric.id;
    const metric = (await metricsByIds(tx, organization.id, [metricId])).get(metricId);
    if (metric === undefined) throw new Refusal("billable_metric_not_found");
    const { terms, problems } = readChangedCharge(input, charge, metric, plan.attached);
    refuseIfAny(problems);
    refuseTaken(plan, terms.code, charge.id);
    refuseTaxes(input);
    const changed = new Map([[charge.id, changeOf({ ...terms, code: terms.code ?? charge.code }, charge)]]);
    await applyChargeChanges(tx, organization.id, plan.id, { created: [], changed, goneIds: [] }, change.now);
    id = charge.id;
  });
  return chargeWithId(after, id);
}

/** Takes a charge with its filters off the plan; fees that it has made stay. */
export async function removeCharge(
  app: App,
  organization: Organization,
  change: PlanChange,
  chargeCode: string,
): Promise<StoredCharge> {
  const { before } = await changeCharges(app, organization, change, async (tx, plan) => {
    const goneIds = [chargeNamed(plan, chargeCode).id];
    await applyChargeChanges(tx, organization.id, plan.id, { created: [], changed: new Map(), goneIds }, change.now);
  });
  return chargeNamed(before, chargeCode);
}

export function chargeWithId({ charges }: StoredPlan, id: string): StoredCharge {
  const charge = charges.find((each) => each.id === id);
  if (charge === undefined) throw new Error(`charge ${id} is not there after its own change`);
  return charge;
}

/** What was created at one instant stays in the order in which it was sent. */
export function newestFirst<Row extends { readonly created_at: Temporal.Instant }>(rows: readonly Row[]): Row[] {
  return rows.toSorted((a, b) => Temporal.Instant.compare(b.created_at, a.created_at));
}
