/** What can be done with plans: a plan and all its charges change together or not at all. */
import type { App } from "../app.ts";
import type { Organization } from "../identity/index.ts";
import { publish } from "../jobs/index.ts";
import { detailsOf, invalid, Refusal, refuseIfAny } from "../kernel/failure.ts";
import { newId } from "../kernel/ids.ts";
import { type DbOrTx, inTransaction, type Tx } from "../storage/database.ts";
import { claimCatalog } from "./catalog-store.ts";
import { applyChargeChanges } from "./charges-store.ts";
import { metricsByIds } from "./metrics-store.ts";
import { deletePlan, findPlan, insertPlan, loadPlans, lockPlan, updatePlan } from "./plans-store.ts";
import { presentPlan } from "./present.ts";
import type { ChargeInput } from "./rules/charge.ts";
import { type ChargeListFacts, type Refused, readChargeList } from "./rules/charge-list.ts";
import { notYetSubscribable } from "./rules/not-yet.ts";
import { type PlanInput, readChangedPlan, readNewPlan, termsOf } from "./rules/plan.ts";
import { type PlanParts, refusalAfterCharges, refusalBeforeCharges, unknownAddOn } from "./rules/plan-parts.ts";
import type { StoredPlan } from "./stored.ts";
import { appendVersions } from "./versions-store.ts";

/** A plan's own terms, its charges (absent: untouched) and the parts of other features. */
export interface PlanRequest {
  readonly terms: PlanInput;
  readonly charges: readonly ChargeInput[] | null;
  readonly parts: PlanParts;
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
async function metricsOf(tx: Tx, organizationId: string, { charges, parts }: PlanRequest) {
  const ids = (charges ?? []).flatMap(({ billable_metric_id }) => billable_metric_id || []);
  const metrics = await metricsByIds(tx, organizationId, ids);
  if (ids.some((id) => !metrics.has(id))) throw new Refusal("billable_metrics_not_found");
  if (unknownAddOn(parts)) throw new Refusal("add_ons_not_found");
  return metrics;
}

function refuse(refused: Refused | null): void {
  if (refused === null) return;
  const { refusal, problems } = refused;
  throw new Refusal(refusal, problems.length > 0 ? detailsOf(problems) : undefined);
}

/** Everything of a plan but its own row, part by part. */
async function applyParts(
  tx: Tx,
  organizationId: string,
  planId: string,
  { charges, parts }: PlanRequest,
  facts: ChargeListFacts,
  now: Temporal.Instant,
): Promise<void> {
  refuse(refusalBeforeCharges(parts));
  if (charges !== null) {
    const reading = readChargeList(charges, facts);
    if (!("changes" in reading)) return refuse(reading);
    await applyChargeChanges(tx, organizationId, planId, reading.changes, now);
  }
  refuse(refusalAfterCharges(parts));
}

/** The plan as the transaction leaves it, with its version and its event. */
async function conclude(
  app: App,
  tx: Tx,
  organization: Organization,
  id: string,
  what: "created" | "updated",
  now: Temporal.Instant,
): Promise<StoredPlan> {
  const changed = (await loadPlans(tx, organization.id, [id])).get(id);
  if (changed === undefined) throw new Error(`plan ${id} is not there after its own change`);
  if (changed.attached) refuseIfAny(notYetSubscribable(changed));
  await appendVersions(tx, organization.id, [changed], now);
  await tell(app, tx, organization, what, changed, now);
  return changed;
}

function tell(
  app: App,
  tx: Tx,
  organization: Organization,
  what: "created" | "updated" | "deleted",
  { id, code }: StoredPlan,
  now: Temporal.Instant,
): Promise<void> {
  const event = { kind: `plan.${what}`, subject_type: "plan", subject_id: id, payload: { code } };
  return publish(app, tx, organization, [event], now);
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
    const metrics = await metricsOf(tx, organization.id, request);
    const { terms, problems } = readNewPlan(request.terms);
    refuseIfAny(problems);
    const id = newId();
    if ((await insertPlan(tx, organization.id, id, terms, now)) === "duplicate") throw taken();
    const facts: ChargeListFacts = { live: new Map(), metrics, isAttached: false };
    await applyParts(tx, organization.id, id, request, facts, now);
    return conclude(app, tx, organization, id, "created", now);
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
    const metrics = await metricsOf(tx, organization.id, request);
    const { terms, problems } = readChangedPlan(request.terms, termsOf(before), before.attached);
    refuseIfAny(problems);
    if ((await updatePlan(tx, organization.id, before.id, terms, now)) === "duplicate") throw taken();
    const live = new Map(before.charges.map((charge) => [charge.id, charge]));
    const facts: ChargeListFacts = { live, metrics, isAttached: before.attached };
    await applyParts(tx, organization.id, before.id, request, facts, now);
    return conclude(app, tx, organization, before.id, "updated", now);
  });
}

/** A plan that no subscription was ever on goes at once. The answer says "pending" as the contract does for every deletion. */
export async function removePlan(
  app: App,
  organization: Organization,
  code: string,
  now: Temporal.Instant,
): Promise<StoredPlan> {
  return inTransaction(app.db, async (tx) => {
    await claimCatalog(tx, organization.id);
    const plan = await lockPlan(tx, organization.id, code);
    if (plan === null) throw new Refusal("plan_not_found");
    if (plan.attached) throw invalid("base", "not_supported_yet");
    await deletePlan(tx, organization.id, plan.id, now);
    await tell(app, tx, organization, "deleted", plan, now);
    return { ...plan, pending_deletion: true };
  });
}
