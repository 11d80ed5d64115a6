/** The SQL of subscriptions and their chains. */
import { type Insertable, type Selectable, sql, type Updateable } from "kysely";
import { invalid } from "../kernel/failure.ts";
import { isUuid, newId } from "../kernel/ids.ts";
import { type DbOrTx, type Tx, violatedConstraint } from "../storage/database.ts";
import type { SubscriptionsTable } from "../storage/tables.ts";
import type { Subscription, SubscriptionStatus } from "./model.ts";

/** The columns' texts are what their check constraints allow. */
export function subscriptionOf(row: Selectable<SubscriptionsTable>): Subscription {
  return row as Selectable<SubscriptionsTable> & Subscription;
}

/** The one that an external id names while it is active; null where there is none, or another customer has it. */
export async function findActiveSubscription(
  db: DbOrTx,
  organizationId: string,
  customerId: string,
  externalId: string,
): Promise<Subscription | null> {
  const row = await db
    .selectFrom("subscriptions")
    .selectAll()
    .where("organization_id", "=", organizationId)
    .where("external_id", "=", externalId)
    .where("customer_id", "=", customerId)
    .where("status", "=", "active")
    .executeTakeFirst();
  return row === undefined ? null : subscriptionOf(row);
}

/** By id; ids that name nothing are left out. */
export async function loadSubscriptions(
  db: DbOrTx,
  organizationId: string,
  ids: readonly string[],
): Promise<Map<string, Subscription>> {
  const wanted = ids.filter(isUuid);
  if (wanted.length === 0) return new Map();
  const rows = await db
    .selectFrom("subscriptions")
    .selectAll()
    .where("organization_id", "=", organizationId)
    .where("id", "=", sql<string>`any(${wanted}::uuid[])`)
    .execute();
  return new Map(rows.map((row) => [row.id, subscriptionOf(row)]));
}

/** Which of these external ids an active subscription has. */
export async function activeExternalIds(
  tx: Tx,
  organizationId: string,
  externalIds: readonly string[],
): Promise<Set<string>> {
  if (externalIds.length === 0) return new Set();
  const rows = await tx
    .selectFrom("subscriptions")
    .select("external_id")
    .where("organization_id", "=", organizationId)
    .where("external_id", "=", sql<string>`any(${[...externalIds]}::text[])`)
    .where("status", "=", "active")
    .execute();
  return new Set(rows.map(({ external_id }) => external_id));
}

export interface LinkOutline {
  readonly id: string;
  readonly status: SubscriptionStatus;
  readonly customer_id: string;
  readonly plan_id: string;
  readonly previous_subscription_id: string | null;
}

/** The newest link of an external id in that status, whosever. */
export async function findByExternalId(
  db: DbOrTx,
  organizationId: string,
  externalId: string,
  status: SubscriptionStatus,
): Promise<LinkOutline | null> {
  return (await listByExternalId(db, organizationId, externalId)).find((link) => link.status === status) ?? null;
}

/** All links of an external id, whosever: the latest end first (open ones before), then the latest start. */
export async function listByExternalId(db: DbOrTx, organizationId: string, externalId: string): Promise<LinkOutline[]> {
  const rows = await db
    .selectFrom("subscriptions")
    .select(["id", "status", "customer_id", "plan_id", "previous_subscription_id"])
    .where("organization_id", "=", organizationId)
    .where("external_id", "=", externalId)
    .orderBy("terminated_at", (order) => order.desc().nullsFirst())
    .orderBy("started_at", (order) => order.desc().nullsLast())
    .orderBy("ordinal", "desc")
    .execute();
  return rows.map((row) => ({ ...row, status: row.status as SubscriptionStatus }));
}

/** When the customer's last subscription of this external id ended with an invoice of its last days; null: never. */
export async function lastBilledEnd(
  tx: Tx,
  organizationId: string,
  customerId: string,
  externalId: string,
): Promise<Temporal.Instant | null> {
  const row = await tx
    .selectFrom("subscriptions")
    .select("terminated_at")
    .where("organization_id", "=", organizationId)
    .where("external_id", "=", externalId)
    .where("customer_id", "=", customerId)
    .where("status", "=", "terminated")
    .where("on_termination_invoice", "=", "generate")
    .orderBy("terminated_at", (order) => order.desc().nullsLast())
    .limit(1)
    .executeTakeFirst();
  return row?.terminated_at ?? null;
}

