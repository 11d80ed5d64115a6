/** Plans remembered by a process: reading usage would spend half of its time on what has not changed since the last read. */
import type { Db } from "../storage/database.ts";
import { loadPlans } from "./plans-store.ts";
import type { StoredPlan } from "./stored.ts";

const REMEMBERED_MAX = 2_000;

interface Remembered {
  readonly version: bigint;
  readonly plan: StoredPlan;
}

/** By the database that they are stored in, then by plan. */
const caches = new WeakMap<Db, Map<string, Remembered>>();

function cacheOf(db: Db): Map<string, Remembered> {
  let cache = caches.get(db);
  if (cache === undefined) {
    cache = new Map();
    caches.set(db, cache);
  }
  return cache;
}

/**
 * The plan, also a deleted one, with its live charges: never older than this call. One look at the catalog's version, which every
 * write of the organization's catalog increments (see claimCatalog), tells whether what is remembered still holds.
 */
export async function rememberedPlan(db: Db, organizationId: string, id: string): Promise<StoredPlan> {
  const cache = cacheOf(db);
  // Read before the plan: a plan that changes in between is remembered as older than it is, never as newer.
  const { catalog_version: version } = await db
    .selectFrom("organizations")
    .select("catalog_version")
    .where("id", "=", organizationId)
    .executeTakeFirstOrThrow();
  const known = cache.get(id);
  if (known?.version === version) return known.plan;
  const plan = (await loadPlans(db, organizationId, [id])).get(id);
  if (plan === undefined) throw new Error(`plan ${id} is not of organization ${organizationId}`);
  if (cache.size >= REMEMBERED_MAX) cache.clear();
  cache.set(id, { version, plan });
  return plan;
}
