/**
 * The whole suite: types, lint, then every *.test.ts side by side against one PostgreSQL of its own.
 *   npm test                      everything
 *   npm test -- src/rating        what lies below a folder, or one file (no types, no lint)
 */
import { spawn } from "node:child_process";
import { chmod, glob, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { migrateQueue } from "../src/jobs/index.ts";
import { openPool } from "../src/storage/database.ts";
import { startEmbedded } from "../src/storage/embedded.ts";
import { migrate } from "../src/storage/migrate.ts";
import { TEMPLATE } from "../src/testing/database.ts";

function run(command: string, args: readonly string[], env = process.env): Promise<number> {
  return new Promise((done) => {
    const child = spawn(command, args, { stdio: "inherit", env });
    child.once("exit", (code) => done(code ?? 1));
  });
}

async function testFiles(paths: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  for await (const file of glob("{bin,src,bench,conformance,examples,scripts}/**/*.test.ts")) files.push(file);
  const chosen =
    paths.length === 0
      ? files
      : files.filter((file) => paths.some((path) => file.startsWith(path.replace(/^\.\//, ""))));
  return chosen.sort();
}

/** Durability is switched off: nothing here outlives the run. Tests of crashes start servers of their own. */
const FAST = {
  fsync: "off",
  synchronous_commit: "off",
  full_page_writes: "off",
  max_connections: "400",
  shared_buffers: "256MB",
};

async function main(): Promise<number> {
  const paths = process.argv.slice(2);
  if (paths.length === 0) {
    const checks = await Promise.all([
      run("node_modules/.bin/tsc", []),
      run("node_modules/.bin/biome", ["check", "--error-on-warnings"]),
    ]);
    if (checks.some((code) => code !== 0)) return 1;
  }
  const dataDir = await mkdtemp(join(tmpdir(), "weir-test-"));
  await chmod(dataDir, 0o755);
  const server = await startEmbedded({ dataDir, settings: FAST });
  try {
    await makeTemplate(server.url);
    return await run(
      process.execPath,
      [
        "--disable-warning=ExperimentalWarning",
        "--test",
        "--test-timeout=480000",
        "--test-reporter=spec",
        ...(await testFiles(paths)),
      ],
      { ...process.env, WEIR_TEST_POSTGRES: server.url },
    );
  } finally {
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
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

process.exit(await main());
