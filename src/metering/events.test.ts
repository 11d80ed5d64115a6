import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Answer, type Client, request, startTestServer, type TestServer } from "../testing/server.ts";

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server.close());

const event = <More extends object>(more: More = {} as More) => ({
  transaction_id: "t1",
  code: "calls",
  external_subscription_id: "s1",
  ...more,
});

async function bulk(
  client: Client,
  body: string,
  type = "application/x-ndjson",
): Promise<Pick<Answer, "status" | "body">> {
  const response = await fetch(`${server.url}/api/v1/events/bulk`, {
    method: "POST",
    headers: { authorization: `Bearer ${client.apiKey}`, "content-type": type },
    body,
  });
  return { status: response.status, body: await response.json() };
}
const ndjson = (events: readonly unknown[]) => events.map((one) => JSON.stringify(one)).join("\n");

test("an event is answered as the contract shows it, found by its transaction id, and listed", async () => {
  const client = await server.organization();
  await client.at("2024-05-01T10:00:00Z");
  const sent = event({
    timestamp: 1651240791.123456,
    properties: { gb: 1.5, region: "eu", nested: { a: [1, null] } },
    precise_total_amount_cents: "123.45",
  });
  const { event: stored } = await client.must("POST", "/events", { event: sent });
  assert.match(stored.lago_id, /^[0-9a-f]{8}-/);
  assert.deepEqual(
    { ...stored, lago_id: "" },
    {
      lago_id: "",
      transaction_id: "t1",
      lago_customer_id: null,
      code: "calls",
      timestamp: "2022-04-29T13:59:51.123Z",
      precise_total_amount_cents: "123.45",
      lago_subscription_id: null,
      external_subscription_id: "s1",
      created_at: "2024-05-01T10:00:00Z",
      properties: { gb: 1.5, region: "eu", nested: { a: [1, null] } },
    },
  );
  const { event: found } = await client.must("GET", "/events/t1");
  const uncorrected = {
    ...{ voided_at: null, void_reason: null, voided_by_lago_api_key_id: null },
    ...{ amended_by_transaction_id: null, amends_transaction_id: null },
  };
  assert.deepEqual(found, { ...stored, ...uncorrected });
  const list = await client.must("GET", "/events?code=calls&external_subscription_id=s1");
  assert.deepEqual(list.events, [found]);
  assert.equal(list.meta.total_count, 1);
});

test("an event without a timestamp takes the clock's time", async () => {
  const client = await server.organization();
  await client.at("2023-02-15T08:30:00.250Z");
  const { event: stored } = await client.must("POST", "/events", { event: event() });
  assert.equal(stored.timestamp, "2023-02-15T08:30:00.250Z");
  assert.deepEqual(stored.properties, {});
});

const REFUSED: readonly [string, object, Record<string, string[]>][] = [
  ["no transaction id", { transaction_id: undefined }, { transaction_id: ["value_is_mandatory"] }],
  ["a blank code", { code: "" }, { code: ["value_is_mandatory"] }],
  ["an ISO timestamp", { timestamp: "2024-01-01T00:00:00Z" }, { timestamp: ["invalid_format"] }],
  ["a timestamp in the year 10000", { timestamp: 253_402_300_800 }, { timestamp: ["invalid_format"] }],
  ["a negative timestamp", { timestamp: -1 }, { timestamp: ["invalid_format"] }],
  ["a long transaction id", { transaction_id: "x".repeat(256) }, { transaction_id: ["value_is_too_long"] }],
  ["U+0000 in a property", { properties: { a: "x\u0000y" } }, { properties: ["value_is_invalid"] }],
  ["U+0000 in a property's name", { properties: { "a\u0000": 1 } }, { properties: ["value_is_invalid"] }],
  ["half a surrogate pair", { properties: { a: ["\ud800"] } }, { properties: ["value_is_invalid"] }],
  ["properties that are a list", { properties: [1] }, { properties: ["value_is_invalid"] }],
  ["properties of more than 64 KB", { properties: { a: "é".repeat(40_000) } }, { properties: ["value_is_invalid"] }],
  [
    "properties deeper than 32 levels",
    { properties: JSON.parse(`${'{"a":'.repeat(34)}1${"}".repeat(34)}`) },
    { properties: ["value_is_invalid"] },
  ],
  [
    "an amount that is no number",
    { precise_total_amount_cents: "1e3" },
    { precise_total_amount_cents: ["value_is_invalid"] },
  ],
];

