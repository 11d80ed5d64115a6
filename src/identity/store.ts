/** The SQL of callers, new organizations and their clocks. */
import { type RawBuilder, sql } from "kysely";
import type { Db, DbOrTx } from "../storage/database.ts";
import type { Caller, NewKey } from "./authenticate.ts";

export async function findCaller(db: Db, keyHash: Buffer): Promise<Caller | null> {
  const row = await db
    .selectFrom("api_keys as k")
    .innerJoin("organizations as o", "o.id", "k.organization_id")
    .where("k.key_hash", "=", keyHash)
    .select(["o.id", "o.name", "o.sandbox", "o.clock_now", "k.id as api_key_id", "k.permissions", "k.expires_at"])
    .executeTakeFirst();
  if (row === undefined) return null;
  const { id, name, sandbox, clock_now } = row;
  return {
    organization: { id, name, sandbox, clock_now },
    apiKeyId: row.api_key_id,
    permissions: row.permissions,
    expiresAt: row.expires_at,
  };
}

/**
 * The real organizations (a sandbox runs on its own clock) for which `waiting` finds a row: a query that names the organization's id
 * as `o.id`. In the order in which they were made.
 */
export async function realOrganizationsWith(db: DbOrTx, waiting: RawBuilder<unknown>): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select o.id from organizations o where not o.sandbox and exists (${waiting}) order by o.ordinal`.execute(db);
  return rows.map(({ id }) => id);
}

export interface NewOrganization {
  readonly id: string;
  readonly name: string;
  readonly slug: string;
  readonly email: string | null;
  readonly sandbox: boolean;
  readonly documentNumberPrefix: string;
  readonly currency: string;
  readonly entityCode: string;
}

/** The organization, its default billing entity (which shares its id) and its first key; nothing where its slug is taken. */
export async function insertOrganization(
  tx: DbOrTx,
  organization: NewOrganization,
  apiKeyId: string,
  key: NewKey,
  now: Temporal.Instant,
): Promise<"inserted" | "slug_taken"> {
  const { id, name, slug, email, sandbox, documentNumberPrefix, currency, entityCode } = organization;
  const times = { created_at: now, updated_at: now };
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto("organizations")
    .values({ id, name, slug, sandbox, document_number_prefix: documentNumberPrefix, ...times })
    .onConflict((conflict) => conflict.column("slug").doNothing())
    .executeTakeFirstOrThrow();
  if (numInsertedOrUpdatedRows === 0n) return "slug_taken";
  await tx
    .insertInto("billing_entities")
    .values({
      organization_id: id,
      id,
      code: entityCode,
      name,
      email,
      default_currency: currency,
      document_number_prefix: documentNumberPrefix,
      ...times,
    })
    .execute();
  await tx
    .insertInto("api_keys")
    .values({
      organization_id: id,
      id: apiKeyId,
      name: "Default",
      key_hash: key.hash,
      value_hint: key.hint,
      created_at: now,
    })
    .execute();
  return "inserted";
}

/** Whether an organization exists already. */
export async function hasOrganizations(db: Db): Promise<boolean> {
  return (await db.selectFrom("organizations").select("id").limit(1).executeTakeFirst()) !== undefined;
}

export type ClockMove = "moved" | "backwards";

/** Sets a sandbox's present; forwards only once it is set. */
export async function setClock(db: Db, organizationId: string, now: Temporal.Instant): Promise<ClockMove> {
  const { numUpdatedRows } = await db
    .updateTable("organizations")
    .set({ clock_now: now })
    .where("id", "=", organizationId)
    .where("sandbox", "=", true)
    .where((eb) => eb.or([eb("clock_now", "is", null), eb("clock_now", "<=", now)]))
    .executeTakeFirst();
  return numUpdatedRows === 1n ? "moved" : "backwards";
}

export async function readClock(db: DbOrTx, organizationId: string): Promise<Temporal.Instant | null> {
  const { clock_now } = await db
    .selectFrom("organizations")
    .select("clock_now")
    .where("id", "=", organizationId)
    .executeTakeFirstOrThrow();
  return clock_now;
}
