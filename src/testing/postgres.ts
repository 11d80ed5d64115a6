/** The PostgreSQL that tests run on: embedded, empty, forgotten afterwards. */
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { migrateQueue } from "../jobs/index.ts";
import { openPool } from "../storage/database.ts";
import { startEmbedded } from "../storage/embedded.ts";
import { migrate } from "../storage/migrate.ts";
import { TEMPLATE } from "./database.ts";

/** Durability is switched off: nothing here outlives the run. Tests of crashes start servers of their own. */
const FAST = {
  fsync: "off",
  synchronous_commit: "off",
  full_page_writes: "off",
  max_connections: "400",
  shared_buffers: "256MB",
};

export interface TestPostgres {
  stop(): Promise<void>;
}

/** Starts it and tells createTestDatabase, in this process and those that it starts, where it is. */
export async function startTestPostgres(): Promise<TestPostgres> {
  const dataDir = await mkdtemp(join(tmpdir(), "weir-test-"));
  await chmod(dataDir, 0o755);
  const server = await startEmbedded({ dataDir, settings: FAST });
  const stop = async () => {
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  };
  try {
    await makeTemplate(server.url);
  } catch (error) {
    await stop();
    throw error;
  }
  process.env.WEIR_TEST_POSTGRES = server.url;
  return { stop };
}

/** Each test file clones this database instead of migrating one. */
async function makeTemplate(url: string): Promise<void> {
  const admin = openPool({ url, poolSize: 1 });
  await admin.query(`create database ${TEMPLATE}`);
  await admin.end();
  const pool = openPool({ url: url.replace(/\/[^/]*$/, `/${TEMPLATE}`), poolSize: 2 });
  await migrate(pool);
  await migrateQueue(pool);
  await pool.end();
}
