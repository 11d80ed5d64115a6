/** The SQL of what the clock does with subscriptions besides billing them: found by one index, kind by kind. */
import { sql } from "kysely";
import { realOrganizationsWith } from "../identity/index.ts";
import type { DbOrTx, Tx } from "../storage/database.ts";

export type DueKind = "activation" | "termination" | "activation_expiration" | "termination_alert";

export interface Due {
  readonly subscription_id: string;
  readonly customer_id: string;
  readonly kind: DueKind;
  /** Null: not any more. */
  readonly due_at: Temporal.Instant | null;
}

/** Sets when these are due, or that they are not. */
export async function setDues(tx: Tx, organizationId: string, dues: readonly Due[]): Promise<void> {
  const set = dues.filter(({ due_at }) => due_at !== null);
  const unset = dues.filter(({ due_at }) => due_at === null);
  if (set.length > 0) {
    await sql`
      insert into subscription_dues (organization_id, subscription_id, kind, customer_id, due_at)
      select ${organizationId}::uuid, v.subscription_id, v.kind, v.customer_id, v.due_at
      from unnest(
        ${set.map(({ subscription_id }) => subscription_id)}::uuid[], ${set.map(({ kind }) => kind)}::text[],
        ${set.map(({ customer_id }) => customer_id)}::uuid[],
        ${set.map(({ due_at }) => due_at?.toString() ?? null)}::timestamptz[]
      ) as v(subscription_id, kind, customer_id, due_at)
      on conflict (organization_id, subscription_id, kind) do update set due_at = excluded.due_at`.execute(tx);
  }
  if (unset.length > 0) {
    await sql`
      delete from subscription_dues d
      using unnest(
        ${unset.map(({ subscription_id }) => subscription_id)}::uuid[], ${unset.map(({ kind }) => kind)}::text[]
      ) as v(subscription_id, kind)
      where d.organization_id = ${organizationId}::uuid and d.subscription_id = v.subscription_id and d.kind = v.kind`.execute(
      tx,
    );
  }
}

/** Of subscriptions that are over. */
export async function clearDues(tx: Tx, organizationId: string, subscriptionIds: readonly string[]): Promise<void> {
  if (subscriptionIds.length === 0) return;
  await tx
    .deleteFrom("subscription_dues")
    .where("organization_id", "=", organizationId)
    .where("subscription_id", "=", sql<string>`any(${[...subscriptionIds]}::uuid[])`)
    .execute();
}

/** Ids of subscriptions that are due at `now`, in order of id, those after `afterId`. */
export async function dueSubscriptions(
  db: DbOrTx,
  organizationId: string,
  kind: DueKind,
  now: Temporal.Instant,
  limit: number,
  afterId: string | null,
): Promise<string[]> {
  const rows = await db
    .selectFrom("subscription_dues")
    .select("subscription_id")
    .where("organization_id", "=", organizationId)
    .where("kind", "=", kind)
    .where("due_at", "<=", now)
    .$if(afterId !== null, (query) => query.where("subscription_id", ">", afterId))
    .orderBy("subscription_id")
    .limit(limit)
    .execute();
  return rows.map(({ subscription_id }) => subscription_id);
}

/** The first moment in (after, until] at which one of that kind falls due. */
export async function nextDueOf(
  db: DbOrTx,
  organizationId: string,
  kind: DueKind,
  after: Temporal.Instant,
  until: Temporal.Instant,
): Promise<Temporal.Instant | null> {
  const row = await db
    .selectFrom("subscription_dues")
    .select("due_at")
    .where("organization_id", "=", organizationId)
    .where("kind", "=", kind)
    .where("due_at", ">", after)
    .where("due_at", "<=", until)
    .orderBy("due_at")
    .limit(1)
    .executeTakeFirst();
  return row?.due_at ?? null;
}

/** The real organizations that have one of that kind due at machine time. */
export function organizationsWithDue(db: DbOrTx, kind: DueKind, machineNow: Temporal.Instant): Promise<string[]> {
  return realOrganizationsWith(
    db,
    sql`select from subscription_dues d
    where d.organization_id = o.id and d.kind = ${kind} and d.due_at <= ${machineNow.toString()}::timestamptz`,
  );
}
