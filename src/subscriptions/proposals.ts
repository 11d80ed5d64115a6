/** How subscriptions stand, for those who look ahead: the running ones, and those that a request would make. */
import type { Static } from "typebox";
import type { App } from "../app.ts";
import { loadUnitOverrides, type UnitOverrides } from "../catalog/index.ts";
import type { Organization } from "../identity/index.ts";
import { Refusal } from "../kernel/failure.ts";
import type { DbOrTx, Tx } from "../storage/database.ts";
import { pendingLinks } from "./links-store.ts";
import type { PendingLink, Schedule, Subscription } from "./model.ts";
import { readCreation } from "./rules/request.ts";
import { nextScheduledOf } from "./scheduled/store.ts";
import { loadSchedules } from "./schedules-store.ts";
import type { CreateBody } from "./schemas.ts";
import { subscribe } from "./service.ts";
import { listByExternalId, loadSubscriptions } from "./store.ts";

/** A link and all that the clock will do with it. */
export interface Standing {
  readonly subscription: Subscription;
  readonly schedules: readonly Schedule[];
  /** The cheaper plan that waits for the period's end. */
  readonly next: PendingLink | null;
  /** The link that this one took the place of, by an upgrade. */
  readonly before: { readonly subscription: Subscription; readonly schedules: readonly Schedule[] } | null;
  /** When the first of its scheduled changes is due. */
  readonly changes_at: Temporal.Instant | null;
  /** Units of fixed charges that it has of its own. */
  readonly units: UnitOverrides;
}

async function standingOf(db: DbOrTx, organizationId: string, id: string): Promise<Standing> {
  const subscription = (await loadSubscriptions(db, organizationId, [id])).get(id);
  if (subscription === undefined) throw new Refusal("subscription_not_found");
  const { previous_subscription_id: previousId } = subscription;
  const ids = previousId === null ? [id] : [id, previousId];
  const links = await loadSubscriptions(db, organizationId, ids);
  const schedules = await loadSchedules(db, organizationId, ids);
  const next = (await pendingLinks(db, organizationId, [id])).get(id) ?? null;
  const previous = links.get(previousId ?? "");
  return {
    subscription,
    schedules: schedules.get(id) ?? [],
    next,
    before:
      previous?.terminated_by === "upgrade"
        ? { subscription: previous, schedules: schedules.get(previous.id) ?? [] }
        : null,
    changes_at: await nextScheduledOf(db, organizationId, subscription.chain_id),
    units: await loadUnitOverrides(db, organizationId, next === null ? [id] : [id, next.subscription.id]),
  };
}

/** Of the running subscription of an external id: active, or waiting for its own start. 404 `subscription_not_found`. */
export async function activeStanding(db: DbOrTx, organizationId: string, externalId: string): Promise<Standing> {
  const links = await listByExternalId(db, organizationId, externalId);
  const found =
    links.find(({ status }) => status === "active") ??
    links.find(({ status, previous_subscription_id }) => status === "pending" && previous_subscription_id === null);
  if (found === undefined) throw new Refusal("subscription_not_found");
  return standingOf(db, organizationId, found.id);
}

/**
 * What a request for a subscription comes to: done as it is asked for, in a transaction that the caller rolls back. The refusals are the
 * request's own.
 */
export async function propose(
  app: App,
  tx: Tx,
  organization: Organization,
  body: Static<typeof CreateBody>,
  now: Temporal.Instant,
): Promise<Standing> {
  const id = await subscribe(app, tx, organization, readCreation(body), now);
  return standingOf(tx, organization.id, id);
}
