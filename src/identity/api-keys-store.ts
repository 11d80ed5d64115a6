/** The SQL of API keys. */
import type { Selectable } from "kysely";
import type { Page } from "../kernel/pages.ts";
import { offsetOf } from "../kernel/pages.ts";
import type { Db, DbOrTx, Tx } from "../storage/database.ts";
import type { ApiKeysTable } from "../storage/tables.ts";
import type { NewKey } from "./authenticate.ts";
import type { Permissions } from "./permissions.ts";

export type ApiKey = Selectable<ApiKeysTable>;

/** Those that do not have ended at `now`. */
function usable(db: DbOrTx, organizationId: string, now: Temporal.Instant) {
  return db
    .selectFrom("api_keys")
    .where("organization_id", "=", organizationId)
    .where((eb) => eb.or([eb("expires_at", "is", null), eb("expires_at", ">", now)]));
}

export async function listApiKeys(
  db: Db,
  organizationId: string,
  now: Temporal.Instant,
  page: Page,
): Promise<{ keys: ApiKey[]; count: number }> {
  const query = usable(db, organizationId, now);
  const keys = await query
    .selectAll()
    .orderBy("created_at", "desc")
    .orderBy("ordinal")
    .limit(page.perPage)
    .offset(offsetOf(page))
    .execute();
  const { count } = await query.select((eb) => eb.fn.countAll<bigint>().as("count")).executeTakeFirstOrThrow();
  return { keys, count: Number(count) };
}

export async function findApiKey(
  db: DbOrTx,
  organizationId: string,
  id: string,
  now: Temporal.Instant,
): Promise<ApiKey | null> {
  const row = await usable(db, organizationId, now).selectAll().where("id", "=", id).executeTakeFirst();
  return row ?? null;
}

/** All usable keys of the organization, locked: whether one may go depends on the others. */
export async function lockApiKeys(tx: Tx, organizationId: string, now: Temporal.Instant): Promise<ApiKey[]> {
  return usable(tx, organizationId, now).selectAll().orderBy("id").forUpdate().execute();
}

export interface NewApiKey {
  readonly id: string;
  readonly name: string | null;
  readonly key: NewKey;
  readonly permissions: Permissions | null;
  readonly expires_at: Temporal.Instant | null;
  readonly created_at: Temporal.Instant;
}

export async function insertApiKey(tx: DbOrTx, organizationId: string, key: NewApiKey): Promise<ApiKey> {
  const { id, name, permissions, expires_at, created_at } = key;
  return tx
    .insertInto("api_keys")
    .values({
      organization_id: organizationId,
      id,
      name,
      key_hash: key.key.hash,
      value_hint: key.key.hint,
      permissions: permissions === null ? null : JSON.stringify(permissions),
      expires_at,
      created_at,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
}

export interface ApiKeyChange {
  readonly name?: string | null;
  readonly permissions?: Permissions;
  readonly expires_at?: Temporal.Instant;
}

export async function updateApiKey(tx: Tx, organizationId: string, id: string, change: ApiKeyChange): Promise<ApiKey> {
  const { permissions, ...columns } = change;
  return tx
    .updateTable("api_keys")
    .set({ ...columns, ...(permissions === undefined ? {} : { permissions: JSON.stringify(permissions) }) })
    .where("organization_id", "=", organizationId)
    .where("id", "=", id)
    .returningAll()
    .executeTakeFirstOrThrow();
}

export async function recordUse(db: Db, organizationId: string, id: string, at: Temporal.Instant): Promise<void> {
  await db
    .updateTable("api_keys")
    .set({ last_used_at: at })
    .where("organization_id", "=", organizationId)
    .where("id", "=", id)
    .where((eb) => eb.or([eb("last_used_at", "is", null), eb("last_used_at", "<", at)]))
    .execute();
}