test("an event that cannot be stored is refused with the field and the reason", async () => {
  const client = await server.organization();
  for (const [what, more, details] of REFUSED) {
    const answer = await client.call("POST", "/events", { event: event(more) });
    assert.equal(answer.status, 422, what);
    assert.deepEqual(answer.body.error_details, details, what);
  }
  assert.equal((await client.call("POST", "/events", {})).status, 400);
  assert.equal((await client.call("GET", "/events/nothing")).body.code, "event_not_found");
  assert.equal((await client.must("GET", "/events")).meta.total_count, 0);
});

test("texts that PostgreSQL cannot hold are told apart from texts that only look like them", async () => {
  const client = await server.organization();
  const { event: stored } = await client.must("POST", "/events", {
    event: event({ properties: { a: "\\u0000", b: "\\ud800", c: "😀" } }),
  });
  assert.deepEqual(stored.properties, { a: "\\u0000", b: "\\ud800", c: "😀" });
});

test("numbers keep every digit, and those beyond the limits are kept as text", async () => {
  const client = await server.organization();
  const body = `{"event":{"transaction_id":"n1","code":"c","external_subscription_id":"s","properties":{"a":12345678901234567890.123456789,"b":1e3,"c":1e500,"d":0.1,"e":${"9".repeat(70)}}}}`;
  const answer = await fetch(`${server.url}/api/v1/events`, {
    method: "POST",
    headers: { authorization: `Bearer ${client.apiKey}`, "content-type": "application/json" },
    body,
  });
  assert.equal(answer.status, 200);
  const { rows } = await readProperties(client, "n1");
  assert.equal(rows, `{"a":12345678901234567890.123456789,"b":1000,"c":"1e500","d":0.1,"e":"${"9".repeat(70)}"}`);
});

async function readProperties(client: Client, transactionId: string) {
  const text = await (
    await fetch(`${server.url}/api/v1/events/${transactionId}`, {
      headers: { authorization: `Bearer ${client.apiKey}` },
    })
  ).text();
  const { properties } = JSON.parse(text, function (this: unknown, key, value, context?: { source?: string }) {
    return key !== "" && typeof value === "number" ? { source: context?.source } : value;
  } as (key: string, value: unknown) => unknown).event as { properties: Record<string, unknown> };
  const text2 = Object.keys(properties)
    .sort()
    .map((key) => {
      const value = properties[key] as { source?: string } | string;
      return `"${key}":${typeof value === "string" ? JSON.stringify(value) : value.source}`;
    });
  return { rows: `{${text2.join(",")}}` };
}

test("a transaction id counts once per subscription", async () => {
  const client = await server.organization();
  await client.must("POST", "/events", { event: event({ properties: { v: 1 } }) });
  const again = await client.call("POST", "/events", { event: event({ properties: { v: 2 } }) });
  assert.deepEqual([again.status, again.body.error_details], [422, { transaction_id: ["value_already_exist"] }]);
  await client.must("POST", "/events", { event: event({ external_subscription_id: "s2" }) });
  for (let time = 0; time < 2; time++)
    await client.must("POST", "/events", { event: event({ external_subscription_id: null }) });
  const { event: first } = await client.must("GET", "/events/t1");
  assert.deepEqual([first.external_subscription_id, first.properties], ["s1", { v: 1 }]);
  assert.equal((await client.must("GET", "/events")).meta.total_count, 4);
});

