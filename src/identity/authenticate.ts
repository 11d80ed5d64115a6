/** Who calls: an API key names its organization and what it may do. */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { FastifyRequest } from "fastify";
import type { App } from "../app.ts";
import { ErrorAnswer } from "../http/schemas.ts";
import type { Server } from "../http/server.ts";
import { presentOf } from "../kernel/clock.ts";
import { Refusal } from "../kernel/failure.ts";
import { recordUse } from "./api-keys-store.ts";
import { keyCacheOf } from "./key-cache.ts";
import type { Permissions } from "./permissions.ts";
import { findCaller } from "./store.ts";

/** The organization of a request, as far as every room needs it. */
export interface Organization {
  readonly id: string;
  readonly name: string;
  readonly sandbox: boolean;
  readonly clock_now: Temporal.Instant | null;
}

export interface Caller {
  readonly organization: Organization;
  readonly apiKeyId: string;
  readonly permissions: Permissions | null;
  readonly expiresAt: Temporal.Instant | null;
}

declare module "fastify" {
  interface FastifyRequest {
    organization: Organization;
    apiKeyId: string;
    /** What the key may do; null is everything. */
    permissions: Permissions | null;
    /** The organization's present: business time of everything that this request does. */
    now: Temporal.Instant;
  }
  interface FastifyContextConfig {
    /** The permission that a key needs: `read` for GET, `write` for the rest. */
    readonly resource?: string;
  }
}

const KEY_PREFIX = "weir_";
/** A key's last use is written at most this often. */
const USE_RECORDED_EVERY_MS = 60_000;
const KEYS_TRACKED_MAX = 10_000;

export interface NewKey {
  readonly value: string;
  readonly hash: Buffer;
  /** The last four characters, to tell keys apart. */
  readonly hint: string;
}

export function newApiKey(): NewKey {
  const value = KEY_PREFIX + randomBytes(24).toString("base64url");
  return { value, hash: hashOfKey(value), hint: value.slice(-4) };
}

/** A key is 192 random bits, so one round of SHA-256 keeps it safe. */
function hashOfKey(value: string): Buffer {
  return createHash("sha256").update(value).digest();
}

/** The second word of the Authorization header, whatever the scheme. */
function keyOf(request: FastifyRequest): string | null {
  return request.headers.authorization?.trim().split(/\s+/)[1] ?? null;
}

/** Guards every route registered on `server`: sets `request.organization` and `request.now`, or answers 401 or 403. */
export function guardByApiKey(server: Server, app: App): void {
  const remembered = keyCacheOf(app);

  async function callerOf(request: FastifyRequest): Promise<Caller> {
    const key = keyOf(request);
    if (key === null) throw new Refusal("unauthorized");
    const known = remembered.get(key);
    if (known !== null) return known;
    const caller = await findCaller(app.db, hashOfKey(key));
    if (caller === null) throw new Refusal("unauthorized");
    // A sandbox's clock moves by requests to any process: it is read anew each time.
    if (!caller.organization.sandbox) remembered.set(key, caller);
    return caller;
  }

  // What needs a permission can be refused for want of it: documented here, once.
  server.addHook("onRoute", ({ schema, config }) => {
    if (schema && config?.resource !== undefined)
      schema.response = { 403: ErrorAnswer, ...(schema.response as object) };
  });
  server.addHook("onRequest", async (request) => {
    const caller = await callerOf(request);
    const now = presentOf(caller.organization);
    if (caller.expiresAt && Temporal.Instant.compare(caller.expiresAt, now) <= 0) throw new Refusal("unauthorized");
    request.organization = caller.organization;
    request.apiKeyId = caller.apiKeyId;
    request.permissions = caller.permissions;
    request.now = now;
    const { resource } = request.routeOptions.config;
    const mode = request.method === "GET" || request.method === "HEAD" ? "read" : "write";
    if (resource !== undefined && caller.permissions !== null && !caller.permissions[resource]?.includes(mode)) {
      throw new Refusal("action_not_allowed", undefined, `${mode}_action_not_allowed_for_${resource}`);
    }
  });
  recordUses(server, app);
}

/** Writes when a key was last used, after the answer is out; not for the events that are sent, of which there are many. */
function recordUses(server: Server, app: App): void {
  const recorded = new Map<string, number>();
  server.addHook("onResponse", async (request) => {
    const { apiKeyId, organization, method, routeOptions } = request;
    if (apiKeyId === undefined || (routeOptions.config.resource === "event" && method === "POST")) return;
    const before = recorded.get(apiKeyId);
    if (before !== undefined && performance.now() - before < USE_RECORDED_EVERY_MS) return;
    if (recorded.size >= KEYS_TRACKED_MAX) recorded.clear();
    recorded.set(apiKeyId, performance.now());
    await recordUse(app.db, organization.id, apiKeyId, request.now).catch((error: Error) => {
      app.logger.debug({ err: error }, "the last use of an API key was not recorded");
    });
  });
}

/** Guards the operator's routes by the header X-Admin-API-Key. */
export function guardByAdminKey(server: Server, adminApiKey: string): void {
  const expected = hashOfKey(adminApiKey);
  server.addHook("onRequest", async (request) => {
    const given = request.headers["x-admin-api-key"];
    if (typeof given !== "string" || !timingSafeEqual(hashOfKey(given), expected)) throw new Refusal("unauthorized");
  });
}
