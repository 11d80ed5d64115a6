/** The SQL of the fees that counted towards a commitment when it was billed. */
import { sql } from "kysely";
import { offsetOf, type Page } from "../../kernel/pages.ts";
import type { DbOrTx } from "../../storage/database.ts";
import type { Window } from "../../subscriptions/index.ts";
import type { FeeRow } from "../model.ts";

export interface FeesOfType {
  readonly fee_type: string;
  readonly count: number;
  /** Minor units, before coupons and taxes. */
  readonly amount_cents: bigint;
}

export interface CountedFee {
  readonly id: string;
  readonly invoice_id: string | null;
  readonly fee_type: string;
  readonly amount_cents: bigint;
  readonly from_at: Temporal.Instant;
  readonly to_at: Temporal.Instant;
}

export interface CountedFees {
  /** The plan's first, then by name of the type. */
  readonly by_type: readonly FeesOfType[];
  readonly total: number;
  /** In the order in which they were made. */
  readonly page: readonly CountedFee[];
}

export interface CountedFeesRequest {
  readonly fee: Pick<FeeRow, "subscription_id" | "created_at">;
  readonly window: Window;
  readonly page: Page;
}

/** What loadBilledBefore and countsTowards take, together: made by then, not deleted by then, of this part of the period. */
export async function loadCountedFees(
  db: DbOrTx,
  organizationId: string,
  { fee, window, page }: CountedFeesRequest,
): Promise<CountedFees> {
  const { subscription_id, created_at } = fee;
  const [from, to, then] = [window.from, window.to, created_at].map(String);
  const counted = sql`
    from fees
    where organization_id = ${organizationId} and subscription_id = ${subscription_id}
      and created_at >= ${from}::timestamptz and created_at <= ${then}::timestamptz
      and (deleted_at is null or deleted_at > ${then}::timestamptz)
      and from_at >= ${from}::timestamptz and from_at < ${to}::timestamptz and fee_type <> 'commitment'`;
  const [types, fees] = await Promise.all([
    sql<FeesOfType>`
      select fee_type, count(*)::int as count, sum(amount_cents)::bigint as amount_cents ${counted}
      group by fee_type order by fee_type <> 'subscription', fee_type`.execute(db),
    sql<CountedFee>`
      select id, invoice_id, fee_type, amount_cents, from_at, to_at ${counted}
      order by created_at, ordinal limit ${page.perPage} offset ${offsetOf(page)}`.execute(db),
  ]);
  const by_type = types.rows;
  return { by_type, total: by_type.reduce((total, { count }) => total + count, 0), page: fees.rows };
}
