/** The SQL of usage analytics: whose usage is asked about, and what charges in advance came to. */
import { type RawBuilder, sql } from "kysely";
import type { VersionKey } from "../../catalog/index.ts";
import type { Dec } from "../../kernel/decimal.ts";
import type { DbOrTx } from "../../storage/database.ts";
import type { Window } from "../../subscriptions/index.ts";
import type { UsageAnalyticsQuery } from "./analytics-query.ts";
import type { MetricFacts } from "./analytics-totals.ts";

/** The customer lives by its own time zone, else by its billing entity's. */
const OF_SUBSCRIPTIONS = sql`
  from subscriptions s
  join customers c on c.organization_id = s.organization_id and c.id = s.customer_id
  join billing_entities ce on ce.organization_id = c.organization_id and ce.id = c.billing_entity_id
  join billing_entities e on e.organization_id = c.organization_id and e.id = coalesce(s.billing_entity_id, c.billing_entity_id)
  join plans p on p.organization_id = s.organization_id and p.id = s.plan_id`;

function isAsked(organizationId: string, query: UsageAnalyticsQuery): RawBuilder<unknown> {
  const conditions = (
    [
      ["c.external_id", query.external_customer_id],
      ["c.customer_type", query.customer_type],
      ["c.country", query.customer_country],
      ["s.external_id", query.external_subscription_id],
      ["p.code", query.plan_code],
      ["p.amount_currency", query.currency],
      ["e.code", query.billing_entity_code],
    ] as const
  ).flatMap(([column, value]) => (value === null ? [] : [sql`${sql.ref(column)} = ${value}`]));
  return sql.join([sql`s.organization_id = ${organizationId}`, ...conditions], sql` and `);
}

export interface AskedSubscription {
  readonly id: string;
  readonly timezone: string;
  /** What prices it today. */
  readonly plan: VersionKey;
}

/** Those that were there in the window, by id, beyond `after`. */
export async function listAskedSubscriptions(
  db: DbOrTx,
  organizationId: string,
  query: UsageAnalyticsQuery,
  { from, to }: Window,
  { after, limit }: { readonly after: string | null; readonly limit: number },
): Promise<AskedSubscription[]> {
  const { rows } = await sql<{ id: string; timezone: string; plan_id: string; version_no: number }>`
    select s.id, coalesce(c.timezone, ce.timezone) as timezone, s.plan_id, p.version_no
    ${OF_SUBSCRIPTIONS}
    where ${isAsked(organizationId, query)} and s.status in ('active', 'terminated')
      and s.started_at < ${to.toString()}::timestamptz and (s.terminated_at is null or s.terminated_at >= ${from.toString()}::timestamptz)
      and (${after}::uuid is null or s.id > ${after}::uuid)
    order by s.id limit ${limit}`.execute(db);
  return rows.map(({ id, timezone, plan_id, version_no }) => ({ id, timezone, plan: { plan_id, no: version_no } }));
}

/** The version that priced a usage window that is billed, by `billedWindow`. */
export async function billedVersions(
  db: DbOrTx,
  organizationId: string,
  subscriptionIds: readonly string[],
): Promise<Map<string, VersionKey>> {
  const { rows } = await sql<{ subscription_id: string; from_at: Temporal.Instant; plan_id: string; no: number }>`
    select distinct on (f.subscription_id, f.from_at) f.subscription_id, f.from_at, f.plan_id, f.plan_version_no as no
    from fees f
    where f.organization_id = ${organizationId} and f.subscription_id = any(${[...subscriptionIds]}::uuid[])
      and f.fee_type = 'charge' and f.event_transaction_id is null and f.plan_version_no is not null and f.from_at is not null
      and f.deleted_at is null
    order by f.subscription_id, f.from_at, f.plan_version_no desc`.execute(db);
  return new Map(
    rows.map(({ subscription_id, from_at, plan_id, no }) => [billedWindow(subscription_id, from_at), { plan_id, no }]),
  );
}

export const billedWindow = (subscriptionId: string, from: Temporal.Instant): string =>
  `${subscriptionId}/${from.epochNanoseconds}`;

export interface ChargedDay {
  /** The customer's local day. */
  readonly day: Temporal.PlainDate;
  readonly metric_id: string;
  readonly currency: string;
  readonly units: Dec;
  readonly amount_cents: bigint;
}

/** What charges in advance came to, by the day on which they were charged. */
export async function loadChargedDays(
  db: DbOrTx,
  organizationId: string,
  query: UsageAnalyticsQuery,
  { from, to }: Window,
): Promise<ChargedDay[]> {
  const { rows } = await sql<ChargedDay>`
    select (f.created_at at time zone coalesce(c.timezone, ce.timezone))::date as day, f.billable_metric_id as metric_id,
      f.amount_currency as currency, sum(f.units) as units, sum(f.amount_cents)::bigint as amount_cents
    ${OF_SUBSCRIPTIONS}
    join fees f on f.organization_id = s.organization_id and f.subscription_id = s.id
    join charges ch on ch.organization_id = f.organization_id and ch.id = f.charge_id
    where ${isAsked(organizationId, query)} and f.fee_type = 'charge' and f.deleted_at is null and ch.pay_in_advance
      and f.created_at >= ${from.toString()}::timestamptz and f.created_at < ${to.toString()}::timestamptz
    group by 1, 2, 3`.execute(db);
  return rows;
}

/** Those of these metrics that are asked about, deleted ones too. */
export async function loadMetricFacts(
  db: DbOrTx,
  organizationId: string,
  { billable_metric_code: code, is_billable_metric_recurring: recurring }: UsageAnalyticsQuery,
  ids: readonly string[],
): Promise<Map<string, MetricFacts>> {
  const { rows } = await sql<MetricFacts>`
    select id, code, recurring, deleted_at is not null as is_deleted from billable_metrics
    where organization_id = ${organizationId} and id = any(${[...ids]}::uuid[])
      and (${code}::text is null or code = ${code}) and (${recurring}::boolean is null or recurring = ${recurring})`.execute(
    db,
  );
  return new Map(rows.map((row) => [row.id, row]));
}
