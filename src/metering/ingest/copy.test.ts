/** What goes in by COPY's binary format comes out as it was sent. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import pg from "pg";
import { request, startTestServer, type TestServer } from "../../testing/server.ts";

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server.close());

const AMOUNTS = [
  "0",
  "-0.5",
  "1",
  "12.5",
  "-12345678.9",
  "10000",
  "99999999",
  "0.0001",
  "0.00001",
  "1200.0000000000001",
  "123456789012345678901234.123456789012345",
  "-100000000.000000000000001",
];
const TIMESTAMPS = [
  "0",
  "0.000001",
  "946684799.999999",
  "946684800",
  "1763985600.123456",
  "9007199254.740993",
  "253402300799.999999",
];
const TEXTS = ["plain", "tab\tline\nreturn\r", 'back\\slash "quoted"', "ünï çødé", "漢字 🧾", "\\N", "\\."];

test("amounts, moments and texts that are copied in are what they were", async () => {
  const { apiKey } = await server.organization({ sandbox: false });
  const events = Array.from({ length: 840 }, (_, index) => ({
    transaction_id: `${TEXTS[index % TEXTS.length]}-${index}`,
    external_subscription_id: `sub_${index % 3}`,
    code: "calls",
    timestamp: TIMESTAMPS[index % TIMESTAMPS.length],
    precise_total_amount_cents: index % 5 === 0 ? null : AMOUNTS[index % AMOUNTS.length],
    properties: { text: TEXTS[(index * 3) % TEXTS.length], [`key ${TEXTS[index % TEXTS.length]}`]: index },
  }));
  const body = events.map((event) => JSON.stringify(event)).join("\n");
  const headers = { authorization: `Bearer ${apiKey}`, "content-type": "application/x-ndjson" };
  const answer = await request(`${server.url}/api/v1/events/bulk`, "POST", body, headers);
  assert.equal(answer.status, 200);
  const client = new pg.Client({ connectionString: server.databaseUrl });
  await client.connect();
  const { rows } = await client.query(
    `select e.transaction_id, s.external_subscription_id, (extract(epoch from e.timestamp) * 1000000)::text as micros,
       trim_scale(e.precise_total_amount_cents)::text as amount, e.properties, e.received_at = c.received_at as is_of_its_commit
     from events e join streams s on s.id = e.stream_id left join event_commits c on c.id = e.commit_id order by e.ordinal`,
  );
  await client.end();
  const micros = (seconds = "") => {
    const [whole = "", fraction = ""] = seconds.split(".");
    return String(BigInt(whole + fraction.padEnd(6, "0")));
  };
  assert.equal(rows.length, events.length);
  const placeOf = (row: { transaction_id: string }) =>
    Number(row.transaction_id.slice(row.transaction_id.lastIndexOf("-") + 1));
  for (const subscription of ["sub_0", "sub_1", "sub_2"]) {
    const places = rows.filter((row) => row.external_subscription_id === subscription).map(placeOf);
    const at = (place: number) => Number(TIMESTAMPS[place % TIMESTAMPS.length]);
    assert.deepEqual(
      places,
      places.toSorted((a, b) => at(a) - at(b) || a - b),
      "a stream's events stand by time, those of one moment as they came",
    );
  }
  rows.sort((a, b) => placeOf(a) - placeOf(b));
  for (const [index, row] of rows.entries()) {
    const sent = events[index] as (typeof events)[number];
    assert.equal(row.transaction_id, sent.transaction_id);
    assert.equal(row.external_subscription_id, sent.external_subscription_id);
    assert.equal(BigInt(row.micros.split(".")[0]).toString(), micros(sent.timestamp));
    assert.equal(row.amount, sent.precise_total_amount_cents);
    assert.deepEqual(row.properties, sent.properties);
    assert.notEqual(row.is_of_its_commit, false);
  }
});
