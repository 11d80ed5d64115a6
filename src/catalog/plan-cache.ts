/** Plans remembered by a process: reading usage would spend half of its time on what has not changed since the last read. */
import type { DbOrTx } from "../storage/database.ts";
import { loadPlans } from "./plans-store.ts";
import type { StoredPlan } from "./stored.ts";

const REMEMBERED_MAX = 2_000;

interface Remembered {
  readonly organizationId: string;
  readonly version: bigint;
  readonly plan: StoredPlan;
}

/** By the database that they are stored in, then by plan. */
const caches = new WeakMap<DbOrTx, Map<string, Remembered>>();

function cacheOf(db: DbOrTx): Map<string, Remembered> {
  let cache = caches.get(db);
  if (cache === undefined) {
    cache = new Map();
    caches.set(db, cache);
  }
  return cache;
}

/**
 * Plans by id, also deleted ones, each with its live charges: never older than this call. One look at the catalog's version, which
 * every write of the organization's catalog increments (see claimCatalog), tells whether what is remembered still holds. In a
 * transaction, which may see what others never will, nothing is remembered.
 */
export async function rememberedPlans(
  db: DbOrTx,
  organizationId: string,
  ids: readonly string[],
): Promise<Map<string, StoredPlan>> {
  if (db.isTransaction) return loadPlans(db, organizationId, ids);
  const cache = cacheOf(db);
  // Read before the plans: one that changes in between is remembered as older than it is, never as newer.
  const { catalog_version: version } = await db
    .selectFrom("organizations")
    .select("catalog_version")
    .where("id", "=", organizationId)
    .executeTakeFirstOrThrow();
  const found = new Map<string, StoredPlan>();
  const unknown: string[] = [];
  for (const id of new Set(ids)) {
    const known = cache.get(id);
    if (known?.version === version && known.organizationId === organizationId) found.set(id, known.plan);
    else unknown.push(id);
  }
  for (const [id, plan] of await loadPlans(db, organizationId, unknown)) {
    if (cache.size >= REMEMBERED_MAX) cache.clear();
    cache.set(id, { organizationId, version, plan });
    found.set(id, plan);
  }
  return found;
}
