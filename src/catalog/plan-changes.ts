/** How every change of a plan ends: checked, versioned and told. */
import type { App } from "../app.ts";
import type { Organization } from "../identity/index.ts";
import { publish } from "../jobs/index.ts";
import { detailsOf, Refusal, refuseIfAny } from "../kernel/failure.ts";
import type { Tx } from "../storage/database.ts";
import { loadPlans } from "./plans-store.ts";
import type { Refused } from "./rules/charge-list.ts";
import { notYetSubscribable } from "./rules/not-yet.ts";
import type { StoredPlan } from "./stored.ts";
import { appendVersions } from "./versions-store.ts";

/** The refusal that a rule answered; nothing where it answered none. */
export function refuseWith(refused: Refused | null): void {
  if (refused === null) return;
  const { refusal, problems } = refused;
  throw new Refusal(refusal, problems.length > 0 ? detailsOf(problems) : undefined);
}

/** The plan as the transaction leaves it, with its version and its event. 422 where subscriptions are on it and it is not rated yet. */
export async function concludePlanChange(
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
  await tellOfPlan(app, tx, organization, what, changed, now);
  return changed;
}

/** What is dearer now and what is cheaper may turn around changes of plan that wait: who knows subscriptions reacts. */
export async function tellOfAmounts(
  app: App,
  tx: Tx,
  organization: Organization,
  planIds: readonly string[],
  now: Temporal.Instant,
): Promise<void> {
  const events = planIds.map((id) => ({ kind: "plan.amount_changed", subject_type: "plan", subject_id: id }));
  await publish(app, tx, organization, events, now);
}

export function tellOfPlan(
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
