/** The SQL of what is held against commitments: fees that earlier invoices billed of the periods that are being closed. */
import { sql } from "kysely";
import type { Dec } from "../../kernel/decimal.ts";
import { plainArray } from "../../storage/arrays.ts";
import type { DbOrTx } from "../../storage/database.ts";
import { committedPeriod, type PeriodFees } from "../rules/commitment.ts";
import type { DuePeriod } from "../rules/due-periods.ts";

interface Row extends PeriodFees {
  readonly n: number;
  readonly precise_amount_cents: Dec;
}

/** Of those of the periods that close one with a commitment; one query. No fee is made before the period that it pays for. */
export async function loadBilledBefore(
  db: DbOrTx,
  organizationId: string,
  periods: readonly DuePeriod[],
): Promise<Map<DuePeriod, PeriodFees>> {
  const closing = periods.flatMap((period) => {
    const closed = committedPeriod(period);
    return closed === null ? [] : [{ period, id: period.subscription.id, window: closed.window }];
  });
  if (closing.length === 0) return new Map();
  // The organization comes from a row, not as a constant that statistics may not know of yet: so fees are found by their subscription.
  const { rows } = await sql<Row>`
    with w as materialized (
      select ${organizationId}::uuid as organization_id, subscription_id, from_at, to_at, n from unnest(
        ${plainArray(closing.map(({ id }) => id))}::uuid[],
        ${plainArray(closing.map(({ window }) => window.from.toString()))}::timestamptz[],
        ${plainArray(closing.map(({ window }) => window.to.toString()))}::timestamptz[]
      ) with ordinality as w(subscription_id, from_at, to_at, n)
    )
    select w.n::int as n, f.amount_cents, f.precise_amount_cents,
      exists (
        select from invoice_subscriptions i
        where i.organization_id = w.organization_id and i.subscription_id = w.subscription_id
          and i.from_at >= w.from_at and i.from_at < w.to_at
          and i.invoicing_reason not in ('in_advance_charge', 'in_advance_charge_periodic')
      ) as is_invoiced
    from w
    cross join lateral (
      select coalesce(sum(amount_cents), 0)::bigint as amount_cents, coalesce(sum(precise_amount_cents), 0) as precise_amount_cents
      from live_fees
      where organization_id = w.organization_id and subscription_id = w.subscription_id
        and created_at >= w.from_at and from_at >= w.from_at and from_at < w.to_at and fee_type <> 'commitment'
    ) f`.execute(db);
  return new Map(
    rows.map(({ n, ...fees }) => [(closing[n - 1] as { period: DuePeriod }).period, fees satisfies PeriodFees]),
  );
}
