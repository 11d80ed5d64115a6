/** Counters without gaps: a number is taken in the transaction of the thing that it numbers. */
import { sql } from "kysely";
import type { Tx } from "../storage/database.ts";

export interface NumbersWanted {
  /** What the series runs within, e.g. "" (the organization) or "<customer id>/<billing entity id>". */
  readonly scope: string;
  readonly count: number;
}

/**
 * Takes `count` consecutive numbers of each scope's series and answers the FIRST one taken per scope; a series that is
 * not there yet begins at 1. One statement for any number of scopes, locked in order of scope, so that two takers
 * never wait for each other in a circle. The rows stay locked until the transaction ends: take numbers last.
 */
export async function takeNumbers(
  tx: Tx,
  organizationId: string,
  kind: string,
  scopes: readonly NumbersWanted[],
): Promise<Map<string, bigint>> {
  const wanted = new Map<string, number>();
  for (const { scope, count } of scopes) {
    if (count > 0) wanted.set(scope, (wanted.get(scope) ?? 0) + count);
  }
  if (wanted.size === 0) return new Map();
  const { rows } = await sql<{ scope: string; last: bigint }>`
    insert into document_sequences (organization_id, kind, scope, last)
    select ${organizationId}::uuid, ${kind}, w.scope, w.count
    from unnest(${[...wanted.keys()]}::text[], ${[...wanted.values()]}::bigint[]) as w(scope, count)
    order by w.scope collate "C"
    on conflict (organization_id, kind, scope) do update set last = document_sequences.last + excluded.last
    returning scope, last`.execute(tx);
  return new Map(rows.map(({ scope, last }) => [scope, last - BigInt(wanted.get(scope) ?? 0) + 1n]));
}
