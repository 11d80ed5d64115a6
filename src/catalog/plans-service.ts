/** What can be done with plans: a plan and all its charges change together or not at all. */
import type { App } from "../app.ts";
import type { Organization } from "../identity/index.ts";
import { invalid, Refusal, refuseIfAny } from "../kernel/failure.ts";
import { newId } from "../kernel/ids.ts";
import { type DbOrTx, inTransaction, type Tx } from "../storage/database.ts";
import { requestCascade } from "./cascade.ts";
import { claimCatalog } from "./catalog-store.ts";
import { applyChargeChanges } from "./charges-store.ts";
import { type AddOnOf, addOnsOf, tellOfUnits } from "./fixed-charge-changes.ts";
import { metricsByIds } from "./metrics-store.ts";
import { concludePlanChange, refuseWith, tellOfAmounts } from "./plan-changes.ts";
import { applyEarlyParts, applyLateParts, newPlan, type PlanBefore } from "./plan-parts-service.ts";
import { findPlan, insertPlan, loadPlans, lockPlan, updatePlan } from "./plans-store.ts";
import { presentPlan } from "./present.ts";
import { unitsOf } from "./pricing-units-service.ts";
import type { ChargeInput } from "./rules/charge.ts";
import { type ChargeListFacts, readChargeList } from "./rules/charge-list.ts";
import { type PlanInput, readChangedPlan, readNewPlan, termsOf } from "./rules/plan.ts";
import type { PlanParts } from "./rules/plan-parts.ts";
import type { UnitsChange } from "./rules/units-changes.ts";
import type { StoredPlan } from "./stored.ts";

/** A plan's own terms, its charges (absent: untouched) and the parts of other features. */
export interface PlanRequest {
  readonly terms: PlanInput;
  readonly charges: readonly ChargeInput[] | null;
  readonly parts: PlanParts;
  /** Whether the plan's overrides are to follow. */
  readonly cascade: boolean;
}

/** A top-level plan by code; Refusal plan_not_found. */
export async function getPlan(db: DbOrTx, organizationId: string, code: string): Promise<StoredPlan> {
  const plan = await findPlan(db, organizationId, code);
  if (plan === null) throw new Refusal("plan_not_found");
  return plan;
}

/** The plan objects of the API by id, for embedding in other answers. */
export async function presentPlansOf(
  db: DbOrTx,
  organizationId: string,
  ids: readonly string[],
): Promise<Map<string, Record<string, unknown>>> {
  const plans = await loadPlans(db, organizationId, ids);
  return new Map([...plans].map(([id, plan]) => [id, presentPlan(plan)]));
}

/** What entries point to is looked up before anything else is judged. */
async function namedBy(tx: Tx, organizationId: string, { charges, parts }: PlanRequest) {
  const ids = (charges ?? []).flatMap(({ billable_metric_id }) => billable_metric_id || []);
  const metrics = await metricsByIds(tx, organizationId, ids);
  if (ids.some((id) => !metrics.has(id))) throw new Refusal("billable_metrics_not_found");
  return { metrics, addOnOf: await addOnsOf(tx, organizationId, parts.fixed_charges ?? [], "add_ons_not_found") };
}

/** What entries may point to. */
type PartFacts = ChargeListFacts & { readonly addOnOf: AddOnOf };

/** Everything of a plan but its own row, part by part. Answers the units that its subscriptions are told of. */
async function applyParts(
  tx: Tx,
  organizationId: string,
  plan: PlanBefore,
  { charges, parts }: PlanRequest,
  facts: PartFacts,
  now: Temporal.Instant,
): Promise<readonly UnitsChange[]> {
  await applyEarlyParts(tx, organizationId, plan, parts, now);
  if (charges !== null) {
    const reading = readChargeList(charges, facts);
    if ("changes" in reading) await applyChargeChanges(tx, organizationId, plan.id, reading.changes, now);
    else refuseWith(reading);
  }
  return applyLateParts(tx, organizationId, plan, parts, facts.addOnOf, now);
}

const taken = () => invalid("code", "value_already_exist");

/** In the order of 10.1 of the metering spec; the first part that is refused decides the answer. */
export async function createPlan(
  app: App,
  organization: Organization,
  request: PlanRequest,
  now: Temporal.Instant,
): Promise<StoredPlan> {
  return inTransaction(app.db, async (tx) => {
    await claimCatalog(tx, organization.id);
    const named = await namedBy(tx, organization.id, request);
    const { terms, problems } = readNewPlan(request.terms);
    refuseIfAny(problems);
    const id = newId();
    if ((await insertPlan(tx, organization.id, id, terms, now)) === "duplicate") throw taken();
    const units = await unitsOf(tx, organization.id, request.charges ?? []);
    const facts: PartFacts = { ...named, live: new Map(), isAttached: false, units };
    await applyParts(tx, organization.id, newPlan(id), request, facts, now);
    return concludePlanChange(app, tx, organization, id, "created", now);
  });
}

/** 10.2 of the metering spec. A plan that subscriptions are on takes nothing that is not rated yet. */
export async function changePlan(
  app: App,
  organization: Organization,
  code: string,
  request: PlanRequest,
  now: Temporal.Instant,
): Promise<StoredPlan> {
  return inTransaction(app.db, async (tx) => {
    await claimCatalog(tx, organization.id);
    const before = await lockPlan(tx, organization.id, code);
    if (before === null) throw new Refusal("plan_not_found");
    const named = await namedBy(tx, organization.id, request);
    const { terms, problems } = readChangedPlan(request.terms, termsOf(before), before.attached);
    refuseIfAny(problems);
    if ((await updatePlan(tx, organization.id, before.id, terms, now)) === "duplicate") throw taken();
    const live = new Map(before.charges.map((charge) => [charge.id, charge]));
    const units = await unitsOf(tx, organization.id, request.charges ?? []);
    const facts: PartFacts = { ...named, live, isAttached: before.attached, units };
    const changes = await applyParts(tx, organization.id, before, request, facts, now);
    const after = await concludePlanChange(app, tx, organization, before.id, "updated", now);
    if (before.attached) await tellOfUnits(app, tx, organization, before.id, changes, now);
    if (before.attached && before.amount_cents !== after.amount_cents)
      await tellOfAmounts(app, tx, organization, [before.id], now);
    if (request.cascade) await requestCascade(app, tx, organization, before, after, changes, now);
    return after;
  });
}
