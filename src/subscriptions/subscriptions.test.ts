import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Client, startTestServer, type TestServer } from "../testing/server.ts";

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server.close());

const plan = (given: Record<string, unknown> = {}) => ({
  plan: {
    code: "p",
    name: "Plan",
    interval: "monthly",
    amount_cents: 3000,
    amount_currency: "EUR",
    pay_in_advance: false,
    ...given,
  },
});
const subscription = (given: Record<string, unknown> = {}) => ({
  subscription: { external_customer_id: "c1", external_id: "s1", plan_code: "p", ...given },
});

/** An organization in January with a plan and a customer. */
async function organization(
  planGiven: Record<string, unknown> = {},
  customerGiven: Record<string, unknown> = {},
  at = "2024-01-17T10:00:00Z",
): Promise<Client> {
  const client = await server.organization();
  await client.at(at);
  await client.must("POST", "/plans", plan(planGiven));
  await client.must("POST", "/customers", { customer: { external_id: "c1", ...customerGiven } });
  return client;
}

async function refused(client: Client, body: unknown, status: number, expected: unknown): Promise<void> {
  const answer = await client.call("POST", "/subscriptions", body);
  assert.equal(answer.status, status, JSON.stringify(answer.body));
  assert.deepEqual(status === 422 ? answer.body.error_details : answer.body.code, expected);
}

const isUuid = (value: unknown) => typeof value === "string" && /^[0-9a-f-]{36}$/.test(value);

test("a customer is put on a plan", async () => {
  const client = await organization();
  const created = await client.must(
    "POST",
    "/subscriptions",
    subscription({ external_id: " s1 ", name: " Repository A ", purchase_order_number: " PO-1 " }),
  );
  const { lago_id, lago_customer_id, plan: embedded, ...rest } = created.subscription;
  assert.ok(isUuid(lago_id) && isUuid(lago_customer_id));
  assert.deepEqual([embedded.code, embedded.amount_cents, embedded.charges], ["p", 3000, []]);
  assert.deepEqual(rest, {
    external_id: "s1",
    external_customer_id: "c1",
    billing_entity_code: rest.billing_entity_code,
    name: "Repository A",
    plan_code: "p",
    plan_amount_cents: 3000,
    plan_amount_currency: "EUR",
    status: "active",
    billing_time: "calendar",
    subscription_at: "2024-01-17T10:00:00Z",
    started_at: "2024-01-17T10:00:00.000Z",
    activated_at: "2024-01-17T10:00:00Z",
    trial_ended_at: null,
    ending_at: null,
    terminated_at: null,
    canceled_at: null,
    paused_at: null,
    created_at: "2024-01-17T10:00:00Z",
    previous_plan_code: null,
    next_plan_code: null,
    downgrade_plan_date: null,
    current_billing_period_started_at: "2024-01-17T10:00:00Z",
    current_billing_period_ending_at: "2024-01-31T23:59:59Z",
    on_termination_credit_note: null,
    on_termination_invoice: "generate",
    progressive_billing_disabled: false,
    consolidate_invoice: true,
    purchase_order_number: "PO-1",
    payment_method: { payment_method_id: null, payment_method_type: "provider" },
    cancellation_reason: null,
    activation_rules: [],
    applied_invoice_custom_sections: [],
    entitlements: [],
    applicable_usage_thresholds: [],
  });
  assert.deepEqual((await client.must("GET", "/subscriptions/s1")).subscription, created.subscription);
  await client.at("2024-02-20T00:00:00Z");
  const later = (await client.must("GET", "/subscriptions/s1")).subscription;
  assert.equal(later.current_billing_period_started_at, "2024-02-01T00:00:00Z");
  assert.equal(later.current_billing_period_ending_at, "2024-02-29T23:59:59Z");
});

test("asking again for the same plan changes nothing", async () => {
  const client = await organization();
  const first = await client.must("POST", "/subscriptions", subscription({ name: "A" }));
  await client.at("2024-01-20T10:00:00Z");
  const again = await client.must("POST", "/subscriptions", subscription({ name: "B", billing_time: "anniversary" }));
  assert.deepEqual(again.subscription, first.subscription);
});

test("an unknown customer is created, and takes the plan's currency", async () => {
  const client = await organization({ amount_currency: "GBP" });
  await client.must("POST", "/subscriptions", subscription({ external_customer_id: "new" }));
  const { customer } = await client.must("GET", "/customers/new");
  assert.deepEqual([customer.external_id, customer.currency], ["new", "GBP"]);

  await client.must("POST", "/customers", { customer: { external_id: "c1", currency: "USD" } });
  await client.must("POST", "/subscriptions", subscription({ external_id: "s2" }));
  assert.equal((await client.must("GET", "/customers/c1")).customer.currency, "USD", "a currency that is set stays");
});