test("a batch stands or falls as a whole, and names every offender by its index", async () => {
  const client = await server.organization();
  await client.must("POST", "/events", { event: event({ transaction_id: "old" }) });
  const batch = (events: readonly unknown[]) => client.call("POST", "/events/batch", { events });
  assert.deepEqual((await batch([])).body.error_details, { events: ["no_events"] });
  assert.deepEqual((await client.call("POST", "/events/batch", {})).body.error_details, { events: ["no_events"] });
  assert.deepEqual((await batch(Array.from({ length: 101 }, () => event()))).body.error_details, {
    events: ["too_many_events"],
  });
  assert.deepEqual(
    (
      await batch([
        event(),
        event({ transaction_id: "t2", code: null }),
        event({ transaction_id: "t3", timestamp: "x" }),
      ])
    ).body.error_details,
    {
      1: { code: ["value_is_mandatory"] },
      2: { timestamp: ["invalid_format"] },
    },
  );
  assert.deepEqual(
    (await batch([event(), event(), event({ external_subscription_id: "s2" }), event()])).body.error_details,
    {
      1: { transaction_id: ["value_already_exist"] },
      3: { transaction_id: ["value_already_exist"] },
    },
  );
  assert.deepEqual((await batch([event(), event({ transaction_id: "old" })])).body.error_details, {
    1: { transaction_id: ["value_already_exist"] },
  });
  assert.equal((await client.must("GET", "/events")).meta.total_count, 1);
  const { events } = (await batch([event({ transaction_id: "a" }), event({ transaction_id: "b" })])).body;
  assert.deepEqual(
    events.map((one: { transaction_id: string }) => one.transaction_id),
    ["a", "b"],
  );
});

test("a file is judged line by line, and may be sent again", async () => {
  const client = await server.organization();
  const lines = [event(), event(), { code: "x" }, event({ transaction_id: "t2" })];
  const body = `${ndjson(lines)}\nnot json\n\n`;
  const first = await bulk(client, body);
  assert.equal(first.status, 200);
  assert.deepEqual(
    first.body.results.map((one: { status: string }) => one.status),
    ["accepted", "duplicate", "invalid", "accepted", "invalid"],
  );
  assert.deepEqual(first.body.results[2].error_details, { transaction_id: ["value_is_mandatory"] });
  const second = await bulk(client, body);
  assert.deepEqual(
    second.body.results.map((one: { status: string }) => one.status),
    ["duplicate", "duplicate", "invalid", "duplicate", "invalid"],
  );
  const asArray = await bulk(client, JSON.stringify([...lines, event({ transaction_id: "t3" })]), "application/json");
  assert.deepEqual(
    asArray.body.results.map((one: { status: string }) => one.status),
    ["duplicate", "duplicate", "invalid", "duplicate", "accepted"],
  );
  assert.equal((await client.must("GET", "/events")).meta.total_count, 3);
});

test("a large file is stored as it was sent, whatever its texts hold, and its repetitions are told", async () => {
  const client = await server.organization();
  const texts = ["tab\there", "line\nbreak\r", "back\\slash \\N \\.", '"quoted"', "{}", "é 😀", "\\t"];
  const times = [0, 0.000001, 1.5, 951_782_400.123456, 1_709_251_199.999999, 253_402_300_799.5];
  const sent = Array.from({ length: 700 }, (_, index) => ({
    transaction_id: `${index} ${texts[index % texts.length]}`,
    external_subscription_id: `large ${texts[index % 3]}`,
    code: "large",
    timestamp: times[index % times.length],
    properties: { text: texts[index % texts.length], nested: { list: [texts[index % 5], index] } },
    precise_total_amount_cents: index % 2 === 0 ? `${index}.5` : null,
  }));
  const { body } = await bulk(client, ndjson(sent));
  assert.ok(body.results.every((one: { status: string }) => one.status === "accepted"));
  const stored = new Map<string, Record<string, unknown>>();
  for (let page = 1; page <= 7; page++) {
    const { events } = await client.must("GET", `/events?page=${page}&per_page=100`);
    for (const one of events) stored.set(one.transaction_id, one);
  }
  for (const one of sent) {
    const found = stored.get(one.transaction_id);
    assert.deepEqual(found?.properties, one.properties);
    assert.equal(found?.external_subscription_id, one.external_subscription_id);
    const milliseconds = Math.floor((one.timestamp as number) * 1000 + 1e-6);
    assert.equal(Temporal.Instant.from(found?.timestamp as string).epochMilliseconds, milliseconds);
    assert.equal(found?.precise_total_amount_cents, one.precise_total_amount_cents);
  }
  const again = [...sent, { ...sent[0], transaction_id: "new" }, { ...sent[0], transaction_id: "new" }];
  const { results } = (await bulk(client, ndjson(again))).body;
  assert.equal(results.filter((one: { status: string }) => one.status === "duplicate").length, 701);
  assert.equal(results.at(-2).status, "accepted");
  assert.equal((await client.must("GET", "/events")).meta.total_count, 701);
});

