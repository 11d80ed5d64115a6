import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { busy, found, json, startViesDouble, type ViesDouble } from "./testing.ts";
import { askVies } from "./vies.ts";

let vies: ViesDouble;
before(async () => {
  vies = await startViesDouble();
});
after(() => vies.close());

const number = { prefix: "EL", number: "123456789", country: "GR" };
const unavailable = (error: string) => ({ status: "unavailable", error });

test("VIES is sent the prefix and the number, and its answer is kept", async () => {
  vies.reply(found(true));
  vies.asked.length = 0;
  assert.deepEqual(await askVies(vies.url, number), {
    status: "valid",
    details: {
      name: "GIANNI SRL",
      address: "VIA MARCONI 123\nROMA",
      request_date: "2024-03-10T10:00:00.000Z",
      request_identifier: "WAPIAAAAX",
    },
  });
  assert.deepEqual(vies.asked, [
    {
      method: "POST",
      path: "/vies/check-vat-number",
      contentType: "application/json",
      body: { countryCode: "EL", vatNumber: "123456789" },
    },
  ]);
});

test("a number that is nobody's, or that VIES calls no number, is invalid", async () => {
  vies.reply(found(false));
  const details = { name: null, address: null, request_date: "2024-03-10T10:00:00.000Z", request_identifier: null };
  assert.deepEqual(await askVies(vies.url, number), { status: "invalid", details });
  vies.reply(busy("INVALID_INPUT", 400));
  assert.equal((await askVies(vies.url, number)).status, "invalid");
});

test("no answer is one: VIES and the registers behind it may be busy or down", async () => {
  for (const code of ["MS_UNAVAILABLE", "MS_MAX_CONCURRENT_REQ", "SERVICE_UNAVAILABLE", "IP_BLOCKED", "TIMEOUT"]) {
    vies.reply(busy(code));
    assert.deepEqual(await askVies(vies.url, number), unavailable(code));
    vies.reply(busy(code, 500));
    assert.deepEqual(await askVies(vies.url, number), unavailable(code));
  }
  vies.reply(json(200, { valid: false, userError: "MS_UNAVAILABLE" }));
  assert.deepEqual(await askVies(vies.url, number), unavailable("MS_UNAVAILABLE"));
  for (const status of [400, 429, 500, 503]) {
    vies.reply(json(status, "<html>sorry</html>"));
    assert.deepEqual(await askVies(vies.url, number), unavailable(`HTTP_${status}`));
  }
  vies.reply(json(503, { valid: true }));
  assert.deepEqual(await askVies(vies.url, number), unavailable("HTTP_503"));
});

test("an answer that cannot be read is none", async () => {
  const malformed = ["", "{", "null", "[]", "7", '"valid"', {}, { valid: "true" }, { actionSucceed: false }];
  for (const body of [
    ...malformed,
    { valid: null },
    { errorWrappers: {} },
    { actionSucceed: false, errorWrappers: [7] },
  ]) {
    vies.reply(json(200, body));
    assert.deepEqual(await askVies(vies.url, number), unavailable("MALFORMED_ANSWER"), JSON.stringify(body));
  }
  vies.reply(json(200, { valid: true, name: "x".repeat(200_000) }));
  assert.deepEqual(await askVies(vies.url, number), unavailable("MALFORMED_ANSWER"));
});

test("texts are kept as far as they can be stored", async () => {
  vies.reply(json(200, { valid: true, name: `a\u0000b${"😀".repeat(1_000)}`, address: 7, requestDate: "" }));
  const answer = await askVies(vies.url, number);
  assert.ok(answer.status === "valid");
  const { name, address, request_date } = answer.details;
  assert.ok(name?.startsWith("ab😀") && name.isWellFormed() && name.length <= 1_000);
  assert.deepEqual([address, request_date], [null, null]);
});

test("who is not there, breaks off, or takes too long gives no answer; nobody is led elsewhere", async () => {
  vies.reply(() => {});
  assert.deepEqual(await askVies(vies.url, number, 50), unavailable("TIMEOUT"));
  // The body comes too late.
  vies.reply((response) => void response.writeHead(200).write("{"));
  assert.deepEqual(await askVies(vies.url, number, 50), unavailable("TIMEOUT"));
  vies.reply((response) => void response.destroy());
  assert.deepEqual(await askVies(vies.url, number), unavailable("CONNECTION_FAILED"));
  vies.reply((response) => void response.writeHead(302, { location: "http://127.0.0.1:1/" }).end());
  assert.deepEqual(await askVies(vies.url, number), unavailable("CONNECTION_FAILED"));
  assert.deepEqual(await askVies("http://127.0.0.1:1", number), unavailable("CONNECTION_FAILED"));
});
