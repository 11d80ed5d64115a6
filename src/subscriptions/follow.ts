/** What a billing run does to subscriptions besides billing them: due downgrades take effect, trials end. */
import type { App } from "../app.ts";
import { type Owner, publish } from "../jobs/index.ts";
import type { Tx } from "../storage/database.ts";
import { settleBegun } from "./begin.ts";
import { clearDues } from "./dues-store.ts";
import type { LinkSwitch } from "./rules/switch.ts";
import { endSchedules, insertSchedules } from "./schedules-store.ts";
import { endLinks, endTrials, startLinks } from "./transitions-store.ts";

/** A switch, and the customer's time zone. */
export interface DueSwitch extends LinkSwitch {
  readonly timezone: string;
}

/** In the run's transaction: throws where a link does not stand as it was seen. */
export async function applySwitches(
  app: Pick<App, "reactions">,
  tx: Tx,
  owner: Owner,
  switches: readonly DueSwitch[],
  now: Temporal.Instant,
): Promise<void> {
  if (switches.length === 0) return;
  const ended = switches.map(({ old }) => old.id);
  await endLinks(
    tx,
    owner.id,
    switches.map(({ old, oldTerms }) => ({
      id: old.id,
      terminated_at: oldTerms.terminated_at ?? now,
      terminated_by: "downgrade",
      on_termination_credit_note: old.on_termination_credit_note,
      on_termination_invoice: old.on_termination_invoice,
    })),
    now,
  );
  await endSchedules(tx, owner.id, ended);
  await clearDues(tx, owner.id, ended);
  await startLinks(
    tx,
    owner.id,
    switches.map(({ next }) => next),
    now,
  );
  await insertSchedules(
    tx,
    owner.id,
    switches.flatMap(({ next, schedules }) =>
      schedules.map((schedule) => ({ ...schedule, subscription_id: next.id, customer_id: next.customer_id })),
    ),
  );
  const terminated = switches.map(({ old, next }) => ({
    kind: "subscription.terminated",
    subject_type: "subscription",
    subject_id: old.id,
    payload: { generate_invoice: false, terminated_by: "downgrade", next_subscription_id: next.id },
  }));
  await publish(app, tx, owner, terminated, now);
  const begun = switches.map(({ next, timezone }) => ({
    link: next,
    plan: { id: next.plan_id },
    timezone,
    bill_start: false,
  }));
  await settleBegun(app, tx, owner, begun, now);
}

/** In the run's transaction. */
export async function finishTrials(
  app: Pick<App, "reactions">,
  tx: Tx,
  owner: Owner,
  ends: readonly { readonly subscription_id: string; readonly at: Temporal.Instant }[],
  now: Temporal.Instant,
): Promise<void> {
  if (ends.length === 0) return;
  await endTrials(tx, owner.id, ends, now);
  const events = ends.map(({ subscription_id }) => ({
    kind: "subscription.trial_ended",
    subject_type: "subscription",
    subject_id: subscription_id,
  }));
  await publish(app, tx, owner, events, now);
}