test("files that are sent at once share their events out: each is stored once", async () => {
  const client = await server.organization();
  const lines = Array.from({ length: 1_500 }, (_, index) => event({ transaction_id: `rival ${index}` }));
  const answers = await Promise.all(Array.from({ length: 4 }, () => bulk(client, ndjson(lines))));
  const accepted = answers.flatMap(({ body }) => body.results).filter((one) => one.status === "accepted");
  assert.equal(accepted.length, lines.length);
  assert.equal((await client.must("GET", "/events")).meta.total_count, lines.length);
});

test("a file beyond the limits or without anything readable is refused as a whole", async () => {
  const client = await server.organization();
  const many = Array.from({ length: 10_001 }, (_, index) => event({ transaction_id: `m${index}` }));
  assert.equal((await bulk(client, ndjson(many))).status, 413);
  assert.equal((await bulk(client, "x".repeat(21 * 1_048_576))).status, 413);
  assert.equal((await bulk(client, "[1, 2")).status, 400);
  assert.equal((await bulk(client, "")).status, 400);
  assert.equal((await client.must("GET", "/events")).meta.total_count, 0);
});

test("a poisoned event beside ten thousand good ones is refused alone", async () => {
  const [good, bad] = [await server.organization(), await server.organization()];
  const events = Array.from({ length: 10_000 }, (_, index) =>
    event({ transaction_id: `g${index}`, properties: { v: index } }),
  );
  const [filed, poisoned, poisonedBatch, fine] = await Promise.all([
    bulk(good, ndjson(events)),
    bad.call("POST", "/events", { event: event({ properties: { v: "\u0000" } }) }),
    bad.call("POST", "/events/batch", {
      events: [event({ transaction_id: "b1" }), event({ transaction_id: "b2", properties: { v: "\udfff" } })],
    }),
    bad.call("POST", "/events", { event: event({ transaction_id: "fine" }) }),
  ]);
  assert.ok(filed.body.results.every((one: { status: string }) => one.status === "accepted"));
  assert.deepEqual([poisoned.status, poisonedBatch.status, fine.status], [422, 422, 200]);
  assert.equal((await good.must("GET", "/events")).meta.total_count, 10_000);
});

test("the newest come first, whatever the subscription, and the range is inclusive", async () => {
  const client = await server.organization();
  await client.at("2024-01-31T00:00:00Z");
  const at = (day: number) => Date.UTC(2024, 0, day) / 1000;
  const events = Array.from({ length: 30 }, (_, index) =>
    event({
      transaction_id: `e${String(index).padStart(2, "0")}`,
      external_subscription_id: `s${index % 7}`,
      timestamp: at(1 + (index % 10)),
    }),
  );
  await client.must("POST", "/events/batch", { events });
  const expected = [...events]
    .sort((a, b) => b.timestamp - a.timestamp || (a.transaction_id < b.transaction_id ? -1 : 1))
    .map((one) => one.transaction_id);
  const seen: string[] = [];
  for (let page: number | null = 1; page !== null; ) {
    const answer = await client.must("GET", `/events?per_page=7&page=${page}`);
    assert.equal(answer.meta.total_count, 30);
    seen.push(...answer.events.map((one: { transaction_id: string }) => one.transaction_id));
    page = answer.meta.next_page;
  }
  assert.deepEqual(seen, expected);
  const range = await client.must("GET", "/events?timestamp_from=2024-01-02&timestamp_to=2024-01-03T00:00:00Z");
  assert.equal(range.meta.total_count, 6);
  assert.deepEqual((await client.call("GET", "/events?timestamp_from=soon")).body.error_details, {
    timestamp_from: ["invalid_date"],
  });
});

test("no organization sees another's events", async () => {
  const [one, other] = [await server.organization(), await server.organization()];
  await one.must("POST", "/events", { event: event() });
  assert.equal((await other.call("GET", "/events/t1")).status, 404);
  assert.equal((await other.must("GET", "/events")).meta.total_count, 0);
  await other.must("POST", "/events", { event: event() });
  assert.equal((await request(`${server.url}/api/v1/events`, "POST", { event: event() })).status, 401);
});
