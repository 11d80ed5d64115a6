/** Pausing a subscription, and going on with it. What a pause means for the fee is in rules/pause.ts. */
import type { App } from "../app.ts";
import type { Organization } from "../identity/index.ts";
import { publish } from "../jobs/index.ts";
import { floorToMicrosecond, isBefore } from "../kernel/calendar.ts";
import { invalid, Refusal } from "../kernel/failure.ts";
import { inTransaction, type Tx } from "../storage/database.ts";
import { type BillMissed, billMissedOf } from "./missed.ts";
import type { Subscription, SubscriptionView } from "./model.ts";
import { isPaused, restAfterPause } from "./rules/pause.ts";
import { termsOf } from "./rules/windows.ts";
import { lockSchedules, openResumption } from "./schedules-store.ts";
import { viewNamed } from "./service.ts";
import { findByExternalId, lockSubscription, updateSubscription } from "./store.ts";
import { factsOf } from "./terminate.ts";
import { lockCustomers } from "./transitions-store.ts";

interface Pausing {
  readonly now: Temporal.Instant;
  readonly billMissed: BillMissed;
  /** Of the event. */
  readonly kind: "subscription.paused" | "subscription.resumed";
  readonly pausesOf: (tx: Tx, subscription: Subscription) => Promise<Subscription["pauses"]>;
}

/** What was due before is billed first, as if nothing had changed. 404 `subscription_not_found`: only an active one is meant. */
async function changePauses(
  app: App,
  organization: Organization,
  externalId: string,
  { now, billMissed, kind, pausesOf }: Pausing,
): Promise<SubscriptionView> {
  const named = await findByExternalId(app.db, organization.id, externalId, "active");
  if (named === null) throw new Refusal("subscription_not_found");
  await billMissedOf(app, organization, named, { now, billMissed }, () => now);
  return inTransaction(app.db, async (tx) => {
    await lockCustomers(tx, organization.id, [named.customer_id]);
    const subscription = await lockSubscription(tx, organization.id, named.id);
    if (subscription?.status !== "active") throw new Refusal("subscription_not_found");
    const pauses = JSON.stringify(await pausesOf(tx, subscription));
    await updateSubscription(tx, organization.id, subscription.id, { pauses, updated_at: now });
    const subject = { subject_type: "subscription", subject_id: subscription.id };
    await publish(app, tx, organization, [{ kind, ...subject }], now);
    return viewNamed(tx, organization.id, subscription.id);
  });
}

/** From tomorrow on there is no fee. 422 `subscription_paused` where it is paused already. */
export function pauseSubscription(
  app: App,
  organization: Organization,
  externalId: string,
  now: Temporal.Instant,
  billMissed: BillMissed,
): Promise<SubscriptionView> {
  const pausesOf: Pausing["pausesOf"] = async (_tx, { pauses }) => {
    if (isPaused({ pauses })) throw invalid("base", "subscription_paused");
    return [...pauses, { from: floorToMicrosecond(now).toString(), to: null }];
  };
  return changePauses(app, organization, externalId, { now, billMissed, kind: "subscription.paused", pausesOf });
}

/**
 * From today on there is a fee again: of a plan in advance, the rest of the period is billed at once where its beginning was
 * paused. 422 `subscription_not_paused`.
 */
export function resumeSubscription(
  app: App,
  organization: Organization,
  externalId: string,
  now: Temporal.Instant,
  billMissed: BillMissed,
): Promise<SubscriptionView> {
  const at = floorToMicrosecond(now);
  const pausesOf: Pausing["pausesOf"] = async (tx, subscription) => {
    if (!isPaused(subscription)) throw invalid("base", "subscription_not_paused");
    const pauses = subscription.pauses.map((pause) => ({ ...pause, to: pause.to ?? at.toString() }));
    const { plan, customer } = await factsOf(tx, organization.id, subscription);
    const schedules = (await lockSchedules(tx, organization.id, [subscription.id])).get(subscription.id) ?? [];
    const fee = schedules.find(({ kind }) => kind === "subscription");
    const isPassed = fee !== undefined && isBefore(at, fee.billed_until);
    const isLeft = restAfterPause(termsOf({ ...subscription, pauses }, plan, customer.timezone), at) !== null;
    if (isPassed && isLeft) await openResumption(tx, organization.id, subscription, at);
    return pauses;
  };
  return changePauses(app, organization, externalId, { now, billMissed, kind: "subscription.resumed", pausesOf });
}
