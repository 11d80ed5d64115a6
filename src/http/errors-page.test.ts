import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { STATUS_OF_CODE } from "../kernel/failure.ts";
import { readSources } from "../testing/source.ts";

const page = await readFile(new URL("../../docs/errors.md", import.meta.url), "utf8");
const [codes = "", fields = ""] = page.split("## Codes of fields");

/** Rows of a table as the texts of their cells. */
const rowsOf = (text: string) => [...text.matchAll(/^\| (`.*) \|$/gm)].map(([, row = ""]) => row.split(" | "));

test("docs/errors.md explains every code of a refusal, with its status", () => {
  const explained = Object.fromEntries(rowsOf(codes).map(([code = "", status]) => [code.slice(1, -1), Number(status)]));
  assert.deepEqual(explained, { ...STATUS_OF_CODE, internal_error: 500 });
});

/** Where the source gives a field a code. */
const GIVEN = [
  /\bcode: "([a-z_]+)"/g,
  /\b(?:invalid|refuse|add)\([^;]*?, "([a-z_]+)"\)/g,
  /\bcodes\.push\("([a-z_]+)"\)/g,
  /"((?:value|invalid|not_a_valid|not_compatible|must_be|too_many)_[a-z_]+)"/g,
];
/** Made from the name of the ranges. */
const MADE = ["graduated_ranges", "volume_ranges", "graduated_percentage_ranges"].flatMap((name) => [
  `missing_${name}`,
  `invalid_${name}`,
]);
/** Codes of refusals, and texts that only look like codes of fields. */
const NO_FIELDS = new Set([...Object.keys(STATUS_OF_CODE), "internal_error"]);

test("docs/errors.md explains every code of a field, and no other", async () => {
  const sources = (await readSources()).filter(
    ({ path }) => /^src\//.test(path) && !/\.test\.ts$|\/testing\.ts$|^src\/testing\//.test(path),
  );
  const text = sources.map((source) => source.text).join("\n");
  const given = GIVEN.flatMap((pattern) => [...text.matchAll(pattern)].map(([, code = ""]) => code));
  const expected = new Set([...given, ...MADE].filter((code) => !NO_FIELDS.has(code)));
  const explained = rowsOf(fields).flatMap(([names = ""]) =>
    [...names.matchAll(/`([a-z_]+)`/g)].map(([, code = ""]) => code),
  );
  assert.deepEqual(
    explained.filter((code, index) => explained.indexOf(code) !== index),
    [],
    "explained once",
  );
  assert.deepEqual(
    [...expected].filter((code) => !explained.includes(code)),
    [],
    "not explained",
  );
  const isThere = (code: string) => expected.has(code) || text.includes(`"${code}"`);
  assert.deepEqual(
    explained.filter((code) => !isThere(code)),
    [],
    "explained, but never given",
  );
});
