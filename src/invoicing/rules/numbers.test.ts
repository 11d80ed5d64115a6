import assert from "node:assert/strict";
import { test } from "node:test";
import { draftNumber, numberOfCustomer, numberOfEntity } from "./numbers.ts";

const ENTITY = {
  id: "e",
  code: "e",
  timezone: "Europe/Paris",
  document_numbering: "per_customer",
  document_number_prefix: "BENT-11",
} as const;

test("numbers have at least three digits in each place, and simply get longer", () => {
  assert.equal(numberOfCustomer(ENTITY, 1n, 2n), "BENT-11-001-002");
  assert.equal(numberOfCustomer(ENTITY, 1234n, 10_000n), "BENT-11-1234-10000");
  assert.equal(draftNumber(ENTITY), "BENT-11-DRAFT");
});

test("the month of an entity's number is that of the finalization in the entity's zone", () => {
  assert.equal(numberOfEntity(ENTITY, 10n, Temporal.Instant.from("2023-10-19T12:12:00Z")), "BENT-11-202310-010");
  assert.equal(numberOfEntity(ENTITY, 11n, Temporal.Instant.from("2023-10-31T23:30:00Z")), "BENT-11-202311-011");
});
