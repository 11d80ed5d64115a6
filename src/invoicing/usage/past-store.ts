/** The SQL of past usage: a page of invoiced periods, and the charge fees of them. */
import { sql } from "kysely";
import type { AggregationType, ChargeModel, FilterValues } from "../../catalog/index.ts";
import type { Dec } from "../../kernel/decimal.ts";
import { offsetOf, type Page } from "../../kernel/pages.ts";
import type { Group } from "../../metering/index.ts";
import type { DbOrTx } from "../../storage/database.ts";

export interface PastFilter {
  readonly organization_id: string;
  readonly external_customer_id: string;
  readonly external_subscription_id: string;
  /** Null: all charges. */
  readonly billable_metric_code: string | null;
}

export interface PastPeriod {
  readonly invoice_id: string;
  readonly subscription_id: string;
  readonly charges_from_at: Temporal.Instant;
  readonly charges_to_at: Temporal.Instant;
  readonly issuing_date: Temporal.PlainDate;
  readonly currency: string;
  /** Of the whole invoice. */
  readonly fees_amount_cents: bigint;
  readonly taxes_amount_cents: bigint;
}

/** A charge fee as it was billed, with the names that it is shown under. */
export interface PastFee {
  readonly invoice_id: string;
  readonly subscription_id: string;
  readonly charge_id: string;
  readonly charge_code: string;
  readonly charge_model: ChargeModel;
  readonly charge_display_name: string | null;
  readonly has_filters: boolean;
  readonly metric_id: string;
  readonly metric_name: string;
  readonly metric_code: string;
  readonly aggregation_type: AggregationType;
  readonly filter_id: string | null;
  readonly filter_values: FilterValues | null;
  readonly filter_display_name: string | null;
  readonly grouped_by: Group;
  readonly units: Dec;
  readonly total_aggregated_units: Dec;
  readonly events_count: number;
  readonly amount_cents: bigint;
  /** As it is stored: decimals as texts. */
  readonly pricing_unit: {
    readonly short_name: string;
    readonly conversion_rate: string;
    readonly amount_cents: number;
  } | null;
  readonly presentation_breakdowns: readonly { readonly presentation_by: Group; readonly units: string }[];
}

/** Deleted ones too: what was used of them is still on invoices. */
export async function isMetricCode(db: DbOrTx, organizationId: string, code: string): Promise<boolean> {
  const row = await db
    .selectFrom("billable_metrics")
    .select("id")
    .where("organization_id", "=", organizationId)
    .where("code", "=", code)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** Periods whose usage was billed at their end: not the empty one of a start, nor what single events were billed at once. */
function periodsOf({ organization_id, external_customer_id, external_subscription_id }: PastFilter) {
  return sql`
    from subscriptions s
    join customers c on c.organization_id = s.organization_id and c.id = s.customer_id
    join invoice_subscriptions p on p.organization_id = s.organization_id and p.subscription_id = s.id
    join invoices i on i.organization_id = p.organization_id and i.id = p.invoice_id
    where s.organization_id = ${organization_id} and s.external_id = ${external_subscription_id} and c.external_id = ${external_customer_id}
      and p.invoicing_reason in ('subscription_periodic', 'subscription_terminating') and p.charges_from_at < p.charges_to_at
      and i.status not in ('generating', 'voided', 'deleted')`;
}

/** The latest first. */
export async function listPastPeriods(
  db: DbOrTx,
  filter: PastFilter,
  page: Page,
): Promise<{ periods: PastPeriod[]; total: number }> {
  const [counted, listed] = await Promise.all([
    sql<{ total: number }>`select count(*)::float8 as total ${periodsOf(filter)}`.execute(db),
    sql<PastPeriod>`
      select p.invoice_id, p.subscription_id, p.charges_from_at, p.charges_to_at, i.issuing_date, i.currency, i.fees_amount_cents,
        (
          select coalesce(sum(f.taxes_amount_cents), 0)::bigint from fees f
          where f.organization_id = p.organization_id and f.invoice_id = p.invoice_id and f.deleted_at is null
        ) as taxes_amount_cents
      ${periodsOf(filter)}
      order by p.charges_from_at desc, p.ordinal desc limit ${page.perPage} offset ${offsetOf(page)}`.execute(db),
  ]);
  return { periods: listed.rows, total: counted.rows[0]?.total ?? 0 };
}

/** The charge fees of these periods' invoices for their subscriptions, in the order in which they were written. */
export async function loadPastFees(
  db: DbOrTx,
  { organization_id, billable_metric_code }: PastFilter,
  periods: readonly PastPeriod[],
): Promise<PastFee[]> {
  if (periods.length === 0) return [];
  const { rows } = await sql<PastFee>`
    select f.invoice_id, f.subscription_id, f.charge_id, ch.code as charge_code, ch.charge_model, ch.invoice_display_name as charge_display_name,
      exists (select from charge_filters x where x.organization_id = f.organization_id and x.charge_id = f.charge_id
        and (x.deleted_at is null or x.deleted_at > f.created_at) and x.created_at <= f.created_at) as has_filters,
      m.id as metric_id, m.name as metric_name, m.code as metric_code, m.aggregation_type,
      f.charge_filter_id as filter_id, cf.values as filter_values, cf.invoice_display_name as filter_display_name,
      f.grouped_by, f.units, f.total_aggregated_units, f.events_count, f.amount_cents, f.pricing_unit, f.presentation_breakdowns
    from unnest(${periods.map(({ invoice_id }) => invoice_id)}::uuid[], ${periods.map(({ subscription_id }) => subscription_id)}::uuid[])
      as p(invoice_id, subscription_id)
    join fees f on f.organization_id = ${organization_id} and f.invoice_id = p.invoice_id and f.subscription_id = p.subscription_id
    join charges ch on ch.organization_id = f.organization_id and ch.id = f.charge_id
    join billable_metrics m on m.organization_id = f.organization_id and m.id = f.billable_metric_id
    left join charge_filters cf on cf.organization_id = f.organization_id and cf.id = f.charge_filter_id
    where f.fee_type = 'charge' and f.deleted_at is null and (${billable_metric_code}::text is null or m.code = ${billable_metric_code})
    order by lower(m.name), f.ordinal`.execute(db);
  return rows;
}
