/** tables.ts is written by hand: here it is held against the database that the migrations make. */
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import pg from "pg";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";

interface Column {
  readonly isNullable: boolean;
  /** Whether an insert may leave it out. */
  readonly isOptional: boolean;
}
type Columns = Map<string, Column>;

/** "ColumnType<bigint | null, string | undefined, string>" → its three parts; any other type stands for all three. */
function partsOf(type: string): readonly [string, string] {
  const inner = /^ColumnType<(.*)>$/s.exec(type)?.[1];
  if (inner === undefined) return [type, /^Generated/.test(type) ? "undefined" : type];
  const parts: string[] = [""];
  let depth = 0;
  for (const char of inner) {
    if (char === "<") depth++;
    if (char === ">") depth--;
    if (char === "," && depth === 0) parts.push("");
    else parts[parts.length - 1] += char;
  }
  return [parts[0] ?? "", parts[1] ?? ""];
}

const hasMember = (type: string, member: string) => type.split("|").some((part) => part.trim() === member);

/** Columns by table, as tables.ts says. */
async function readTables(): Promise<Map<string, Columns>> {
  const rooms = await readdir(new URL("tables", import.meta.url));
  const files = ["tables.ts", ...rooms.map((room) => `tables/${room}`)];
  const texts = await Promise.all(files.map((file) => readFile(new URL(file, import.meta.url), "utf8")));
  const text = texts.join("\n");
  const members = (body: string) =>
    [...body.matchAll(/^ {2}(\w+): (.*?);$/gms)].map(([, name = "", type = ""]) => [name, type] as const);
  const interfaces = new Map(
    [...text.matchAll(/^export interface (\w+) \{\n(.*?)^\}/gms)].map(([, name = "", body = ""]) => [
      name,
      members(body.replace(/^ *(\/\/|\/?\*).*$/gm, "")),
    ]),
  );
  const columnsOf = (name: string): Columns =>
    new Map(
      (interfaces.get(name) ?? []).map(([column, type]) => {
        const [read, written] = partsOf(type);
        return [column, { isNullable: hasMember(read, "null"), isOptional: hasMember(written, "undefined") }];
      }),
    );
  return new Map((interfaces.get("Tables") ?? []).map(([table, name]) => [table, columnsOf(name)]));
}

let database: TestDatabase;
let client: pg.Client;
before(async () => {
  database = await createTestDatabase();
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
});
after(async () => {
  await client.end();
  await database.drop();
});

/** Columns by table, as the database says; views and partitions apart. */
async function readDatabase(): Promise<{ tables: Map<string, Columns>; views: Map<string, string[]> }> {
  const { rows } = await client.query(`
    select c.table_name, c.column_name, t.table_type = 'VIEW' as is_view, c.is_nullable = 'YES' as is_nullable,
      c.is_nullable = 'YES' or c.column_default is not null or c.is_identity = 'YES' or c.is_generated = 'ALWAYS' as is_optional
    from information_schema.columns c
    join information_schema.tables t using (table_schema, table_name)
    where table_schema = 'public' and not exists (
      select from pg_inherits i where i.inhrelid = format('%I.%I', table_schema, table_name)::regclass)`);
  const tables = new Map<string, Columns>();
  const views = new Map<string, string[]>();
  for (const row of rows) {
    if (row.is_view) views.set(row.table_name, [...(views.get(row.table_name) ?? []), row.column_name]);
    else {
      const columns = tables.get(row.table_name) ?? new Map();
      tables.set(
        row.table_name,
        columns.set(row.column_name, { isNullable: row.is_nullable, isOptional: row.is_optional }),
      );
    }
  }
  return { tables, views };
}

/** Touched by hand-written SQL alone. */
const NOT_TYPED = ["event_keys", "migrations"];

test("tables.ts has the tables and views of the database", async () => {
  const [typed, { tables, views }] = [await readTables(), await readDatabase()];
  const untyped = NOT_TYPED.filter((name) => !typed.has(name));
  assert.deepEqual([...typed.keys(), ...untyped].sort(), [...tables.keys(), ...views.keys()].sort());
});

test("tables.ts has the columns of each table, and null where they may be null", async () => {
  const [typed, { tables, views }] = [await readTables(), await readDatabase()];
  const nullability = (columns: Columns) =>
    Object.fromEntries([...columns].map(([name, { isNullable }]) => [name, isNullable ? "null" : "not null"]).sort());
  for (const [table, columns] of typed) {
    const actual = tables.get(table);
    if (actual !== undefined) assert.deepEqual(nullability(columns), nullability(actual), table);
    else assert.deepEqual([...columns.keys()].sort(), views.get(table)?.sort(), table);
  }
});

test("an insert may leave out only what the database fills in", async () => {
  const [typed, { tables }] = [await readTables(), await readDatabase()];
  for (const [table, columns] of typed) {
    const missing = [...columns].filter(
      ([name, { isOptional }]) => isOptional && !tables.get(table)?.get(name)?.isOptional,
    );
    if (tables.has(table))
      assert.deepEqual(
        missing.map(([name]) => name),
        [],
        table,
      );
  }
});