test("a refused request leaves no customer behind", async () => {
  const client = await organization();
  await refused(client, subscription({ external_customer_id: "new", ending_at: "2024-01-17T23:00:00Z" }), 422, {
    ending_at: ["invalid_date"],
  });
  assert.equal((await client.call("GET", "/customers/new")).status, 404);
});

test("the start is where the request puts it", async () => {
  const client = await organization({ pay_in_advance: true }, { timezone: "America/New_York" }, "2024-01-17T12:00:00Z");
  const started = async (external_id: string, subscription_at: string) =>
    (await client.must("POST", "/subscriptions", subscription({ external_id, subscription_at }))).subscription;

  const past = await started("past", "2023-05-05T08:00:00.123Z");
  assert.deepEqual(
    [past.status, past.started_at, past.subscription_at],
    ["active", "2023-05-05T08:00:00.123Z", "2023-05-05T08:00:00Z"],
  );
  const later = await started("later", "2024-01-18T04:59:59Z");
  assert.deepEqual(
    [later.status, later.started_at],
    ["active", "2024-01-18T04:59:59.000Z"],
    "later today, in New York",
  );
  assert.equal((await started("day", "2024-01-17")).started_at, "2024-01-17T00:00:00.000Z", "a date is its midnight");
  const future = await started("future", "2024-01-18T05:00:00Z");
  assert.deepEqual([future.status, future.started_at, future.activated_at], ["pending", null, null]);
});

test("what is wrong is said by field", async () => {
  const client = await organization();
  const noRoot = await client.call("POST", "/subscriptions", { external_id: "s1" });
  assert.equal(noRoot.status, 400);
  await refused(client, subscription({ plan_code: "nope" }), 404, "plan_not_found");
  await refused(client, subscription({ plan_code: null }), 404, "plan_not_found");
  await refused(client, subscription({ billing_entity_code: "nope" }), 404, "billing_entity_not_found");
  for (const [given, details] of [
    [{ external_customer_id: null }, { external_customer_id: ["value_is_mandatory"] }],
    [{ external_customer_id: " " }, { external_customer_id: ["value_is_mandatory"] }],
    [{ external_id: null }, { external_id: ["value_is_mandatory"] }],
    [{ external_id: "x".repeat(256) }, { external_id: ["value_is_too_long"] }],
    [{ purchase_order_number: "x".repeat(256) }, { purchase_order_number: ["value_is_too_long"] }],
    [{ billing_time: "lunar" }, { billing_time: ["value_is_invalid"] }],
    [{ subscription_at: "tomorrow" }, { subscription_at: ["invalid_date"] }],
    [{ subscription_at: "0000-01-01" }, { subscription_at: ["invalid_date"] }],
    [
      { subscription_at: "2024-02-30", ending_at: "soon" },
      { subscription_at: ["invalid_date"], ending_at: ["invalid_date"] },
    ],
    [{ ending_at: "2024-01-17T23:00:00Z" }, { ending_at: ["invalid_date"] }],
    [{ subscription_at: "2023-01-01", ending_at: "2023-06-01" }, { ending_at: ["invalid_date"] }],
    [
      { payment_method: { payment_method_type: "manual", payment_method_id: "1a901a90-1a90-1a90-1a90-1a901a901a90" } },
      { payment_method: ["invalid_payment_method"] },
    ],
    [{ activation_rules: { type: "payment" } }, { activation_rules: ["invalid_format"] }],
    [{ activation_rules: [{ type: "email" }] }, { activation_rules: ["invalid_type"] }],
    [{ activation_rules: [{ type: "payment" }, { type: "payment" }] }, { activation_rules: ["duplicated_type"] }],
    [
      { activation_rules: [{ type: "payment", timeout_hours: -1 }] },
      { timeout_hours: ["value_must_be_positive_or_zero"] },
    ],
    [{ activation_rules: [{ type: "payment" }] }, { customer: ["no_linked_payment_provider"] }],
    [
      { usage_thresholds: [{ amount_cents: 1 }], plan_overrides: { usage_thresholds: [{ amount_cents: 1 }] } },
      { "plan_overrides.usage_thresholds": ["incompatible_params"], usage_thresholds: ["incompatible_params"] },
    ],
  ] as const) {
    await refused(client, subscription(given), 422, details);
  }
});

