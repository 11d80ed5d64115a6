/** The SQL of lifetime usage. */
import { sql } from "kysely";
import type { DbOrTx } from "../../storage/database.ts";
import type { Subscription } from "../../subscriptions/index.ts";

/** What is stored of a subscription's lifetime, and what was invoiced in it. */
export interface StoredLifetime {
  /** The first of the customer's links under this external id: it stands for all of them. */
  readonly first_subscription_id: string;
  /** Where the first link's anchor is. */
  readonly from: Temporal.Instant;
  readonly external_historical_usage_amount_cents: bigint;
  readonly invoiced_usage_amount_cents: bigint;
}

/**
 * A lifetime is all links of one customer since another one last had the external id (decisions 13). `before`: where the
 * subscription's open period begins; what is invoiced of that already is current usage. Null: nothing is open.
 */
export async function loadLifetime(
  db: DbOrTx,
  organizationId: string,
  subscription: Subscription,
  before: Temporal.Instant | null,
): Promise<StoredLifetime> {
  const { id, external_id, chain_id, started_at } = subscription;
  const { rows } = await sql<StoredLifetime>`
    with link as (
      select s.id, s.started_at, s.subscription_at, s.ordinal from subscriptions s
      where s.organization_id = ${organizationId} and s.external_id = ${external_id} and s.chain_id = ${chain_id}
        and s.started_at is not null and s.status <> 'canceled'
        and s.started_at > coalesce((
          select max(o.started_at) from subscriptions o
          where o.organization_id = ${organizationId} and o.external_id = ${external_id} and o.chain_id <> ${chain_id}
            and o.started_at < ${started_at?.toString() ?? null}::timestamptz
        ), '-infinity')
    ), first as (select * from link order by started_at, ordinal limit 1)
    select first.id as first_subscription_id, first.subscription_at as "from",
      coalesce(l.external_historical_usage_amount_cents, 0) as external_historical_usage_amount_cents,
      (
        select coalesce(sum(f.amount_cents), 0)::bigint from link
        join fees f on f.organization_id = ${organizationId} and f.subscription_id = link.id
        join invoices i on i.organization_id = f.organization_id and i.id = f.invoice_id
        where f.fee_type = 'charge' and f.deleted_at is null and i.invoice_type = 'subscription' and i.status in ('draft', 'finalized')
          and (link.id <> ${id} or f.to_at <= coalesce(${before?.toString() ?? null}::timestamptz, 'infinity'))
      ) as invoiced_usage_amount_cents
    from first
    left join lifetime_usages l on l.organization_id = ${organizationId} and l.first_subscription_id = first.id`.execute(
    db,
  );
  const [lifetime] = rows;
  if (lifetime === undefined) throw new Error(`subscription ${id} has not begun`);
  return lifetime;
}

export async function saveHistoricalUsage(
  db: DbOrTx,
  organizationId: string,
  first_subscription_id: string,
  external_historical_usage_amount_cents: bigint,
  now: Temporal.Instant,
): Promise<void> {
  await db
    .insertInto("lifetime_usages")
    .values({
      organization_id: organizationId,
      first_subscription_id,
      external_historical_usage_amount_cents,
      created_at: now,
      updated_at: now,
    })
    .onConflict((conflict) =>
      conflict
        .columns(["organization_id", "first_subscription_id"])
        .doUpdateSet({ external_historical_usage_amount_cents, updated_at: now }),
    )
    .execute();
}
