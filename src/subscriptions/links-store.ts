/** What of a subscription lies before and after it: where its history begins, and which link took its place. */
import { sql } from "kysely";
import type { DbOrTx } from "../storage/database.ts";
import type { PendingLink, Subscription } from "./model.ts";
import { subscriptionOf } from "./store.ts";

/**
 * Where recurring usage begins to count (decisions 13), by subscription id: the start of the first link of the same customer since another one had the external id. Those whose
 * external id nobody else had are left out: their history begins with the first event.
 */
export async function historyStarts(
  db: DbOrTx,
  organizationId: string,
  subscriptionIds: readonly string[],
): Promise<Map<string, Temporal.Instant>> {
  if (subscriptionIds.length === 0) return new Map();
  const { rows } = await sql<{ id: string; history_from: Temporal.Instant }>`
    select s.id, (
      select min(m.started_at) from subscriptions m
      where m.organization_id = s.organization_id and m.external_id = s.external_id and m.chain_id = s.chain_id
        and m.started_at > other.last_start
    ) as history_from
    from subscriptions s
    cross join lateral (
      select max(o.started_at) as last_start from subscriptions o
      where o.organization_id = s.organization_id and o.external_id = s.external_id and o.chain_id <> s.chain_id
        and o.started_at < s.started_at
    ) other
    where s.organization_id = ${organizationId} and s.id = any(${[...subscriptionIds]}::uuid[]) and other.last_start is not null`.execute(
    db,
  );
  return new Map(rows.map(({ id, history_from }) => [id, history_from]));
}

/** The plan of the link that followed each, by its id; those that nothing followed are left out. */
export async function successorPlans(
  db: DbOrTx,
  organizationId: string,
  subscriptionIds: readonly string[],
): Promise<Map<string, string>> {
  if (subscriptionIds.length === 0) return new Map();
  const rows = await db
    .selectFrom("subscriptions")
    .select(["previous_subscription_id", "plan_id"])
    .where("organization_id", "=", organizationId)
    .where("previous_subscription_id", "=", sql<string>`any(${[...subscriptionIds]}::uuid[])`)
    .where("started_at", "is not", null)
    .execute();
  return new Map(rows.map(({ previous_subscription_id, plan_id }) => [previous_subscription_id ?? "", plan_id]));
}

/** The link that waits to take over from each of these, by its id; those that nothing waits for are left out. */
export async function pendingLinks(
  db: DbOrTx,
  organizationId: string,
  subscriptionIds: readonly string[],
): Promise<Map<string, PendingLink>> {
  if (subscriptionIds.length === 0) return new Map();
  const rows = await db
    .selectFrom("subscriptions as s")
    .selectAll("s")
    .select((eb) =>
      eb
        .selectFrom("subscriptions as o")
        .select((inner) => inner.fn.min("o.started_at").as("at"))
        .whereRef("o.organization_id", "=", "s.organization_id")
        .whereRef("o.external_id", "=", "s.external_id")
        .whereRef("o.chain_id", "=", "s.chain_id")
        .as("initial_started_at"),
    )
    .where("s.organization_id", "=", organizationId)
    .where("s.previous_subscription_id", "=", sql<string>`any(${[...subscriptionIds]}::uuid[])`)
    .where("s.status", "=", "pending")
    .execute();
  return new Map(
    rows.flatMap(({ initial_started_at, ...row }) => {
      if (initial_started_at === null) return [];
      return [[row.previous_subscription_id ?? "", { subscription: subscriptionOf(row), initial_started_at }]];
    }),
  );
}

/** Links that wait for the end of an active one, where either is on the plan: in pages by the waiting one's id. */
export async function waitingLinksOf(
  db: DbOrTx,
  organizationId: string,
  planId: string,
  limit: number,
  after: string | null,
): Promise<{ readonly id: string; readonly current_id: string; readonly customer_id: string }[]> {
  const { rows } = await sql<{ id: string; current_id: string; customer_id: string }>`
    select next.id, current.id as current_id, next.customer_id
    from subscriptions next
    join subscriptions current on current.organization_id = next.organization_id
      and current.id = next.previous_subscription_id and current.status = 'active'
    where next.organization_id = ${organizationId} and next.status = 'pending' and next.id > coalesce(${after}::uuid, '00000000-0000-0000-0000-000000000000')
      and (next.plan_id = ${planId} or current.plan_id = ${planId})
    order by next.id limit ${limit}`.execute(db);
  return rows;
}

/** When each chain began; those that never began are left out. */
export async function initialStarts(
  db: DbOrTx,
  organizationId: string,
  chains: readonly { readonly chain_id: string; readonly external_id: string }[],
): Promise<Map<string, Temporal.Instant>> {
  if (chains.length === 0) return new Map();
  const rows = await db
    .selectFrom("subscriptions")
    .select((eb) => ["chain_id", eb.fn.min("started_at").as("started_at")])
    .where("organization_id", "=", organizationId)
    .where("external_id", "=", sql<string>`any(${chains.map(({ external_id }) => external_id)}::text[])`)
    .where("chain_id", "=", sql<string>`any(${chains.map(({ chain_id }) => chain_id)}::uuid[])`)
    .where("started_at", "is not", null)
    .groupBy("chain_id")
    .execute();
  return new Map(rows.map((row) => [row.chain_id, row.started_at as Temporal.Instant]));
}

/** The links of many external ids that began at all, by external id: open ones first, then the latest end, then the latest start. */
export async function linksByExternalId(
  db: DbOrTx,
  organizationId: string,
  externalIds: readonly string[],
): Promise<Map<string, Subscription[]>> {
  const rows = await db
    .selectFrom("subscriptions")
    .selectAll()
    .where("organization_id", "=", organizationId)
    .where("external_id", "=", sql<string>`any(${[...externalIds]}::text[])`)
    .where("started_at", "is not", null)
    .where("status", "in", ["active", "terminated"])
    .orderBy("terminated_at", (order) => order.desc().nullsFirst())
    .orderBy("started_at", "desc")
    .orderBy("ordinal", "desc")
    .execute();
  return Map.groupBy(rows.map(subscriptionOf), ({ external_id }) => external_id);
}
