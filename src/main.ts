/** The composition root: config → storage → rooms → HTTP and workers. */
import { randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { App } from "./app.ts";
import type { Config } from "./config.ts";
import { createLogger, type Logger } from "./http/logger.ts";
import { buildServer } from "./http/server.ts";
import {
  adminRoutes,
  createOrganization,
  guardByAdminKey,
  guardByApiKey,
  hasOrganizations,
  testClockRoutes,
} from "./identity/index.ts";
import { migrateQueue, startQueue } from "./jobs/index.ts";
import { jobs, periodicWork, registerRooms, schedules, startRooms } from "./rooms.ts";
import { type Database, openDatabase } from "./storage/database.ts";
import { type EmbeddedServer, startEmbedded } from "./storage/embedded.ts";
import { migrate } from "./storage/migrate.ts";

export interface Weir {
  /** Where it listens, e.g. "http://127.0.0.1:3000"; null for a worker without an HTTP port. */
  readonly url: string;
  readonly databaseUrl: string;
  readonly adminApiKey: string;
  /** The key of the first organization, on the first start only. */
  readonly firstApiKey: string | null;
  /** Resolves when the embedded PostgreSQL ended by itself: Weir cannot go on. */
  readonly databaseEnded: Promise<void>;
  /** Drains requests and jobs, then stops what was started. */
  stop(): Promise<void>;
}

export async function startWeir(config: Config, logger: Logger = createLogger(config.logLevel)): Promise<Weir> {
  const embedded = config.databaseUrl === null ? await startEmbedded({ dataDir: config.dataDir }) : null;
  const databaseUrl = config.databaseUrl ?? (embedded as EmbeddedServer).url;
  const database = openDatabase({ url: databaseUrl, poolSize: config.poolSize });
  try {
    return await startOn(database, { config, logger, databaseUrl, embedded });
  } catch (error) {
    await database.close();
    await embedded?.stop();
    throw error;
  }
}

interface Ground {
  readonly config: Config;
  readonly logger: Logger;
  readonly databaseUrl: string;
  readonly embedded: EmbeddedServer | null;
}

async function startOn(database: Database, { config, logger, databaseUrl, embedded }: Ground): Promise<Weir> {
  const applied = await migrate(database.pool);
  await migrateQueue(database.pool);
  if (applied.length > 0) logger.info({ applied }, "migrated");
  await database.pool.query("select ensure_event_partitions(now() - interval '1 day', 3)");

  const queue = startQueue(jobs, schedules);
  const app: App = { ...database, config, logger, queue };
  const rooms = await startRooms(app, databaseUrl);
  const adminApiKey = config.adminApiKey ?? (await readOrCreateAdminKey(config.dataDir));
  const server = await buildServer({ logger, notReady: () => notReady(database) });
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
  const firstApiKey = await createFirstOrganization(database, config);
  if (config.role !== "api") await queue.start(app);
  const url = await server.listen({ port: config.port, host: config.host });

  return {
    url,
    databaseUrl,
    adminApiKey,
    firstApiKey,
    databaseEnded: embedded?.ended ?? new Promise(() => {}),
    async stop() {
      await server.close();
      await queue.stop();
      await rooms.stop();
      await database.close();
      await embedded?.stop();
    },
  };
}

async function notReady({ pool }: Database): Promise<Record<string, string>> {
  try {
    await pool.query("select 1 from graphile_worker.jobs limit 1");
    return {};
  } catch (error) {
    return { database: (error as Error).message };
  }
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
