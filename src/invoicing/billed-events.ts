/** Whether an event can still be corrected: not once it was billed. */
import { sql } from "kysely";
import type { DbOrTx } from "../storage/database.ts";
import { awaitInvoices } from "./corrections.ts";

interface EventInQuestion {
  readonly transaction_id: string;
  readonly external_subscription_id: string | null;
  readonly code: string;
  readonly timestamp: Temporal.Instant;
  /** Business time. */
  readonly created_at: Temporal.Instant;
  /** Machine time. */
  readonly received_at: Temporal.Instant;
}

/** Invoices whose figures may still change, or count no more. */
const NOT_FINAL = sql`'draft', 'open', 'voided', 'deleted'`;

/**
 * Whether the event may have been there when the invoice's usage was read: by business time, or by machine time, which an invoice's
 * id begins with. Two seconds for clocks that differ.
 */
const wasThere = ({ created_at, received_at }: EventInQuestion) => sql`(
  ${created_at.toString()}::timestamptz <= coalesce(i.finalized_at, i.created_at)
  or ${received_at.toString()}::timestamptz <= to_timestamp(('x' || left(replace(i.id::text, '-', ''), 12))::bit(48)::bigint / 1000.0) + interval '2 seconds'
)`;

/** What came before a period counts in it as well: levels that are carried from period to period. */
const CARRIED = sql`m.recurring and m.aggregation_type in ('sum_agg', 'unique_count_agg', 'weighted_sum_agg', 'custom_agg')`;

/**
 * Whether a fee in advance was made for the event, or a final invoice covers its moment with a charge on its code (also one that
 * came to nothing and left no fee). What came too late for its period's invoice is on none.
 */
export async function isEventBilled(db: DbOrTx, organizationId: string, event: EventInQuestion): Promise<boolean> {
  const { transaction_id, external_subscription_id, code, timestamp } = event;
  if (external_subscription_id === null) return false;
  await awaitInvoices(db, organizationId);
  const at = timestamp.toString();
  const { rows } = await sql<{ is_billed: boolean }>`
    with link as materialized (
      select s.id, s.plan_id from subscriptions s
      where s.organization_id = ${organizationId}::uuid and s.external_id = ${external_subscription_id}
    ), metric as materialized (
      select m.id, m.recurring, m.aggregation_type from billable_metrics m
      where m.organization_id = ${organizationId}::uuid and m.code = ${code}
    )
    select exists (
      select from live_fees f join link s on s.id = f.subscription_id join metric m on m.id = f.billable_metric_id
      where f.organization_id = ${organizationId}::uuid and f.event_transaction_id = ${transaction_id} and f.pay_in_advance
    ) or exists (
      select from link s
      join invoice_subscriptions p on p.organization_id = ${organizationId}::uuid and p.subscription_id = s.id
      join invoices i on i.organization_id = p.organization_id and i.id = p.invoice_id
      join charges c on c.organization_id = p.organization_id and c.plan_id = s.plan_id and not c.pay_in_advance
      join metric m on m.id = c.billable_metric_id
      where i.status not in (${NOT_FINAL}) and ${wasThere(event)}
        and p.charges_to_at > ${at}::timestamptz
        and (date_trunc('milliseconds', p.charges_from_at) <= ${at}::timestamptz or (${CARRIED}))
        and c.created_at <= i.created_at and (c.deleted_at is null or c.deleted_at > i.created_at)
    ) as is_billed`.execute(db);
  return rows[0]?.is_billed ?? false;
}