/** The chain of a customer's external id, begun where there is none. */
export async function claimChain(
  tx: Tx,
  organizationId: string,
  customerId: string,
  externalId: string,
): Promise<string> {
  const { id } = await tx
    .insertInto("subscription_chains")
    .values({ organization_id: organizationId, id: newId(), external_id: externalId, customer_id: customerId })
    .onConflict((conflict) =>
      conflict
        .columns(["organization_id", "external_id", "customer_id"])
        .doUpdateSet((eb) => ({ external_id: eb.ref("excluded.external_id") })),
    )
    .returning("id")
    .executeTakeFirstOrThrow();
  return id;
}

/** A new link, waiting to begin; 422 where another change of plan waits already. */
export async function insertSubscription(tx: Tx, row: Insertable<SubscriptionsTable>): Promise<Subscription> {
  try {
    return subscriptionOf(await tx.insertInto("subscriptions").values(row).returningAll().executeTakeFirstOrThrow());
  } catch (error) {
    if (violatedConstraint(error) === "subscriptions_next") throw invalid("plan_code", "value_already_exist");
    throw error;
  }
}

/** Against others who change it. */
export async function lockSubscription(tx: Tx, organizationId: string, id: string): Promise<Subscription | null> {
  const row = await tx
    .selectFrom("subscriptions")
    .selectAll()
    .where("organization_id", "=", organizationId)
    .where("id", "=", id)
    .forNoKeyUpdate()
    .executeTakeFirst();
  return row === undefined ? null : subscriptionOf(row);
}

export async function updateSubscription(
  tx: Tx,
  organizationId: string,
  id: string,
  change: Updateable<SubscriptionsTable>,
): Promise<void> {
  await tx
    .updateTable("subscriptions")
    .set(change)
    .where("organization_id", "=", organizationId)
    .where("id", "=", id)
    .execute();
}

/** Those that had started on the plan by `at` and are billed (active), or will be once paid for (incomplete); in pages by id. */
export async function subscriptionsOnPlan(
  db: DbOrTx,
  organizationId: string,
  planId: string,
  at: Temporal.Instant,
  limit: number,
  after: string | null,
): Promise<Subscription[]> {
  const rows = await db
    .selectFrom("subscriptions")
    .selectAll()
    .where("organization_id", "=", organizationId)
    .where("plan_id", "=", planId)
    .where("status", "in", ["active", "incomplete"])
    .where("started_at", "<=", at)
    .$if(after !== null, (query) => query.where("id", ">", after))
    .orderBy("id")
    .limit(limit)
    .execute();
  return rows.map(subscriptionOf);
}

/** Those of the plans that a subscription is on, or will be. */
export async function plansInUse(
  db: DbOrTx,
  organizationId: string,
  planIds: readonly string[],
): Promise<ReadonlySet<string>> {
  const rows = await db
    .selectFrom("subscriptions")
    .select("plan_id")
    .distinct()
    .where("organization_id", "=", organizationId)
    .where("plan_id", "=", sql<string>`any(${planIds}::uuid[])`)
    .where("status", "in", ["active", "pending"])
    .execute();
  return new Set(rows.map(({ plan_id }) => plan_id));
}

/** What of these customers' subscriptions is not over, in order of insertion. */
export async function standingOfCustomers(
  tx: Tx,
  organizationId: string,
  customerIds: readonly string[],
): Promise<Subscription[]> {
  if (customerIds.length === 0) return [];
  const rows = await tx
    .selectFrom("subscriptions")
    .selectAll()
    .where("organization_id", "=", organizationId)
    .where("customer_id", "=", sql<string>`any(${[...customerIds]}::uuid[])`)
    .where("status", "in", ["pending", "active", "incomplete"])
    .orderBy("ordinal")
    .execute();
  return rows.map(subscriptionOf);
}

/** A page of what is not over of the subscriptions on these plans. */
export async function standingOnPlans(
  tx: Tx,
  organizationId: string,
  planIds: readonly string[],
  limit: number,
): Promise<Subscription[]> {
  const rows = await tx
    .selectFrom("subscriptions")
    .selectAll()
    .where("organization_id", "=", organizationId)
    .where("plan_id", "=", sql<string>`any(${[...planIds]}::uuid[])`)
    .where("status", "in", ["pending", "active", "incomplete"])
    .orderBy("id")
    .limit(limit)
    .execute();
  return rows.map(subscriptionOf);
}
