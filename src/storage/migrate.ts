/** Numbered SQL files, forwards only. The number is written first, in the file's own transaction: a rival waits and then skips it. */
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import type pg from "pg";

const FOLDER = new URL("../../migrations/", import.meta.url);

export interface Migration {
  readonly no: number;
  readonly name: string;
  readonly text: string;
}

export async function readMigrations(): Promise<Migration[]> {
  const files = (await readdir(FOLDER)).filter((file) => file.endsWith(".sql")).sort();
  return Promise.all(
    files.map(async (name) => ({
      no: Number(name.slice(0, 4)),
      name,
      text: await readFile(new URL(name, FOLDER), "utf8"),
    })),
  );
}

/** Brings the database to the newest version; returns the names of what was applied. */
export async function migrate(pool: pg.Pool): Promise<string[]> {
  const migrations = await readMigrations();
  const client = await pool.connect();
  try {
    await client.query(
      "create table if not exists migrations (no integer primary key, name text not null, digest text not null, applied_at timestamptz not null default clock_timestamp())",
    );
    const { rows } = await client.query<{ no: number }>("select no from migrations");
    const done = new Set(rows.map((row) => row.no));
    const newest = migrations.at(-1)?.no ?? 0;
    const ahead = [...done].filter((no) => no > newest);
    if (ahead.length > 0) {
      throw new Error(
        `The database was migrated to ${Math.max(...ahead)} by a newer Weir; this one knows ${newest}. Start that version.`,
      );
    }
    const applied: string[] = [];
    for (const migration of migrations.filter(({ no }) => !done.has(no))) {
      if (await apply(client, migration)) applied.push(migration.name);
    }
    return applied;
  } finally {
    client.release();
  }
}

async function apply(client: pg.PoolClient, { no, name, text }: Migration): Promise<boolean> {
  const digest = createHash("sha256").update(text).digest("hex");
  await client.query("begin");
  try {
    const { rowCount } = await client.query(
      "insert into migrations (no, name, digest) values ($1, $2, $3) on conflict do nothing",
      [no, name, digest],
    );
    if (rowCount === 1) await client.query(text);
    await client.query("commit");
    return rowCount === 1;
  } catch (error) {
    await client.query("rollback");
    throw error;
  }
}
