import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { ConfigError, readConfig } from "./config.ts";

function problemsOf(env: Record<string, string>): string[] {
  try {
    readConfig(env);
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.message.split("\n");
  }
  return [];
}

test("nothing needs to be set", () => {
  const { port, host, dataDir, databaseUrl, role } = readConfig({});
  assert.deepEqual([port, host, dataDir, databaseUrl, role], [3000, "127.0.0.1", ".weir", null, "all"]);
});

test("an empty setting is one that is not there", () => {
  assert.equal(readConfig({ PORT: "", DATABASE_URL: "" }).port, 3000);
});

test("every wrong setting is told at once, with its value and what was expected", () => {
  assert.deepEqual(problemsOf({ PORT: "http", POOL_SIZE: "1", ROLE: "boss", LOG_LEVEL: "loud" }), [
    "PORT=http: expected an integer from 0 to 65535",
    "LOG_LEVEL=loud: expected one of fatal, error, warn, info, debug, trace, silent",
    "ROLE=boss: expected one of all, api, worker",
    "POOL_SIZE=1: expected an integer from 2 to 500",
  ]);
});

test("integers are whole and plain", () => {
  for (const value of ["3000.5", "-1", "70000", "abc", "1e3x"]) {
    assert.deepEqual(problemsOf({ PORT: value }), [`PORT=${value}: expected an integer from 0 to 65535`]);
  }
});

test("VIES is the Commission's, another one, or off", () => {
  assert.equal(readConfig({}).viesUrl, "https://ec.europa.eu/taxation_customs/vies/rest-api");
  assert.equal(readConfig({ VIES_URL: "http://127.0.0.1:9000/vies/" }).viesUrl, "http://127.0.0.1:9000/vies");
  assert.equal(readConfig({ VIES_URL: "off" }).viesUrl, null);
  for (const value of ["no", "ftp://vies", "//vies"]) {
    assert.deepEqual(problemsOf({ VIES_URL: value }), [`VIES_URL=${value}: expected an http(s) URL, or off`]);
  }
});

test("a secret is not repeated", () => {
  const [url] = problemsOf({ DATABASE_URL: "mysql://me:s3cret@db/weir" });
  assert.equal(url, "DATABASE_URL: expected postgres://user:password@host:port/database");
  const [key] = problemsOf({ ADMIN_API_KEY: "s3cret" });
  assert.equal(key, "ADMIN_API_KEY: expected at least 16 characters");
});

test("docs/operations.md names every setting with its default", async () => {
  const page = await readFile(new URL("../docs/operations.md", import.meta.url), "utf8");
  const source = await readFile(new URL("./config.ts", import.meta.url), "utf8");
  const rows = new Map(
    [...page.matchAll(/^\| `([A-Z_]+)` \| (.*?) \|/gm)].map(([, name, fallback]) => [name, fallback]),
  );
  const names = [...source.matchAll(/settings\.\w+\("([A-Z_]+)"/g), ...source.matchAll(/this\.text\("([A-Z_]+)"\)/g)];
  assert.deepEqual([...rows.keys()].sort(), [...new Set(names.map(([, name]) => name))].sort());
  const integers = [...source.matchAll(/settings\.integer\("([A-Z_]+)", ([\d_]+)/g)];
  for (const [, name = "", fallback = ""] of integers)
    assert.equal(rows.get(name), `\`${fallback.replaceAll("_", "")}\``, name);
});
