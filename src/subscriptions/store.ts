/** The SQL of subscriptions and their chains. */
import { type Insertable, type Selectable, sql, type Updateable } from "kysely";
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

/** All links of an external id, whosever: the latest end first (open ones before), then the latest start. */
export async function listByExternalId(
  db: DbOrTx,
  organizationId: string,
  externalId: string,
): Promise<{ id: string; status: SubscriptionStatus; customer_id: string; plan_id: string }[]> {
  const rows = await db
    .selectFrom("subscriptions")
    .select(["id", "status", "customer_id", "plan_id"])
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

/** "external_id_taken" where an active subscription (of whichever customer) has it. */
export async function insertSubscription(
  tx: Tx,
  row: Insertable<SubscriptionsTable>,
): Promise<Subscription | "external_id_taken"> {
  try {
    return subscriptionOf(await tx.insertInto("subscriptions").values(row).returningAll().executeTakeFirstOrThrow());
  } catch (error) {
    if (violatedConstraint(error) === "subscriptions_active") return "external_id_taken";
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
