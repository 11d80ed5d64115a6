/** The levels that recurring weighted sums carry from one billed period to the next (2.6 of the metering spec). */
import { createHash } from "node:crypto";
import { sql } from "kysely";
import type { Dec } from "../../kernel/decimal.ts";
import type { CarriedLevel, Group } from "../../metering/index.ts";
import { jsonArray, plainArray, textArray } from "../../storage/arrays.ts";
import type { DbOrTx } from "../../storage/database.ts";
import type { UsageBucket, UsageView } from "./model.ts";
import { groupName } from "./presentation.ts";
import type { ViewedCharge } from "./views.ts";

export interface LevelRequest {
  readonly bucket: UsageBucket;
  readonly charge_id: string;
}

export interface StoredLevel {
  readonly charge_filter_id: string | null;
  readonly grouped_by: Group;
  readonly level: Dec;
}

/** md5 of a group's texts by key, "" where there is none: what tells fees and levels of different groups apart. */
export function groupHash(group: Group): string {
  return Object.keys(group).length === 0 ? "" : createHash("md5").update(groupName(group)).digest("hex");
}

/**
 * Per request the newest level before its window of each filter and group. A link that follows another one begins anew:
 * the level of its predecessor's charges may be long past.
 */
export async function loadLevels(db: DbOrTx, requests: readonly LevelRequest[]): Promise<StoredLevel[][]> {
  const organizationId = requests[0]?.bucket.organization_id ?? null;
  const { rows } = await sql<StoredLevel & { readonly n: number }>`
    select distinct on (w.n, l.charge_filter_id, l.group_hash) w.n::int, l.charge_filter_id, l.grouped_by, l.level
    from unnest(
      ${plainArray(requests.map(({ bucket }) => bucket.chain_id))}::uuid[],
      ${plainArray(requests.map(({ bucket }) => (bucket.has_predecessor ? bucket.subscription_id : null)))}::uuid[],
      ${plainArray(requests.map(({ charge_id }) => charge_id))}::uuid[],
      ${plainArray(requests.map(({ bucket }) => bucket.window.from.toString()))}::timestamptz[]
    ) with ordinality as w(chain_id, subscription_id, charge_id, from_at, n)
    join weighted_levels l on l.organization_id = ${organizationId} and l.chain_id = w.chain_id and l.charge_id = w.charge_id
      and l.timestamp < w.from_at and (w.subscription_id is null or l.subscription_id = w.subscription_id)
    order by w.n, l.charge_filter_id, l.group_hash, l.timestamp desc`.execute(db);
  const found: StoredLevel[][] = requests.map(() => []);
  for (const { n, ...level } of rows) found[n - 1]?.push(level);
  return found;
}

/**
 * Stored levels as the view groups them; null where they cannot be told apart by what the view asks for. Levels of groups
 * that the view puts together add up.
 */
export function levelsInView(
  { buckets }: ViewedCharge,
  view: UsageView,
  stored: readonly StoredLevel[],
): CarriedLevel[] | null {
  const wanted = Object.entries(view.group);
  const isTold = wanted.every(([key]) => stored.every(({ grouped_by }) => Object.hasOwn(grouped_by, key)));
  if (!isTold) return null;
  const place = new Map(buckets.map(({ bucket }, index) => [bucket.filter?.id ?? null, index]));
  return stored.flatMap(({ charge_filter_id, grouped_by, level }) => {
    const bucket = place.get(charge_filter_id);
    const isWanted = wanted.every(([key, texts]) => texts.includes(grouped_by[key] ?? ""));
    return bucket === undefined || !isWanted ? [] : [{ bucket, group: grouped_by, level }];
  });
}

/** A level to be kept, with the invoice that bills it. */
export interface LevelRow extends StoredLevel {
  readonly chain_id: string;
  readonly subscription_id: string;
  readonly charge_id: string;
  /** The last event's in the window, or the window's start. */
  readonly timestamp: Temporal.Instant;
}

/** Each once: a period that is computed again leaves its level as it was. */
export async function storeLevels(db: DbOrTx, organizationId: string, rows: readonly LevelRow[]): Promise<void> {
  if (rows.length === 0) return;
  await sql`
    insert into weighted_levels
      (organization_id, chain_id, subscription_id, charge_id, charge_filter_id, group_hash, grouped_by, timestamp, level)
    select ${organizationId}::uuid, * from unnest(
      ${plainArray(rows.map(({ chain_id }) => chain_id))}::uuid[],
      ${plainArray(rows.map(({ subscription_id }) => subscription_id))}::uuid[],
      ${plainArray(rows.map(({ charge_id }) => charge_id))}::uuid[],
      ${plainArray(rows.map(({ charge_filter_id }) => charge_filter_id))}::uuid[],
      ${textArray(rows.map(({ grouped_by }) => groupHash(grouped_by)))}::text[],
      ${jsonArray(rows.map(({ grouped_by }) => grouped_by))}::jsonb[],
      ${plainArray(rows.map(({ timestamp }) => timestamp.toString()))}::timestamptz[],
      ${plainArray(rows.map(({ level }) => level.toFixed()))}::numeric[])
    on conflict do nothing`.execute(db);
}
