/** The end of links: their row, their schedules, what waits behind them, and the word that they have ended. */
import type { App } from "../app.ts";
import { type DomainEvent, type Owner, publish } from "../jobs/index.ts";
import type { Tx } from "../storage/database.ts";
import { clearDues } from "./dues-store.ts";
import { pendingLinks } from "./links-store.ts";
import { cancelScheduledOf } from "./scheduled/store.ts";
import { endSchedules } from "./schedules-store.ts";
import { cancelLinks, type EndedLink, endLinks } from "./transitions-store.ts";

export interface Ending extends EndedLink {
  /** The link that an upgrade moves to: its first fee goes on the same invoice. */
  readonly next_subscription_id?: string;
}

/**
 * Ends any number of active links; links that waited for their end are canceled. What they still owe is billed by who
 * reacts to `subscription.terminated`; the runs see them no more. `keeps`: a waiting link that is about to begin.
 */
export async function endActive(
  app: Pick<App, "reactions">,
  tx: Tx,
  owner: Owner,
  endings: readonly Ending[],
  now: Temporal.Instant,
  { keeps = null }: { readonly keeps?: string | null } = {},
): Promise<void> {
  if (endings.length === 0) return;
  const ids = endings.map(({ id }) => id);
  const waiting = await pendingLinks(tx, owner.id, ids);
  await cancelPending(
    app,
    tx,
    owner,
    [...waiting.values()].map(({ subscription }) => subscription.id).filter((id) => id !== keeps),
    now,
  );
  await endLinks(tx, owner.id, endings, now);
  await endSchedules(tx, owner.id, ids);
  await clearDues(tx, owner.id, ids);
  const forGood = endings.filter(({ terminated_by }) => terminated_by !== "upgrade").map(({ id }) => id);
  await cancelScheduledOf(tx, owner.id, forGood, now);
  const events = endings.map(
    ({ id, on_termination_invoice, terminated_by, next_subscription_id = null }): DomainEvent => ({
      kind: "subscription.terminated",
      subject_type: "subscription",
      subject_id: id,
      payload: { generate_invoice: on_termination_invoice === "generate", terminated_by, next_subscription_id },
    }),
  );
  await publish(app, tx, owner, events, now);
}

/** Links that will never begin. */
export async function cancelPending(
  app: Pick<App, "reactions">,
  tx: Tx,
  owner: Owner,
  ids: readonly string[],
  now: Temporal.Instant,
  reason: "payment_failed" | "timeout" | null = null,
): Promise<void> {
  const canceled = await cancelLinks(tx, owner.id, ids, now, reason);
  await clearDues(tx, owner.id, canceled);
  await publish(
    app,
    tx,
    owner,
    canceled.map((id) => ({
      kind: "subscription.canceled",
      subject_type: "subscription",
      subject_id: id,
      payload: { cancellation_reason: reason },
    })),
    now,
  );
}
