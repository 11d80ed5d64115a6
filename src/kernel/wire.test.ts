import assert from "node:assert/strict";
import { test } from "node:test";
import { isUuid, newId } from "./ids.ts";
import { epochToMilliseconds, toInclusiveEnd, toMilliseconds, toSeconds } from "./wire.ts";

const at = (text: string) => Temporal.Instant.from(text);

test("instants are written in UTC, floored to what is shown", () => {
  assert.equal(toSeconds(at("2022-09-14T18:35:31.999999+02:00")), "2022-09-14T16:35:31Z");
  assert.equal(toMilliseconds(at("2022-04-29T08:59:51.1239Z")), "2022-04-29T08:59:51.123Z");
  assert.equal(toSeconds(at("1969-12-31T23:59:58.5Z")), "1969-12-31T23:59:58Z");
  assert.equal(epochToMilliseconds(1651222791123), "2022-04-29T08:59:51.123Z");
});

test("the inclusive end of a half-open window is the second before it", () => {
  assert.equal(toInclusiveEnd(at("2022-10-01T00:00:00Z")), "2022-09-30T23:59:59Z");
  assert.equal(toInclusiveEnd(at("2022-10-01T12:00:00.500Z")), "2022-10-01T12:00:00Z");
});

test("new ids are UUIDs that differ and order by the millisecond", () => {
  const ids = Array.from({ length: 1000 }, newId);
  assert.ok(ids.every(isUuid));
  assert.equal(new Set(ids).size, ids.length);
  const milliseconds = ids.map((id) => id.slice(0, 13));
  assert.deepEqual(milliseconds, milliseconds.toSorted());
  for (const no of ["", "x", `${ids[0]}0`, `{${ids[0]}}`, ids[0]?.replaceAll("-", "")]) {
    assert.equal(isUuid(String(no)), false);
  }
});
