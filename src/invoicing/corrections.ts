/**
 * Billing reads usage first and writes its invoices later. What is voided in between is found when they are written: then usage is
 * read again. And a void waits for invoices that are being written: then it finds that its event is on one.
 */
import { sql } from "kysely";
import type { DbOrTx, Tx } from "../storage/database.ts";

const lockOf = (organizationId: string) => sql`hashtextextended('corrections:' || ${organizationId}::text, 0)`;

/** Taken before usage is read: what can be seen of corrections. */
export async function correctionsSeen(db: DbOrTx): Promise<string> {
  const { rows } = await sql<{ seen: string }>`select pg_current_snapshot()::text as seen`.execute(db);
  return rows[0]?.seen ?? "";
}

/** Events of what is being billed were voided after its usage was read. */
class CorrectedMeanwhile extends Error {}

/** In the transaction that writes: nothing of these subscriptions was voided since, nor will be until it ends. */
export async function holdCorrections(
  tx: Tx,
  organizationId: string,
  seen: string,
  externalSubscriptionIds: readonly string[],
): Promise<void> {
  await holdVoids(tx, organizationId);
  const { rows } = await sql`
    select from event_voids v join streams s on s.id = v.stream_id
    where v.organization_id = ${organizationId}::uuid and v.xid >= pg_snapshot_xmin(${seen}::pg_snapshot)
      and not pg_visible_in_snapshot(v.xid, ${seen}::pg_snapshot) and s.external_subscription_id = any(${externalSubscriptionIds}::text[])
    limit 1`.execute(tx);
  if (rows.length > 0) throw new CorrectedMeanwhile("events were voided while they were billed");
}

/** In a transaction that reads events and writes their fees at once: no event is voided until it ends. */
export async function holdVoids(tx: Tx, organizationId: string): Promise<void> {
  await sql`select pg_advisory_xact_lock_shared(${lockOf(organizationId)})`.execute(tx);
}

/** In the transaction of a correction: invoices that are being written are there. */
export async function awaitInvoices(db: DbOrTx, organizationId: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(${lockOf(organizationId)})`.execute(db);
}

const ATTEMPTS_MAX = 5;

/** Reads and writes again what was corrected in between. */
export async function untilUncorrected<T>(bill: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await bill();
    } catch (error) {
      if (!(error instanceof CorrectedMeanwhile) || attempt === ATTEMPTS_MAX) throw error;
    }
  }
}
