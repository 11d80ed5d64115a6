/** The SQL of billing schedules: what is due, and the step that bills it once. */
import { type RawBuilder, sql } from "kysely";
import { realOrganizationsWith } from "../identity/index.ts";
import type { Db, DbOrTx, Tx } from "../storage/database.ts";
import { pendingLinks } from "./links-store.ts";
import type { DueSubscription, Schedule, ScheduleKind, ScheduleMove } from "./model.ts";
import { subscriptionOf } from "./store.ts";

/** A schedule to be written, and whose it is. */
export interface OwnedSchedule extends Schedule {
  readonly subscription_id: string;
  readonly customer_id: string;
}

export async function insertSchedules(
  tx: Tx,
  organizationId: string,
  schedules: readonly OwnedSchedule[],
): Promise<void> {
  if (schedules.length === 0) return;
  await sql`
    insert into billing_schedules (organization_id, subscription_id, kind, customer_id, billed_until, next_due_at)
    select ${organizationId}::uuid, v.subscription_id, v.kind, v.customer_id, v.billed_until, v.next_due_at
    from unnest(
      ${schedules.map(({ subscription_id }) => subscription_id)}::uuid[], ${schedules.map(({ kind }) => kind)}::text[],
      ${schedules.map(({ customer_id }) => customer_id)}::uuid[],
      ${schedules.map(({ billed_until }) => billed_until.toString())}::timestamptz[],
      ${schedules.map(({ next_due_at }) => next_due_at?.toString() ?? null)}::timestamptz[]
    ) as v(subscription_id, kind, customer_id, billed_until, next_due_at)`.execute(tx);
}

/** Ids of customers with due work, in order, those after `afterCustomerId`. */
export async function dueCustomers(
  db: DbOrTx,
  organizationId: string,
  now: Temporal.Instant,
  limit: number,
  afterCustomerId: string | null,
  onlyCustomerId: string | null = null,
): Promise<string[]> {
  const rows = await db
    .selectFrom("billing_schedules")
    .select("customer_id")
    .distinct()
    .where("organization_id", "=", organizationId)
    .where("next_due_at", "<=", now)
    .$if(afterCustomerId !== null, (query) => query.where("customer_id", ">", afterCustomerId))
    .$if(onlyCustomerId !== null, (query) => query.where("customer_id", "=", onlyCustomerId))
    .orderBy("customer_id")
    .limit(limit)
    .execute();
  return rows.map(({ customer_id }) => customer_id);
}

/**
 * All customers with due work, each perhaps several times, as a query of the column `customer_id`: read along the index of what is
 * due, so that it costs what is due and nothing else, whatever the planner believes of the table.
 */
export const customersWithDueWork = (
  organizationId: string,
  now: Temporal.Instant,
): RawBuilder<{ customer_id: string }> => sql`
  select customer_id from billing_schedules
  where organization_id = ${organizationId}::uuid and next_due_at <= ${now.toString()}::timestamptz`;

/**
 * The first moment in (after, until] at which something falls due; null where nothing does. Periods are due at local
 * midnight and billed `periodsLater`; the end of a trial or a pause is due at its instant.
 */
export async function nextDueAt(
  db: DbOrTx,
  organizationId: string,
  after: Temporal.Instant,
  until: Temporal.Instant,
  periodsLater: Temporal.DurationLike = { seconds: 0 },
): Promise<Temporal.Instant | null> {
  const first = async (isInstant: boolean, delay: Temporal.DurationLike) => {
    const row = await db
      .selectFrom("billing_schedules")
      .select("next_due_at")
      .where("organization_id", "=", organizationId)
      .where("next_due_at", ">", after.subtract(delay))
      .where("next_due_at", "<=", until.subtract(delay))
      .where("kind", isInstant ? "in" : "not in", ["trial", "resume"])
      .orderBy("next_due_at")
      .limit(1)
      .executeTakeFirst();
    return row?.next_due_at?.add(delay) ?? null;
  };
  const moments = [await first(false, periodsLater), await first(true, { seconds: 0 })].filter((at) => at !== null);
  return moments.sort(Temporal.Instant.compare)[0] ?? null;
}

/** The real organizations (a sandbox runs on its own clock) that have due work at machine time. */
export function organizationsWithDueWork(db: Db, machineNow: Temporal.Instant): Promise<string[]> {
  return realOrganizationsWith(
    db,
    sql`select from billing_schedules b where b.organization_id = o.id and b.next_due_at <= ${machineNow.toString()}::timestamptz`,
  );
}

/**
 * Every due schedule of these customers with its active subscription, in order of customer id and of subscriptions.
 * One consistent look, without locks: whoever bills what it shows proves by moveSchedules that it still stands so.
 */
export async function loadDueSubscriptions(
  db: DbOrTx,
  organizationId: string,
  customerIds: readonly string[],
  now: Temporal.Instant,
): Promise<DueSubscription[]> {
  if (customerIds.length === 0) return [];
  const rows = await db
    .selectFrom("billing_schedules as b")
    .innerJoin("subscriptions as s", (join) =>
      join.onRef("s.organization_id", "=", "b.organization_id").onRef("s.id", "=", "b.subscription_id"),
    )
    .where("b.organization_id", "=", organizationId)
    .where("b.customer_id", "=", sql<string>`any(${[...customerIds]}::uuid[])`)
    .where("b.next_due_at", "<=", now)
    .where("s.status", "=", "active")
    .selectAll("s")
    .select(["b.kind", "b.billed_until", "b.next_due_at"])
    .orderBy("b.customer_id")
    .orderBy("s.ordinal")
    .orderBy("b.kind")
    .execute();
  const due = new Map<string, { subscription: DueSubscription["subscription"]; schedules: Schedule[] }>();
  for (const { kind, billed_until, next_due_at, ...row } of rows) {
    const entry = due.get(row.id) ?? { subscription: subscriptionOf(row), schedules: [] };
    due.set(row.id, entry);
    entry.schedules.push({ kind: kind as ScheduleKind, billed_until, next_due_at });
  }
  const next = await pendingLinks(db, organizationId, [...due.keys()]);
  return [...due.values()].map((each) => ({ ...each, next: next.get(each.subscription.id) ?? null }));
}

