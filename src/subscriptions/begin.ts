/** The beginning of links: their row, their schedules, what is due of them, and the word that they have begun. */
import type { App } from "../app.ts";
import { type Plan, writeFirstUnits } from "../catalog/index.ts";
import { type DomainEvent, type Owner, publish } from "../jobs/index.ts";
import { isBefore } from "../kernel/calendar.ts";
import type { Tx } from "../storage/database.ts";
import { type Due, setDues } from "./dues-store.ts";
import { initialStarts } from "./links-store.ts";
import type { Subscription } from "./model.ts";
import { duesOf } from "./rules/dues.ts";
import { beginsWithFee, firstUnitsAt, hasUnitsInAdvance } from "./rules/lifecycle.ts";
import { firstSchedules } from "./rules/schedules.ts";
import { trialEndOf } from "./rules/trial.ts";
import { termsOf } from "./rules/windows.ts";
import { insertSchedules, type OwnedSchedule } from "./schedules-store.ts";
import { startLinks } from "./transitions-store.ts";

/** A pending (or incomplete) link that begins. */
export interface Beginning {
  readonly subscription: Subscription;
  readonly plan: Plan;
  readonly timezone: string;
  readonly started_at: Temporal.Instant;
  /** False for a start in the past: its first fee waits for the next billing day. */
  readonly bills_start: boolean;
  /** Whether the start is billed by something else: the invoice of the plan change that it is a part of. */
  readonly isBilledElsewhere?: boolean;
  /** Where its usage begins, if not with the start. */
  readonly usage_from?: Temporal.Instant;
}

/** When the trial of a link that begins at `started_at` ends, if its chain began at `initial`. */
export function trialOf(
  { trial_period }: Pick<Plan, "trial_period">,
  started_at: Temporal.Instant,
  initial: Temporal.Instant | undefined,
): Temporal.Instant | null {
  const first = initial !== undefined && isBefore(initial, started_at) ? initial : started_at;
  return trialEndOf(trial_period, first, started_at);
}

/** The link as it stands once it has begun; its trial counts from the first start of its chain. */
export function begun(
  { subscription, plan, started_at, bills_start }: Beginning,
  initial: Temporal.Instant | undefined,
  now: Temporal.Instant,
): Subscription {
  const trial_ends_at = trialOf(plan, started_at, initial);
  // A trial that was over before anybody asked for the subscription ends unseen.
  const isOver = trial_ends_at !== null && !isBefore(subscription.created_at, trial_ends_at);
  return {
    ...subscription,
    status: "active",
    started_at,
    activated_at: now,
    trial_ends_at,
    trial_ended_at: isOver ? trial_ends_at : null,
    bills_start,
  };
}

/** All dues of a link, also those that are none (any more). */
export function allDues(subscription: Subscription, timezone: string, now: Temporal.Instant): Due[] {
  const { id: subscription_id, customer_id } = subscription;
  return Object.entries(duesOf(subscription, timezone, now)).map(([kind, due_at]) => ({
    subscription_id,
    customer_id,
    kind: kind as Due["kind"],
    due_at,
  }));
}

/** The first units of what has begun. */
export async function recordFirstUnits(
  tx: Tx,
  owner: Owner,
  begun: readonly { readonly link: Subscription; readonly plan: Pick<Plan, "id"> }[],
  now: Temporal.Instant,
): Promise<void> {
  const units = begun.flatMap(({ link, plan }) =>
    link.started_at === null
      ? []
      : [{ subscription_id: link.id, plan_id: plan.id, effective_at: firstUnitsAt(link.started_at) }],
  );
  await writeFirstUnits(tx, owner.id, units, now);
}

/** Begins any number of links. 422 `value_already_exist` where an active subscription has the external id of one. */
export async function beginLinks(
  app: Pick<App, "reactions">,
  tx: Tx,
  owner: Owner,
  beginnings: readonly Beginning[],
  now: Temporal.Instant,
): Promise<Subscription[]> {
  if (beginnings.length === 0) return [];
  const initial = await initialStarts(
    tx,
    owner.id,
    beginnings.map(({ subscription }) => subscription),
  );
  const links = beginnings.map((each) => begun(each, initial.get(each.subscription.chain_id), now));
  await startLinks(tx, owner.id, links, now);
  const termsAt = (index: number) => {
    const { plan, timezone } = beginnings[index] as Beginning;
    return termsOf(links[index] as Subscription, plan, timezone);
  };
  await insertSchedules(
    tx,
    owner.id,
    links.flatMap(({ id, customer_id }, index) =>
      firstSchedules(termsAt(index), beginnings[index]?.usage_from).map(
        (schedule): OwnedSchedule => ({ ...schedule, subscription_id: id, customer_id }),
      ),
    ),
  );
  await settleBegun(
    app,
    tx,
    owner,
    links.map((link, index) => {
      const { plan, timezone, isBilledElsewhere = false } = beginnings[index] as Beginning;
      const isBilled = link.bills_start && !isBilledElsewhere;
      const bill_start = isBilled && beginsWithFee(termsAt(index));
      return { link, plan, timezone, bill_start, bill_units: isBilled && !bill_start && hasUnitsInAdvance(plan) };
    }),
    now,
  );
  return links;
}

export interface Begun {
  readonly link: Subscription;
  readonly plan: Pick<Plan, "id">;
  readonly timezone: string;
  /** Whether the start is still to be billed. */
  readonly bill_start: boolean;
  /** Where it is not: whether its fixed charges in advance are, by themselves. */
  readonly bill_units?: boolean;
}

/** What follows once links are active and have their schedules. */
export async function settleBegun(
  app: Pick<App, "reactions">,
  tx: Tx,
  owner: Owner,
  begun: readonly Begun[],
  now: Temporal.Instant,
): Promise<void> {
  await setDues(
    tx,
    owner.id,
    begun.flatMap(({ link, timezone }) => allDues(link, timezone, now)),
  );
  await recordFirstUnits(tx, owner, begun, now);
  const events = begun.map(
    ({ link, plan, bill_start, bill_units = false }): DomainEvent => ({
      kind: "subscription.started",
      subject_type: "subscription",
      subject_id: link.id,
      payload: { plan_id: plan.id, bill_start, ...(bill_units ? { bill_units } : {}) },
    }),
  );
  await publish(app, tx, owner, events, now);
}
