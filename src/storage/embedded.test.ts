import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import pg from "pg";
import { createDataFolder, type DataFolder } from "../testing/process.ts";
import { placeForData } from "./binaries.ts";
import { startEmbedded } from "./embedded.ts";

let data: DataFolder;
before(async () => {
  data = await createDataFolder();
  const first = await startEmbedded({ dataDir: data.path });
  await first.stop();
});
after(() => data.remove());

async function query(url: string, text: string): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await client.query(text);
  } finally {
    await client.end();
  }
}

const lockFile = () => join(data.path, "postgres", "postmaster.pid");

test("what was committed is there after a stop and a start", async () => {
  const first = await startEmbedded({ dataDir: data.path });
  await query(first.url, "create table kept (n integer); insert into kept values (7)");
  await first.stop();
  const second = await startEmbedded({ dataDir: data.path });
  assert.equal((await query(second.url, "select n from kept")).rows[0].n, 7);
  await second.stop();
  await assert.rejects(readFile(lockFile()));
});

test("a lock file with the number of another program prevents nothing", async () => {
  // As a crash leaves it, with a process number that has been given to this test since.
  await writeFile(lockFile(), `${process.pid}\n${join(data.path, "postgres")}\n1\n1\n\n127.0.0.1\n\nready\n`);
  const server = await startEmbedded({ dataDir: data.path });
  await server.stop();
});

test("a lock file with the number of no process prevents nothing", async () => {
  await writeFile(lockFile(), `999999\n${join(data.path, "postgres")}\n1\n1\n\n127.0.0.1\n\nready\n`);
  const server = await startEmbedded({ dataDir: data.path });
  await server.stop();
});

test("a folder in use is refused, and the server at work is not touched", async () => {
  const first = await startEmbedded({ dataDir: data.path });
  await assert.rejects(startEmbedded({ dataDir: data.path }), {
    message: `DATA_DIR=${data.path}: in use by the Weir that runs as process ${process.pid}. Expected a folder of its own.`,
  });
  assert.equal((await query(first.url, "select 1 as n")).rows[0].n, 1);
  await first.stop();
});

test("a first start that was interrupted is begun anew", async () => {
  const fresh = await createDataFolder();
  await mkdir(join(fresh.path, "postgres.new", "base"), { recursive: true });
  await writeFile(join(fresh.path, "postgres.new", "PG_VERSION"), "18\n");
  const server = await startEmbedded({ dataDir: fresh.path });
  await server.stop();
  await fresh.remove();
});

const isRoot = process.getuid?.() === 0;

test("where PostgreSQL's user cannot reach the default folder, another is chosen, always the same", {
  skip: !isRoot && "only root runs PostgreSQL as another user",
}, async () => {
  const closed = await mkdtemp(join(tmpdir(), "weir-closed-"));
  await chmod(closed, 0o700);
  const dataDir = join(closed, ".weir");
  const place = await placeForData(dataDir, { isDefault: true });
  assert.match(place, /^\/var\/lib\/weir\/data-[0-9a-f]{12}$/);
  assert.equal(await placeForData(dataDir, { isDefault: true }), place);
  await assert.rejects(placeForData(dataDir, { isDefault: false }), { message: new RegExp(`^DATA_DIR=${dataDir}: `) });
  await rm(place, { recursive: true });
  await rm(closed, { recursive: true });
});
