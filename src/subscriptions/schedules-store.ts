/** The SQL of billing schedules: what is due, and the step that bills it once. */
import { sql } from "kysely";
import type { Db, DbOrTx, Tx } from "../storage/database.ts";
import type { DueSubscription, Schedule, ScheduleKind, ScheduleMove } from "./model.ts";
import type { NewSchedule } from "./rules/schedules.ts";
import { subscriptionOf } from "./store.ts";

export async function insertSchedules(
  tx: Tx,
  organizationId: string,
  subscription: { readonly id: string; readonly customer_id: string },
  schedules: readonly NewSchedule[],
): Promise<void> {
  await tx
    .insertInto("billing_schedules")
    .values(
      schedules.map((schedule) => ({
        organization_id: organizationId,
        subscription_id: subscription.id,
        customer_id: subscription.customer_id,
        ...schedule,
      })),
    )
    .execute();
}

/** Ids of customers with due work, in order, those after `afterCustomerId`. */
export async function dueCustomers(
  db: DbOrTx,
  organizationId: string,
  now: Temporal.Instant,
  limit: number,
  afterCustomerId: string | null,
): Promise<string[]> {
  const rows = await db
    .selectFrom("billing_schedules")
    .select("customer_id")
    .distinct()
    .where("organization_id", "=", organizationId)
    .where("next_due_at", "<=", now)
    .$if(afterCustomerId !== null, (query) => query.where("customer_id", ">", afterCustomerId))
    .orderBy("customer_id")
    .limit(limit)
    .execute();
  return rows.map(({ customer_id }) => customer_id);
}

/** The first moment in (after, until] at which something falls due; null where nothing does. */
export async function nextDueAt(
  db: DbOrTx,
  organizationId: string,
  after: Temporal.Instant,
  until: Temporal.Instant,
): Promise<Temporal.Instant | null> {
  const row = await db
    .selectFrom("billing_schedules")
    .select("next_due_at")
    .where("organization_id", "=", organizationId)
    .where("next_due_at", ">", after)
    .where("next_due_at", "<=", until)
    .orderBy("next_due_at")
    .limit(1)
    .executeTakeFirst();
  return row?.next_due_at ?? null;
}

/** The real organizations (a sandbox runs on its own clock) that have due work at machine time. */
export async function organizationsWithDueWork(db: Db, machineNow: Temporal.Instant): Promise<string[]> {
  const rows = await db
    .selectFrom("organizations as o")
    .select("o.id")
    .where("o.sandbox", "=", false)
    .where((eb) =>
      eb.exists(
        eb
          .selectFrom("billing_schedules as b")
          .select("b.subscription_id")
          .whereRef("b.organization_id", "=", "o.id")
          .where("b.next_due_at", "<=", machineNow),
      ),
    )
    .orderBy("o.ordinal")
    .execute();
  return rows.map(({ id }) => id);
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
  return [...due.values()];
}

/** All schedules of these subscriptions, locked: for the first and the last invoice. By subscription id. */
export async function lockSchedules(
  tx: Tx,
  organizationId: string,
  subscriptionIds: readonly string[],
): Promise<Map<string, Schedule[]>> {
  const rows = await tx
    .selectFrom("billing_schedules")
    .select(["subscription_id", "kind", "billed_until", "next_due_at"])
    .where("organization_id", "=", organizationId)
    .where("subscription_id", "=", sql<string>`any(${[...subscriptionIds]}::uuid[])`)
    .orderBy("subscription_id")
    .orderBy("kind")
    .forUpdate()
    .execute();
  const schedules = new Map<string, Schedule[]>();
  for (const { subscription_id, kind, billed_until, next_due_at } of rows) {
    const known = schedules.get(subscription_id) ?? [];
    schedules.set(subscription_id, known);
    known.push({ kind: kind as ScheduleKind, billed_until, next_due_at });
  }
  return schedules;
}

/** Takes a subscription that ended out of the runs' sight; what is still to be billed is the end's own work. */
export async function endSchedules(tx: Tx, organizationId: string, subscriptionId: string): Promise<void> {
  await tx
    .updateTable("billing_schedules")
    .set({ next_due_at: null })
    .where("organization_id", "=", organizationId)
    .where("subscription_id", "=", subscriptionId)
    .execute();
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
