/** The composition root: config → storage → rooms → HTTP and workers. */
import { randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { App } from "./app.ts";
import { type Config, ConfigError } from "./config.ts";
import { createLogger, type Logger } from "./http/logger.ts";
import { buildServer, type Server } from "./http/server.ts";
import {
  adminRoutes,
  createOrganization,
  guardByAdminKey,
  guardByApiKey,
  hasOrganizations,
  testClockRoutes,
} from "./identity/index.ts";
import { migrateQueue, type Queue, startQueue } from "./jobs/index.ts";
import { jobs, periodicWork, reactions, registerRooms, schedules, startRooms } from "./rooms.ts";
import { type Database, openDatabase, withLock } from "./storage/database.ts";
import { type EmbeddedServer, type Launching, launchEmbeddedFor, placeOf } from "./storage/embedded.ts";
import { migrate } from "./storage/migrate.ts";

export interface Weir {
  /** Where it listens, e.g. "http://127.0.0.1:3000"; null for a worker without an HTTP port. */
  readonly url: string;
  readonly databaseUrl: string;
  /** Where the database (unless DATABASE_URL is given) and the secrets are kept. */
  readonly dataDir: string;
  readonly adminApiKey: string;
  /** The key of the first organization, on the first start only. */
  readonly firstApiKey: string | null;
  /** Resolves when the embedded PostgreSQL ended by itself: Weir cannot go on. */
  readonly databaseEnded: Promise<void>;
  /** Drains requests and jobs, then stops what was started. False where something had to be given up. */
  stop(): Promise<boolean>;
}

/** `launching`: the embedded PostgreSQL, where the caller has launched it already. */
export async function startWeir(
  settings: Config,
  logger: Logger = createLogger(settings.logLevel),
  launching: Promise<Launching | null> = launchEmbeddedFor(settings),
): Promise<Weir> {
  const embedded = (await (await launching)?.ready) ?? null;
  const config: Config = { ...settings, dataDir: await placeOf(settings) };
  const databaseUrl = config.databaseUrl ?? (embedded as EmbeddedServer).url;
  const database = openDatabase({ url: databaseUrl, poolSize: config.poolSize });
  const parts: Part[] = [{ stop: () => database.close() }];
  /** What was started last ends first; false where something had to be given up. */
  const stop = async () => {
    const drained = await atMost(DRAIN_MS, async () => {
      for (const part of parts.toReversed()) await part.stop();
    }).then(
      () => true,
      (error) => {
        logger.error({ err: error }, "could not stop in good order");
        return false;
      },
    );
    await embedded?.stop();
    return drained;
  };
  try {
    const started = await startOn(database, parts, { config, logger, databaseUrl });
    return {
      ...started,
      databaseUrl,
      dataDir: config.dataDir,
      databaseEnded: embedded?.ended ?? new Promise(() => {}),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Something that was started and ends in good order. */
interface Part {
  stop(): Promise<void>;
}

interface Ground {
  readonly config: Config;
  readonly logger: Logger;
  readonly databaseUrl: string;
}

type Started = Pick<Weir, "url" | "adminApiKey" | "firstApiKey">;

/** Starts rooms, queue and server on a migrated database, adding each to `parts`. */
async function startOn(database: Database, parts: Part[], ground: Ground): Promise<Started> {
  const { config, logger, databaseUrl } = ground;
  if (config.databaseUrl !== null) await checkServer(database);
  const applied = await withLock(database.pool, () => prepare(database));
  if (applied.length > 0) logger.info({ applied }, "migrated");

  const queue = startQueue(jobs, schedules);
  const app: App = { ...database, config, logger, queue, reactions };
  const rooms = await startRooms(app, databaseUrl);
  parts.push(rooms);
  const adminApiKey = config.adminApiKey ?? (await readOrCreateAdminKey(config.dataDir));
  const server = await buildServer({ logger, notReady: () => notReady(database, queue, config.role) });
  await server.register(
    async (scope) => {
      guardByAdminKey(scope, adminApiKey);
      adminRoutes(scope, app);
    },
    { prefix: "/admin" },
  );
  if (config.role !== "worker") {
    await server.register(
      async (scope) => {
        guardByApiKey(scope, app);
        testClockRoutes(scope, app, periodicWork);
        registerRooms(scope, app, rooms);
      },
      { prefix: "/api/v1" },
    );
  }
  if (config.role !== "api") await queue.start(app);
  parts.push(queue);
  const url = await listen(server, config);
  parts.push({ stop: () => server.close() });
  // Last, when nothing can fail any more: the key is shown once.
  const firstApiKey = await withLock(database.pool, () => createFirstOrganization(database, config));
  return { url, adminApiKey, firstApiKey };
}

async function listen(server: Server, { port, host }: Config): Promise<string> {
  try {
    return await server.listen({ port, host });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EADDRINUSE") throw new ConfigError(`PORT=${port}: in use by another program; expected a free port`);
    if (code === "EACCES") throw new ConfigError(`PORT=${port}: not allowed; expected a port from 1024 on`);
    if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND")
      throw new ConfigError(`HOST=${host}: not an address of this machine; expected one, such as 127.0.0.1 or 0.0.0.0`);
    throw error;
  }
}

/** Requests and jobs that are not done by then are given up: their transactions roll back. */
const DRAIN_MS = 30_000;

/** Runs `work`, and rejects when it takes longer than `ms` milliseconds. */
async function atMost<T>(ms: number, work: () => Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`not done within ${ms} ms`)), ms);
  try {
    return await Promise.race([work(), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

const OLDEST_POSTGRESQL = 15;

/** The PostgreSQL that DATABASE_URL names answers, and is new enough. */
async function checkServer({ pool }: Database): Promise<void> {
  const expected = `expected a PostgreSQL ${OLDEST_POSTGRESQL} or newer that answers`;
  const version = await pool.query("show server_version").then(
    ({ rows }) => String(rows[0].server_version),
    (error) => {
      throw new ConfigError(`DATABASE_URL: cannot connect (${describe(error)}); ${expected}`);
    },
  );
  if (Number.parseInt(version, 10) < OLDEST_POSTGRESQL) {
    throw new ConfigError(`DATABASE_URL: this is PostgreSQL ${version}; ${expected}`);
  }
}

/** Several addresses of one name may fail each for itself: their messages, as the whole has none. */
function describe(error: unknown): string {
  const { message, errors } = error as AggregateError;
  return message || errors?.map((single: Error) => single.message).join(", ") || String(error);
}

/** Brings the database to this version and ends; answers the names of what was applied. */
export async function migrateDatabase(config: Config): Promise<string[]> {
  const embedded = (await (await launchEmbeddedFor(config))?.ready) ?? null;
  const database = openDatabase({ url: config.databaseUrl ?? (embedded as EmbeddedServer).url, poolSize: 2 });
  try {
    if (config.databaseUrl !== null) await checkServer(database);
    return await withLock(database.pool, () => prepare(database));
  } finally {
    await database.close();
    await embedded?.stop();
  }
}

async function prepare({ pool }: Database): Promise<string[]> {
  const applied = await migrate(pool);
  await migrateQueue(pool);
  await pool.query("select ensure_event_partitions(now() - interval '1 day', 1)");
  return applied;
}

const READY_MS = 5_000;

/** What keeps this process from doing its part: the database, and (unless its role is `api`) its worker of the queue. */
async function notReady({ pool }: Database, queue: Queue, role: Config["role"]): Promise<Record<string, string>> {
  const missing: Record<string, string> = {};
  try {
    await atMost(READY_MS, () => pool.query("select 1 from graphile_worker.jobs limit 1"));
  } catch (error) {
    missing.database = (error as Error).message;
  }
  if (role !== "api" && !queue.isWorking()) missing.queue = "no worker runs in this process";
  return missing;
}

async function createFirstOrganization({ db }: Database, config: Config): Promise<string | null> {
  if (config.role === "worker" || (await hasOrganizations(db))) return null;
  const { apiKey } = await createOrganization(db, { name: "My company", email: null, sandbox: false });
  return apiKey;
}

async function readOrCreateAdminKey(dataDir: string): Promise<string> {
  const file = join(dataDir, "admin-api-key");
  const known = await readFile(file, "utf8").catch(() => null);
  if (known !== null) return known.trim();
  await mkdir(dataDir, { recursive: true });
  const key = `weir_admin_${randomBytes(24).toString("base64url")}`;
  await writeFile(file, `${key}\n`, { mode: 0o600 });
  return key;
}
