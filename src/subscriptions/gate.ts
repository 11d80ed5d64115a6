/**
 * Payment-gated activation: the steps of an incomplete subscription (2.14 of the subscriptions spec). Who collects the first
 * payment calls `passGate` or `failGate`; time runs out by the clock.
 */
import type { App } from "../app.ts";
import { type Owner, publish } from "../jobs/index.ts";
import { floorToMicrosecond, floorToMillisecond, isBefore } from "../kernel/calendar.ts";
import type { Tx } from "../storage/database.ts";
import { allDues, beginLinks, recordFirstUnits, trialOf } from "./begin.ts";
import type { DueFacts } from "./due-transitions.ts";
import { setDues } from "./dues-store.ts";
import { cancelPending, endActive } from "./end.ts";
import { initialStarts } from "./links-store.ts";
import type { Subscription } from "./model.ts";
import { expiryOf } from "./rules/dues.ts";
import { evaluated, isHeldBack, moved } from "./rules/gate.ts";
import { beginsWithFee, hasUnitsInAdvance } from "./rules/lifecycle.ts";
import { termsOf } from "./rules/windows.ts";
import { lockSubscription } from "./store.ts";
import { factsOf } from "./terminate.ts";
import { holdLinks, setRules } from "./transitions-store.ts";

/** A link that would begin now. */
export interface Applicant extends DueFacts {
  readonly started_at: Temporal.Instant;
}

/**
 * Evaluates the rules of links that would begin. Those with something to collect become incomplete: they have started, but
 * are not active. Answers those that nothing holds back.
 */
export async function holdBack(
  app: Pick<App, "reactions">,
  tx: Tx,
  owner: Owner,
  applicants: readonly Applicant[],
  now: Temporal.Instant,
): Promise<Applicant[]> {
  const ruled = applicants.filter(({ subscription }) => subscription.activation_rules.length > 0);
  if (ruled.length === 0) return [...applicants];
  const initial = await initialStarts(
    tx,
    owner.id,
    ruled.map(({ subscription }) => subscription),
  );
  const judged = ruled.map((applicant) => {
    const { subscription, plan, timezone, started_at } = applicant;
    const trial_ends_at = trialOf(plan, started_at, initial.get(subscription.chain_id));
    const terms = { ...termsOf({ ...subscription, started_at }, plan, timezone), trial_ends_at };
    const collects = beginsWithFee(terms) || hasUnitsInAdvance(plan);
    const activation_rules = evaluated(subscription.activation_rules, collects, now);
    const link: Subscription = { ...subscription, started_at, trial_ends_at, activation_rules };
    return { applicant, plan, timezone, link };
  });
  await setRules(
    tx,
    owner.id,
    judged.map(({ link }) => link),
    now,
  );
  const held = judged
    .filter(({ link }) => isHeldBack(link.activation_rules))
    .map((each) => ({ ...each, link: { ...each.link, status: "incomplete" as const } }));
  await holdLinks(
    tx,
    owner.id,
    held.map(({ link }) => link),
    now,
  );
  await setDues(
    tx,
    owner.id,
    held.flatMap(({ link, timezone }) => allDues(link, timezone, now)),
  );
  await recordFirstUnits(tx, owner, held, now);
  const events = held.map(({ link: { id } }) => ({
    kind: "subscription.incomplete",
    subject_type: "subscription",
    subject_id: id,
  }));
  await publish(app, tx, owner, events, now);
  const heldIds = new Set(held.map(({ link }) => link.id));
  return applicants.filter(({ subscription }) => !heldIds.has(subscription.id));
}

/**
 * The first payment came: the subscription is active, since when it started. Of a change of plan the old link ends now, and
 * usage is the new one's from now on. Nothing where it is not incomplete (any more).
 */
export async function passGate(
  app: Pick<App, "reactions">,
  tx: Tx,
  owner: Owner,
  subscriptionId: string,
  now: Temporal.Instant,
): Promise<void> {
  const subscription = await lockSubscription(tx, owner.id, subscriptionId);
  if (subscription?.status !== "incomplete") return;
  const { previous_subscription_id, started_at } = subscription;
  const activation_rules = moved(subscription.activation_rules, "satisfied", now);
  await setRules(tx, owner.id, [{ ...subscription, activation_rules }], now);
  const previous =
    previous_subscription_id === null ? null : await lockSubscription(tx, owner.id, previous_subscription_id);
  const isChange = previous?.status === "active";
  if (isChange) {
    const ending = {
      id: previous.id,
      terminated_at: floorToMicrosecond(now),
      terminated_by: "upgrade",
      on_termination_credit_note: previous.on_termination_credit_note,
      on_termination_invoice: "generate",
    } as const;
    await endActive(app, tx, owner, [ending], now, { keeps: subscription.id });
  }
  const { plan, customer } = await factsOf(tx, owner.id, subscription);
  const beginning = {
    subscription,
    plan,
    timezone: customer.timezone,
    started_at: started_at ?? floorToMillisecond(now),
    bills_start: true,
    // Its first invoice is what was paid.
    isBilledElsewhere: true,
    ...(isChange ? { usage_from: floorToMicrosecond(now) } : {}),
  };
  await beginLinks(app, tx, owner, [beginning], now);
}

/** The first payment failed or was declined: the subscription never begins. Nothing where it is not incomplete. */
export async function failGate(
  app: Pick<App, "reactions">,
  tx: Tx,
  owner: Owner,
  subscriptionId: string,
  move: "failed" | "declined",
  now: Temporal.Instant,
): Promise<void> {
  const subscription = await lockSubscription(tx, owner.id, subscriptionId);
  if (subscription?.status !== "incomplete") return;
  const activation_rules = moved(subscription.activation_rules, move, now);
  await setRules(tx, owner.id, [{ ...subscription, activation_rules }], now);
  await cancelPending(app, tx, owner, [subscription.id], now, "payment_failed");
}

/** Cancels those of these whose time is over. */
export async function expireRules(
  app: Pick<App, "reactions">,
  tx: Tx,
  owner: Owner,
  subscriptions: readonly Subscription[],
  now: Temporal.Instant,
): Promise<void> {
  const over = subscriptions.filter(({ status, activation_rules }) => {
    const at = expiryOf(activation_rules);
    return status === "incomplete" && at !== null && !isBefore(now, at);
  });
  await setRules(
    tx,
    owner.id,
    over.map((each) => ({ ...each, activation_rules: moved(each.activation_rules, "expired", now) })),
    now,
  );
  await cancelPending(
    app,
    tx,
    owner,
    over.map(({ id }) => id),
    now,
    "timeout",
  );
}
