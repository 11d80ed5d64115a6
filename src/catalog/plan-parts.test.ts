import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Client, startTestServer, type TestServer } from "../testing/server.ts";

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server.close());

const NOW = "2024-06-15T12:00:00Z";
const LATER = "2024-06-16T12:00:00Z";

async function organization(more: object = {}): Promise<{ client: Client; plan: Record<string, unknown> }> {
  const client = await server.organization();
  await client.at(NOW);
  const terms = { name: "P", code: "p", interval: "weekly", amount_cents: 100, amount_currency: "EUR" };
  const { plan } = await client.must("POST", "/plans", { plan: { ...terms, pay_in_advance: false, ...more } });
  return { client, plan };
}

const change = async (client: Client, plan: object) => (await client.must("PUT", "/plans/p", { plan })).plan;

test("a minimum commitment is set, kept, changed and removed", async () => {
  const { client, plan } = await organization({
    minimum_commitment: { amount_cents: "1000", invoice_display_name: "Least" },
  });
  const commitment = plan.minimum_commitment as { lago_id: string };
  assert.deepEqual(commitment, {
    ...{ lago_id: commitment.lago_id, plan_code: "p", invoice_display_name: "Least", amount_cents: 1000 },
    ...{ interval: "weekly", created_at: NOW, updated_at: NOW, taxes: [] },
  });
  await client.at(LATER);
  assert.deepEqual((await change(client, { minimum_commitment: null })).minimum_commitment, commitment);
  const changed = await change(client, { minimum_commitment: { amount_cents: 2000 } });
  assert.deepEqual(changed.minimum_commitment, { ...commitment, amount_cents: 2000, updated_at: LATER });
  assert.equal("minimum_commitment" in (await change(client, { minimum_commitment: {} })), false);
  assert.equal("minimum_commitment" in (await change(client, { name: "Q" })), false);
  const again = await change(client, { minimum_commitment: { amount_cents: 1 } });
  assert.notEqual(again.minimum_commitment.lago_id, commitment.lago_id);
});

test("usage thresholds are replaced as a list; what stays keeps its id", async () => {
  const { client, plan } = await organization({
    usage_thresholds: [
      { amount_cents: 500, recurring: true },
      { amount_cents: "200", threshold_display_name: "Two" },
    ],
  });
  const [two, five] = plan.usage_thresholds as { lago_id: string }[];
  assert.deepEqual(plan.usage_thresholds, [
    {
      ...{ lago_id: two?.lago_id, threshold_display_name: "Two", amount_cents: 200, recurring: false },
      ...{ created_at: NOW, updated_at: NOW },
    },
    {
      ...{ lago_id: five?.lago_id, threshold_display_name: null, amount_cents: 500, recurring: true },
      ...{ created_at: NOW, updated_at: NOW },
    },
  ]);
  assert.deepEqual(plan.applicable_usage_thresholds, [
    { threshold_display_name: "Two", amount_cents: 200, recurring: false },
    { threshold_display_name: null, amount_cents: 500, recurring: true },
  ]);
  await client.at(LATER);
  const changed = await change(client, {
    usage_thresholds: [{ amount_cents: 200, threshold_display_name: "Deux" }, { amount_cents: 300 }],
  });
  assert.deepEqual(
    changed.usage_thresholds.map((each: { lago_id: string; amount_cents: number; updated_at: string }) => [
      each.lago_id === two?.lago_id,
      each.amount_cents,
      each.updated_at,
    ]),
    [
      [true, 200, LATER],
      [false, 300, LATER],
    ],
  );
  assert.equal((await change(client, { name: "Q" })).usage_thresholds.length, 2);
  assert.deepEqual((await change(client, { usage_thresholds: [] })).usage_thresholds, []);
});

test("thresholds are refused as the contract says", async () => {
  const { client } = await organization();
  const one = { amount_cents: 1 };
  for (const [usage_thresholds, expected] of [
    [[one, {}], { usage_thresholds: ["missing_amount_cents"] }],
    [[one, one], { usage_thresholds: ["duplicated_values"] }],
    [
      [
        { amount_cents: 1, recurring: true },
        { amount_cents: 2, recurring: true },
      ],
      { usage_thresholds: ["multiple_recurring_thresholds"] },
    ],
    [[{ amount_cents: 0 }], { amount_cents: ["value_is_out_of_range"] }],
  ] as const) {
    const answer = await client.call("PUT", "/plans/p", { plan: { usage_thresholds } });
    assert.deepEqual([answer.status, answer.body.error_details], [422, expected]);
  }
  assert.equal(
    (await client.call("PUT", "/plans/p", { plan: { usage_thresholds: [one, { ...one, recurring: true }] } })).status,
    200,
  );
});

test("metadata is replaced, merged and removed, key by key or whole", async () => {
  const { client, plan } = await organization();
  assert.equal("metadata" in plan, false);
  const call = async (method: string, path = "", metadata?: unknown) =>
    (await client.must(method, `/plans/p/metadata${path}`, metadata === undefined ? undefined : { metadata })).metadata;
  assert.equal((await client.call("DELETE", "/plans/p/metadata/a")).body.code, "metadata_not_found");
  assert.deepEqual(await call("POST", "", { a: "1", b: null }), { a: "1", b: null });
  assert.deepEqual(await call("PATCH", "", { b: "2", c: "3" }), { a: "1", b: "2", c: "3" });
  assert.deepEqual(await call("PUT", "", { c: "4" }), { a: "1", b: "2", c: "4" });
  assert.deepEqual(await call("PATCH", "", null), { a: "1", b: "2", c: "4" });
  assert.deepEqual((await client.must("GET", "/plans/p")).plan.metadata, { a: "1", b: "2", c: "4" });
  assert.deepEqual(await call("DELETE", "/a"), { b: "2", c: "4" });
  assert.deepEqual(await call("DELETE", "/a"), { b: "2", c: "4" });
  assert.deepEqual((await change(client, { metadata: { x: "y" } })).metadata, { x: "y" });
  assert.deepEqual((await change(client, { name: "Q" })).metadata, { x: "y" });
  assert.equal("metadata" in (await change(client, { metadata: null })), false);
  assert.deepEqual(await call("POST", "", { x: "y" }), { x: "y" });
  assert.equal(await call("DELETE"), null);
  for (const [body, status, expected] of [
    [{}, 400, null],
    [{ metadata: { a: 1 } }, 422, { value: ["value_is_invalid"] }],
    [{ metadata: { ["k".repeat(101)]: "v" } }, 422, { value: ["value_is_too_long"] }],
    [
      { metadata: Object.fromEntries(Array.from({ length: 51 }, (_, n) => [n, ""])) },
      422,
      { value: ["too_many_keys"] },
    ],
  ] as const) {
    for (const method of ["POST", "PATCH"]) {
      const answer = await client.call(method, "/plans/p/metadata", body);
      assert.equal(answer.status, status, JSON.stringify(answer.body));
      if (status === 422) assert.deepEqual(answer.body.error_details, expected);
    }
  }
  assert.equal((await client.call("POST", "/plans/nope/metadata", { metadata: {} })).body.code, "plan_not_found");
});
