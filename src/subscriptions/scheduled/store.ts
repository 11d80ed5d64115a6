/** The SQL of scheduled changes. */
import { type Insertable, type Selectable, sql } from "kysely";
import { realOrganizationsWith } from "../../identity/index.ts";
import { isUuid } from "../../kernel/ids.ts";
import { offsetOf, type Page } from "../../kernel/pages.ts";
import type { DbOrTx, Tx } from "../../storage/database.ts";
import type { ScheduledChangesTable } from "../../storage/tables.ts";
import type { ScheduledChange } from "./model.ts";

const changeOf = (row: Selectable<ScheduledChangesTable>): ScheduledChange =>
  row as Selectable<ScheduledChangesTable> & ScheduledChange;

export async function insertScheduled(tx: Tx, row: Insertable<ScheduledChangesTable>): Promise<ScheduledChange> {
  return changeOf(await tx.insertInto("scheduled_changes").values(row).returningAll().executeTakeFirstOrThrow());
}

/** Of one chain, the earliest first. */
export async function listScheduled(
  db: DbOrTx,
  organizationId: string,
  chainId: string,
  page: Page,
): Promise<{ changes: ScheduledChange[]; count: number }> {
  const query = db
    .selectFrom("scheduled_changes")
    .where("organization_id", "=", organizationId)
    .where("chain_id", "=", chainId);
  const rows = await query
    .selectAll()
    .orderBy("scheduled_at")
    .orderBy("ordinal")
    .limit(page.perPage)
    .offset(offsetOf(page))
    .execute();
  const { count } = await query.select((eb) => eb.fn.countAll<bigint>().as("count")).executeTakeFirstOrThrow();
  return { changes: rows.map(changeOf), count: Number(count) };
}

/** Against others who carry it out or cancel it; null where it is not there. */
export async function lockScheduled(tx: Tx, organizationId: string, id: string): Promise<ScheduledChange | null> {
  if (!isUuid(id)) return null;
  const row = await tx
    .selectFrom("scheduled_changes")
    .selectAll()
    .where("organization_id", "=", organizationId)
    .where("id", "=", id)
    .forUpdate()
    .executeTakeFirst();
  return row === undefined ? null : changeOf(row);
}

/** Its last word. */
export async function closeScheduled(
  tx: DbOrTx,
  organizationId: string,
  id: string,
  {
    status,
    error = null,
    now,
  }: Pick<ScheduledChange, "status"> & Partial<Pick<ScheduledChange, "error">> & { readonly now: Temporal.Instant },
): Promise<void> {
  await tx
    .updateTable("scheduled_changes")
    .set({
      status,
      error: error === null ? null : JSON.stringify(error),
      applied_at: status === "applied" ? now : null,
      canceled_at: status === "canceled" ? now : null,
    })
    .where("organization_id", "=", organizationId)
    .where("id", "=", id)
    .where("status", "=", "pending")
    .execute();
}

/** What waits for subscriptions that have ended for good never comes. */
export async function cancelScheduledOf(
  tx: Tx,
  organizationId: string,
  subscriptionIds: readonly string[],
  now: Temporal.Instant,
): Promise<void> {
  if (subscriptionIds.length === 0) return;
  await sql`
    update scheduled_changes c set status = 'canceled', canceled_at = ${now.toString()}::timestamptz
    from subscriptions s
    where s.organization_id = ${organizationId}::uuid and s.id = any(${[...subscriptionIds]}::uuid[])
      and c.organization_id = s.organization_id and c.chain_id = s.chain_id and c.status = 'pending'`.execute(tx);
}

/** Ids of those that are due at `now`, in order. */
export async function dueScheduled(
  db: DbOrTx,
  organizationId: string,
  now: Temporal.Instant,
  limit: number,
): Promise<string[]> {
  const rows = await db
    .selectFrom("scheduled_changes")
    .select("id")
    .where("organization_id", "=", organizationId)
    .where("status", "=", "pending")
    .where("due_at", "<=", now)
    .orderBy("due_at")
    .orderBy("ordinal")
    .limit(limit)
    .execute();
  return rows.map(({ id }) => id);
}

/** The first moment in (after, until] at which one falls due. */
export async function nextScheduled(
  db: DbOrTx,
  organizationId: string,
  after: Temporal.Instant,
  until: Temporal.Instant,
): Promise<Temporal.Instant | null> {
  const row = await db
    .selectFrom("scheduled_changes")
    .select("due_at")
    .where("organization_id", "=", organizationId)
    .where("status", "=", "pending")
    .where("due_at", ">", after)
    .where("due_at", "<=", until)
    .orderBy("due_at")
    .limit(1)
    .executeTakeFirst();
  return row?.due_at ?? null;
}

/** When the first that waits for a chain is due; null where none does. */
export async function nextScheduledOf(
  db: DbOrTx,
  organizationId: string,
  chainId: string,
): Promise<Temporal.Instant | null> {
  const row = await db
    .selectFrom("scheduled_changes")
    .select("due_at")
    .where("organization_id", "=", organizationId)
    .where("chain_id", "=", chainId)
    .where("status", "=", "pending")
    .orderBy("due_at")
    .limit(1)
    .executeTakeFirst();
  return row?.due_at ?? null;
}

/** The real organizations that have one due at machine time. */
export function organizationsWithScheduled(db: DbOrTx, machineNow: Temporal.Instant): Promise<string[]> {
  return realOrganizationsWith(
    db,
    sql`select from scheduled_changes c
    where c.organization_id = o.id and c.status = 'pending' and c.due_at <= ${machineNow.toString()}::timestamptz`,
  );
}

/** What waits for subscriptions of these customers. */
export async function waitingOfCustomers(
  tx: Tx,
  organizationId: string,
  customerIds: readonly string[],
): Promise<ScheduledChange[]> {
  const rows = await tx
    .selectFrom("scheduled_changes")
    .selectAll()
    .where("organization_id", "=", organizationId)
    .where("customer_id", "=", sql<string>`any(${[...customerIds]}::uuid[])`)
    .where("status", "=", "pending")
    .execute();
  return rows.map(changeOf);
}

export async function setScheduledDues(
  tx: Tx,
  organizationId: string,
  dues: readonly { readonly id: string; readonly due_at: Temporal.Instant }[],
): Promise<void> {
  if (dues.length === 0) return;
  await sql`
    update scheduled_changes c set due_at = v.due_at
    from unnest(
      ${dues.map(({ id }) => id)}::uuid[], ${dues.map(({ due_at }) => due_at.toString())}::timestamptz[]
    ) as v(id, due_at)
    where c.organization_id = ${organizationId}::uuid and c.id = v.id`.execute(tx);
}