test("what comes later is refused, never ignored", async () => {
  const client = await organization();
  for (const [field, given] of [
    ["usage_thresholds", { usage_thresholds: [{ amount_cents: 1 }] }],
    ["payment_method", { payment_method: { payment_method_type: "manual" } }],
    ["invoice_custom_section", { invoice_custom_section: { invoice_custom_section_codes: ["bank"] } }],
    ["invoice_custom_section", { invoice_custom_section: { skip_invoice_custom_sections: true } }],
    ["progressive_billing_disabled", { progressive_billing_disabled: "true" }],
  ] as const) {
    await refused(client, subscription(given), 422, { [field]: ["not_supported_yet"] });
  }
  await refused(client, { ...subscription(), authorization: { amount_cents: 1, amount_currency: "EUR" } }, 422, {
    authorization: ["not_supported_yet"],
  });
  await client.must(
    "POST",
    "/subscriptions",
    subscription({
      ending_at: null,
      plan_overrides: {},
      usage_thresholds: [],
      activation_rules: [],
      payment_method: { payment_method_type: "provider", payment_method_id: null },
      invoice_custom_section: { skip_invoice_custom_sections: false, invoice_custom_section_codes: [] },
      progressive_billing_disabled: false,
    }),
  );
});

test("an external id is one customer's while it is active", async () => {
  const client = await organization();
  await client.must("POST", "/subscriptions", subscription());
  await refused(client, subscription({ external_customer_id: "c2" }), 422, { external_id: ["value_already_exist"] });
  await client.must("DELETE", "/subscriptions/s1");
  const other = await client.must("POST", "/subscriptions", subscription({ external_customer_id: "c2" }));
  assert.equal(other.subscription.external_customer_id, "c2");
});

test("twenty requests at once begin one subscription", async () => {
  const client = await organization();
  const answers = await Promise.all(
    Array.from({ length: 20 }, () =>
      client.call("POST", "/subscriptions", subscription({ external_customer_id: "new" })),
    ),
  );
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
  assert.equal(new Set(answers.map(({ body }) => body.subscription.lago_id)).size, 1);
  const { meta } = await client.must("GET", "/subscriptions?status[]=active&status[]=terminated");
  assert.equal(meta.total_count, 1);
});

test("of customers who ask at once for one external id one gets it", async () => {
  const client = await organization();
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, n) =>
      client.call("POST", "/subscriptions", subscription({ external_customer_id: `rival-${n}` })),
    ),
  );
  assert.equal(answers.filter(({ status }) => status === 200).length, 1);
  for (const { status, body } of answers.filter((answer) => answer.status !== 200)) {
    assert.deepEqual([status, body.error_details], [422, { external_id: ["value_already_exist"] }]);
  }
});

test("lists show the active ones, the latest anchor first, and filter", async () => {
  const client = await organization({}, { currency: "EUR" });
  await client.must("POST", "/plans", plan({ code: "usd", amount_currency: "USD" }));
  const create = (given: Record<string, unknown>) => client.must("POST", "/subscriptions", subscription(given));
  await create({ external_id: "a", subscription_at: "2024-01-05" });
  await create({ external_id: "b", subscription_at: "2024-01-10" });
  await create({ external_id: "c", plan_code: "usd", external_customer_id: "c2", subscription_at: "2024-01-01" });
  await create({ external_id: "d", subscription_at: "2024-01-10" });
  await create({ external_id: "gone", subscription_at: "2024-01-12" });
  await client.must("DELETE", "/subscriptions/gone");

  const ids = async (path: string) =>
    (await client.must("GET", path)).subscriptions.map(({ external_id }: { external_id: string }) => external_id);
  assert.deepEqual(await ids("/subscriptions"), ["d", "b", "a", "c"]);
  assert.deepEqual(await ids("/subscriptions?per_page=2&page=2"), ["a", "c"]);
  assert.deepEqual(await ids("/subscriptions?status[]=terminated"), ["gone"]);
  assert.deepEqual(await ids("/subscriptions?status[]=active&status[]=terminated"), ["gone", "d", "b", "a", "c"]);
  assert.deepEqual(await ids("/subscriptions?external_customer_id=c2"), ["c"]);
  assert.deepEqual(await ids("/subscriptions?external_customer_id=nobody"), []);
  assert.deepEqual(await ids("/subscriptions?plan_code=usd"), ["c"]);
  assert.deepEqual(await ids("/subscriptions?currency=EUR"), ["d", "b", "a"]);
  assert.deepEqual(await ids("/subscriptions?external_id=b"), ["b"]);
  assert.deepEqual(await ids("/subscriptions?overridden=true"), []);
  assert.deepEqual(await ids("/subscriptions?overridden=false&plan_code=usd"), ["c"]);
  assert.deepEqual(await ids("/customers/c1/subscriptions"), ["d", "b", "a"]);
  assert.deepEqual(await ids("/customers/c1/subscriptions?status[]=terminated"), ["gone"]);
  const { billing_entity_code } = (await client.must("GET", "/subscriptions/a")).subscription;
  assert.equal((await ids(`/subscriptions?billing_entity_codes[]=${billing_entity_code}`)).length, 4);

  const { meta } = await client.must("GET", "/subscriptions?per_page=3");
  assert.deepEqual(meta, { current_page: 1, next_page: 2, prev_page: null, total_pages: 2, total_count: 4 });
  for (const [path, status] of [
    ["/subscriptions?status[]=odd", 422],
    ["/subscriptions?currency=euros", 422],
    ["/subscriptions?overridden=perhaps", 422],
    ["/subscriptions?billing_entity_codes[]=nope", 404],
    ["/subscriptions/a?status=odd", 422],
    ["/subscriptions/nope", 404],
    ["/customers/nope/subscriptions", 404],
  ] as const) {
    assert.equal((await client.call("GET", path)).status, status, path);
  }
});

