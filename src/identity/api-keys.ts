/** API keys: several per organization, each shown once, hashed, with permissions of its own (D.4 of the platform spec). */
import type { App } from "../app.ts";
import { readMoment } from "../http/query.ts";
import { publish } from "../jobs/index.ts";
import { type Problem, Refusal, refuseIfAny } from "../kernel/failure.ts";
import { isUuid, newId } from "../kernel/ids.ts";
import { NAME_LENGTH_MAX, trimmedTextOrNull } from "../kernel/text.ts";
import { inTransaction, type Tx } from "../storage/database.ts";
import {
  type ApiKey,
  type ApiKeyChange,
  findApiKey,
  insertApiKey,
  lockApiKeys,
  updateApiKey,
} from "./api-keys-store.ts";
import { newApiKey, type Organization } from "./authenticate.ts";
import { keyCacheOf } from "./key-cache.ts";
import { covers, type Permissions, readPermissions } from "./permissions.ts";

export interface ApiKeyInput {
  readonly name?: string | null;
  readonly permissions?: Readonly<Record<string, readonly string[]>> | null;
  readonly expires_at?: string | null;
}

/** Who asks: what they may do bounds what they may hand out. */
export interface Asker {
  readonly organization: Organization;
  readonly permissions: Permissions | null;
  readonly now: Temporal.Instant;
}

/** With the key itself: it cannot be read again. */
export interface CreatedApiKey {
  readonly apiKey: ApiKey;
  readonly value: string;
}

export async function readApiKey({ db }: App, { organization, now }: Asker, id: string): Promise<ApiKey> {
  const key = isUuid(id) ? await findApiKey(db, organization.id, id, now) : null;
  if (key === null) throw new Refusal("api_key_not_found");
  return key;
}

export async function createApiKey(app: App, asker: Asker, input: ApiKeyInput): Promise<CreatedApiKey> {
  const problems: Problem[] = [];
  const name = readName(input.name, problems);
  const permissions = input.permissions ? readPermissions(input.permissions, problems) : null;
  const expiresAt = readExpiry(input.expires_at, problems);
  if (expiresAt !== null && Temporal.Instant.compare(expiresAt, asker.now) <= 0) {
    problems.push({ field: "expires_at", code: "invalid_date" });
  }
  refuseIfAny(problems);
  assertCovers(asker, permissions);
  return inTransaction(app.db, (tx) =>
    insertKey(app, tx, asker, { name, permissions, expires_at: expiresAt }, "api_key.created"),
  );
}

export async function changeApiKey(app: App, asker: Asker, id: string, input: ApiKeyInput): Promise<ApiKey> {
  const problems: Problem[] = [];
  const change: ApiKeyChange = {
    ...(input.name === undefined ? {} : { name: readName(input.name, problems) }),
    ...(input.permissions ? { permissions: readPermissions(input.permissions, problems) } : {}),
  };
  refuseIfAny(problems);
  const key = await inTransaction(app.db, async (tx) => {
    const current = ownOf(await lockApiKeys(tx, asker.organization.id, asker.now), id);
    assertCovers(asker, change.permissions ?? current.permissions);
    if (Object.keys(change).length === 0) return current;
    await tell(app, tx, asker, "api_key.updated", current.id);
    return updateApiKey(tx, asker.organization.id, current.id, change);
  });
  keyCacheOf(app).forget(key.id);
  return key;
}

/** A new key with the old one's permissions; the old one ends at `expires_at`, or now. */
export async function rotateApiKey(
  app: App,
  asker: Asker,
  id: string,
  input: Pick<ApiKeyInput, "name" | "expires_at">,
): Promise<CreatedApiKey> {
  const problems: Problem[] = [];
  const name = readName(input.name, problems);
  const wanted = readExpiry(input.expires_at, problems);
  refuseIfAny(problems);
  const end = wanted !== null && Temporal.Instant.compare(wanted, asker.now) > 0 ? wanted : asker.now;
  const created = await inTransaction(app.db, async (tx) => {
    const old = ownOf(await lockApiKeys(tx, asker.organization.id, asker.now), id);
    assertCovers(asker, old.permissions);
    await updateApiKey(tx, asker.organization.id, old.id, { expires_at: earlier(old.expires_at, end) });
    const copy = { name: name ?? old.name, permissions: old.permissions, expires_at: null };
    return insertKey(app, tx, asker, copy, "api_key.rotated");
  });
  keyCacheOf(app).forget(id.toLowerCase());
  return created;
}

/** The key ends now. 405 where no key without an end would be left. */
export async function deleteApiKey(app: App, asker: Asker, id: string): Promise<ApiKey> {
  const key = await inTransaction(app.db, async (tx) => {
    const keys = await lockApiKeys(tx, asker.organization.id, asker.now);
    const current = ownOf(keys, id);
    const isLast = keys.every((other) => other.id === current.id || other.expires_at !== null);
    if (current.expires_at === null && isLast) throw new Refusal("last_non_expiring_api_key");
    await tell(app, tx, asker, "api_key.deleted", current.id);
    return updateApiKey(tx, asker.organization.id, current.id, { expires_at: asker.now });
  });
  keyCacheOf(app).forget(key.id);
  return key;
}

async function insertKey(
  app: App,
  tx: Tx,
  asker: Asker,
  wanted: Pick<ApiKey, "name" | "expires_at"> & { readonly permissions: Permissions | null },
  kind: string,
): Promise<CreatedApiKey> {
  const key = newApiKey();
  const { organization, now } = asker;
  const apiKey = await insertApiKey(tx, organization.id, { ...wanted, id: newId(), key, created_at: now });
  await tell(app, tx, asker, kind, apiKey.id);
  return { apiKey, value: key.value };
}

async function tell(app: App, tx: Tx, { organization, now }: Asker, kind: string, id: string): Promise<void> {
  await publish(app, tx, organization, [{ kind, subject_type: "api_key", subject_id: id }], now);
}

function ownOf(keys: readonly ApiKey[], id: string): ApiKey {
  const key = keys.find((candidate) => candidate.id === id.toLowerCase());
  if (key === undefined) throw new Refusal("api_key_not_found");
  return key;
}

function assertCovers({ permissions }: Asker, wanted: Permissions | null): void {
  if (!covers(permissions, wanted)) throw new Refusal("cannot_grant_more_than_own");
}

function earlier(a: Temporal.Instant | null, b: Temporal.Instant): Temporal.Instant {
  return a !== null && Temporal.Instant.compare(a, b) < 0 ? a : b;
}

function readName(text: string | null | undefined, problems: Problem[]): string | null {
  const name = trimmedTextOrNull(text);
  if (name !== null && name.length > NAME_LENGTH_MAX) problems.push({ field: "name", code: "value_is_too_long" });
  return name;
}

function readExpiry(text: string | null | undefined, problems: Problem[]): Temporal.Instant | null {
  if (text === null || text === undefined || text === "") return null;
  const moment = readMoment(text);
  if (moment === null) problems.push({ field: "expires_at", code: "invalid_date" });
  return moment?.from ?? null;
}