/** All schedules of these subscriptions, locked: for the first and the last invoice. By subscription id. */
export function lockSchedules(
  tx: Tx,
  organizationId: string,
  subscriptionIds: readonly string[],
): Promise<Map<string, Schedule[]>> {
  return loadSchedules(tx, organizationId, subscriptionIds, { isLocking: true });
}

/** All schedules of these subscriptions, by subscription id. */
export async function loadSchedules(
  db: DbOrTx,
  organizationId: string,
  subscriptionIds: readonly string[],
  { isLocking = false }: { readonly isLocking?: boolean } = {},
): Promise<Map<string, Schedule[]>> {
  const rows = await db
    .selectFrom("billing_schedules")
    .select(["subscription_id", "kind", "billed_until", "next_due_at"])
    .where("organization_id", "=", organizationId)
    .where("subscription_id", "=", sql<string>`any(${[...subscriptionIds]}::uuid[])`)
    .orderBy("subscription_id")
    .orderBy("kind")
    .$if(isLocking, (query) => query.forUpdate())
    .execute();
  const schedules = new Map<string, Schedule[]>();
  for (const { subscription_id, kind, billed_until, next_due_at } of rows) {
    const known = schedules.get(subscription_id) ?? [];
    schedules.set(subscription_id, known);
    known.push({ kind: kind as ScheduleKind, billed_until, next_due_at });
  }
  return schedules;
}

/** Takes subscriptions that ended out of the runs' sight; what is still to be billed is the end's own work. */
export async function endSchedules(tx: Tx, organizationId: string, subscriptionIds: readonly string[]): Promise<void> {
  await tx
    .updateTable("billing_schedules")
    .set({ next_due_at: null })
    .where("organization_id", "=", organizationId)
    .where("subscription_id", "=", sql<string>`any(${[...subscriptionIds]}::uuid[])`)
    .execute();
}

/** Sets when schedules are due, without billing anything: the customer lives by another clock now, or a pause ended. */
export async function setDueMoments(
  tx: Tx,
  organizationId: string,
  moments: readonly Pick<OwnedSchedule, "subscription_id" | "kind" | "next_due_at">[],
): Promise<void> {
  if (moments.length === 0) return;
  await sql`
    update billing_schedules b set next_due_at = m.next_due_at
    from unnest(
      ${moments.map(({ subscription_id }) => subscription_id)}::uuid[],
      ${moments.map(({ kind }) => kind)}::text[],
      ${moments.map(({ next_due_at }) => next_due_at?.toString() ?? null)}::timestamptz[]
    ) as m(subscription_id, kind, next_due_at)
    where b.organization_id = ${organizationId}::uuid and b.subscription_id = m.subscription_id and b.kind = m.kind`.execute(
    tx,
  );
}

/**
 * One compare-and-set for any number of schedules. Throws where one does not stand where it was seen: its period was
 * billed by someone else meanwhile, and what the caller wrote for it must be undone with the transaction.
 */
export async function moveSchedules(tx: Tx, organizationId: string, moves: readonly ScheduleMove[]): Promise<void> {
  if (moves.length === 0) return;
  const result = await sql`
    update billing_schedules b set billed_until = m.billed_until,
      -- What has ended meanwhile stays out of the runs' sight.
      next_due_at = case when b.next_due_at is not null then m.next_due_at end
    from unnest(
      ${moves.map((move) => move.subscription_id)}::uuid[],
      ${moves.map((move) => move.kind)}::text[],
      ${moves.map((move) => move.from.toString())}::timestamptz[],
      ${moves.map((move) => move.to.toString())}::timestamptz[],
      ${moves.map((move) => move.next_due_at?.toString() ?? null)}::timestamptz[]
    ) as m(subscription_id, kind, seen, billed_until, next_due_at)
    where b.organization_id = ${organizationId}::uuid and b.subscription_id = m.subscription_id and b.kind = m.kind
      and b.billed_until = m.seen`.execute(tx);
  if (result.numAffectedRows !== BigInt(moves.length)) {
    throw new Error(
      `${moves.length - Number(result.numAffectedRows ?? 0n)} of ${moves.length} schedules were billed by someone else meanwhile`,
    );
  }
}

/** The rest of a period that a pause left unbilled is due at once. */
export async function openResumption(
  tx: Tx,
  organizationId: string,
  subscription: { readonly id: string; readonly customer_id: string },
  at: Temporal.Instant,
): Promise<void> {
  const moment = { billed_until: at, next_due_at: at };
  await tx
    .insertInto("billing_schedules")
    .values({
      organization_id: organizationId,
      subscription_id: subscription.id,
      customer_id: subscription.customer_id,
      kind: "resume",
      ...moment,
    })
    .onConflict((conflict) => conflict.columns(["organization_id", "subscription_id", "kind"]).doUpdateSet(moment))
    .execute();
}