test("what is stored for later invoices can be changed", async () => {
  const client = await organization({ pay_in_advance: true });
  await client.must("POST", "/plans", plan({ code: "arrears" }));
  await client.must("POST", "/subscriptions", subscription({ name: "A", purchase_order_number: "1" }));
  await client.must("POST", "/subscriptions", subscription({ external_id: "s2", plan_code: "arrears" }));
  const change = (given: Record<string, unknown>, id = "s1") =>
    client.call("PUT", `/subscriptions/${id}`, { subscription: given });

  const { body } = await change({
    name: "B",
    ending_at: null,
    purchase_order_number: " ",
    consolidate_invoice: "false",
    on_termination_invoice: "skip",
    on_termination_credit_note: "skip",
  });
  const changed = body.subscription;
  assert.deepEqual(
    [
      changed.name,
      changed.purchase_order_number,
      changed.consolidate_invoice,
      changed.on_termination_invoice,
      changed.on_termination_credit_note,
      changed.plan.code,
    ],
    ["B", null, false, "skip", "skip", "p"],
  );
  assert.equal((await change({ name: null })).body.subscription.name, null);
  for (const [given, details, id] of [
    [{ on_termination_invoice: "odd" }, { on_termination_invoice: ["invalid_value"] }, "s1"],
    [{ on_termination_credit_note: "odd" }, { on_termination_credit_note: ["invalid_value"] }, "s1"],
    [{ on_termination_credit_note: "credit" }, { on_termination_credit_note: ["value_must_be_blank"] }, "s2"],
    [{ activation_rules: [{ type: "payment" }] }, { activation_rules: ["subscription_not_pending"] }, "s2"],
    [{ ending_at: "later" }, { ending_at: ["invalid_date"] }, "s1"],
    [{ plan_overrides: { amount_cents: -1 } }, { amount_cents: ["value_is_out_of_range"] }, "s1"],
    [{ name: 5 }, { name: ["value_is_invalid"] }, "s1"],
  ] as const) {
    const answer = await change(given, id);
    assert.deepEqual([answer.status, answer.body.error_details], [422, details]);
  }
  assert.equal((await change({ billing_entity_code: "nope" })).body.code, "billing_entity_not_found");
  assert.equal((await change({ name: "x" }, "nope")).body.code, "subscription_not_found");
  assert.equal((await client.call("PUT", "/subscriptions/s1", { name: "x" })).status, 400);

  await client.must("DELETE", "/subscriptions/s1");
  const late = await change({ purchase_order_number: "2" });
  assert.deepEqual([late.status, late.body.code], [405, "purchase_order_number_not_editable"]);
  assert.equal((await change({ name: "closed" })).body.subscription.status, "terminated");
});

test("a subscription is seen by its own organization only", async () => {
  const [mine, other] = [await organization(), await organization()];
  await mine.must("POST", "/subscriptions", subscription());
  assert.equal((await other.call("GET", "/subscriptions/s1")).status, 404);
  assert.equal((await other.call("PUT", "/subscriptions/s1", { subscription: { name: "x" } })).status, 404);
  assert.equal((await other.call("DELETE", "/subscriptions/s1")).status, 404);
  assert.equal((await other.must("GET", "/subscriptions")).meta.total_count, 0);
  const own = await other.must("POST", "/subscriptions", subscription());
  assert.notEqual(own.subscription.lago_id, (await mine.must("GET", "/subscriptions/s1")).subscription.lago_id);
  assert.equal((await mine.must("GET", "/subscriptions")).meta.total_count, 1);
});
