import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Problem } from "../kernel/failure.ts";
import { readSlug, slugOf } from "./slug.ts";

function codesOf(text: string): string[] {
  const problems: Problem[] = [];
  readSlug(text, problems);
  return problems.map(({ code }) => code);
}

test("a slug that an organization chooses", () => {
  for (const [text, codes] of [
    ["acme", []],
    ["  Acme-2 ", []],
    ["", ["value_is_mandatory"]],
    ["ab", ["value_is_too_short"]],
    ["a".repeat(40), []],
    ["a".repeat(41), ["value_is_too_long"]],
    ["-acme", ["value_is_invalid"]],
    ["acme-", ["value_is_invalid"]],
    ["ac me", ["value_is_invalid"]],
    ["été", ["value_is_invalid"]],
    ["admin", ["value_is_reserved"]],
    ["GraphQL", ["value_is_reserved"]],
  ] as const) {
    assert.deepEqual(codesOf(text), codes, JSON.stringify(text));
  }
});

test("a name gives its own slug, or org- and a chance where it gives none", () => {
  assert.equal(slugOf("Hooli & Söhne GmbH", 0), "hooli-sohne-gmbh");
  for (const name of ["", "12345", "ab", "admin", "株式会社"]) assert.match(slugOf(name, 0), /^org-[a-z0-9]{5}$/, name);
  assert.match(slugOf("Hooli", 1), /^hooli-[a-z0-9]{3}$/);
});

test("whatever the name and however often it clashes, the slug may be used", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 0, max: 10 }), (name, attempt) => {
      assert.deepEqual(codesOf(slugOf(name, attempt)), []);
    }),
  );
});
