import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startTestServer, type TestServer } from "../../testing/server.ts";
import { type Telling, tellStory } from "./testing.ts";

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server.close());

const story: Telling = (...terms) => tellStory(server, ...terms);

const CLOUDS = {
  code: "tokens",
  name: "Tokens",
  aggregation_type: "sum_agg",
  filters: [
    { key: "cloud", values: ["aws", "gcp"] },
    { key: "region", values: ["eu", "us", "asia"] },
  ],
};

type Json = Record<string, unknown>;
// biome-ignore lint/suspicious/noExplicitAny: a test reads whatever the route answers
const shown = (entries: any[], ...keys: string[]) => entries.map((entry) => keys.map((key) => entry[key]));

const ALL = "__ALL_FILTER_VALUES__";
const price = (amount: string, values: Json, keys: string[] = []) => ({
  properties: { amount, ...(keys.length === 0 ? {} : { pricing_group_keys: keys }) },
  values,
});

test("G4: each event is in the most specific filter that it meets, else in the default bucket", async () => {
  const filters = [
    price("5", { cloud: ["aws", "gcp"] }),
    price("3", { cloud: ["aws"] }),
    price("1", { cloud: ["aws"], region: ["eu"] }),
  ];
  const { send, usage, bill } = await story(
    [CLOUDS],
    [{ metric: "tokens", charge_model: "standard", properties: { amount: "10" }, filters }],
  );
  for (const [cloud, region, value] of [
    ["aws", "eu", 4],
    ["aws", "us", 10],
    ["gcp", undefined, 7],
    ["azure", undefined, 2],
    [undefined, undefined, 1],
  ])
    await send("tokens", { cloud, region, value });
  const { amount_cents, charges_usage } = await usage();
  assert.equal(amount_cents, 9_900);
  assert.deepEqual(shown(charges_usage[0].filters, "values", "units", "amount_cents", "events_count"), [
    [{ cloud: ["aws", "gcp"] }, "7.0", 3_500, 1],
    [{ cloud: ["aws"] }, "10.0", 3_000, 1],
    [{ cloud: ["aws"], region: ["eu"] }, "4.0", 400, 1],
    [null, "3.0", 3_000, 2],
  ]);
  assert.deepEqual(charges_usage[0].grouped_usage, []);

  const fees = await bill("2024-04-01T00:10:00Z");
  assert.deepEqual(shown(fees, "amount_cents", "units"), [
    [3_500, "7.0"],
    [3_000, "10.0"],
    [400, "4.0"],
    [3_000, "3.0"],
  ]);
  assert.deepEqual(fees[2].item.filters, { cloud: ["aws"], region: ["eu"] });
  assert.equal(fees[2].item.filter_invoice_display_name, "aws, eu");
  assert.equal(fees[3].lago_charge_filter_id, null);
  assert.equal(fees[3].item.filters, null);
});

test("G4: all values are those that the metric admits, and no others", async () => {
  const filters = [{ ...price("5", { cloud: [ALL] }), invoice_display_name: "Any cloud" }];
  const { send, usage, bill } = await story(
    [CLOUDS],
    [{ metric: "tokens", charge_model: "standard", properties: { amount: "10" }, filters }],
  );
  await send("tokens", { cloud: "gcp", value: 1 });
  await send("tokens", { cloud: "azure", value: 1 });
  const [charge] = (await usage()).charges_usage;
  assert.deepEqual(shown(charge.filters, "values", "amount_cents", "invoice_display_name"), [
    [{ cloud: [ALL] }, 500, "Any cloud"],
    [null, 1_000, null],
  ]);
  const [fee] = await bill("2024-04-01T00:10:00Z");
  assert.equal(fee.item.filter_invoice_display_name, "Any cloud");
});

const TIERS = {
  graduated_ranges: [
    { from_value: 0, to_value: 10, per_unit_amount: "1", flat_amount: "0" },
    { from_value: 11, to_value: null, per_unit_amount: "0.5", flat_amount: "0" },
  ],
};

test("G5: each pricing group has tiers of its own; without groups they apply to the total", async () => {
  const properties = { ...TIERS, pricing_group_keys: ["user"] };
  const { send, usage } = await story([CLOUDS], [{ metric: "tokens", charge_model: "graduated", properties }]);
  await send("tokens", { user: "a", value: 8 });
  await send("tokens", { user: "b", value: 14 });
  await send("tokens", { value: 2 });
  await send("tokens", { user: "", value: 1 });
  const grouped = await usage();
  assert.equal(grouped.amount_cents, 2_300);
  assert.deepEqual(shown(grouped.charges_usage[0].grouped_usage, "grouped_by", "amount_cents", "units"), [
    [{ user: null }, 300, "3.0"],
    [{ user: "a" }, 800, "8.0"],
    [{ user: "b" }, 1_200, "14.0"],
  ]);
  const whole = await usage("&skip_grouping=true");
  assert.equal(whole.amount_cents, 1_750);
  assert.deepEqual(whole.charges_usage[0].grouped_usage, []);
});

test("G6: every bucket pays the first tier's flat fee, also where nothing was used", async () => {
  const tiers = (flat_amount: string) => ({
    graduated_ranges: [{ from_value: 0, to_value: null, per_unit_amount: "1", flat_amount }],
  });
  const filters = [{ properties: tiers("2.00"), values: { cloud: ["aws"] } }];
  const charges = [{ metric: "tokens", charge_model: "graduated", properties: tiers("2.00"), filters }];
  const { usage, bill } = await story([CLOUDS], charges);
  const [charge] = (await usage()).charges_usage;
  assert.deepEqual(shown(charge.filters, "units", "amount_cents"), [
    ["0.0", 200],
    ["0.0", 200],
  ]);
  const fees = await bill("2024-04-01T00:10:00Z");
  assert.deepEqual(shown(fees, "units", "amount_cents", "events_count"), [
    ["0.0", 200, 0],
    ["0.0", 200, 0],
  ]);
});

test("G14: a filter has group keys of its own, the charge's are those of the default bucket", async () => {
  const filters = [price("12", { cloud: ["aws"], region: [ALL] }, ["country"])];
  const { send, usage, bill } = await story(
    [CLOUDS],
    [{ metric: "tokens", charge_model: "standard", properties: { amount: "10" }, filters }],
  );
  for (const [cloud, region, country] of [
    ["aws", "us", "us"],
    ["aws", "eu", "france"],
    ["aws", "asia", undefined],
    ["gcp", "asia", "china"],
  ])
    await send("tokens", { cloud, region, country, value: 10 });
  const [charge] = (await usage()).charges_usage;
  assert.deepEqual([charge.units, charge.events_count, charge.amount_cents], ["40.0", 4, 46_000]);
  assert.deepEqual(shown(charge.filters, "amount_cents", "units"), [
    [36_000, "30.0"],
    [10_000, "10.0"],
  ]);
  assert.deepEqual(shown(charge.grouped_usage, "grouped_by", "amount_cents"), [
    [{ country: null }, 12_000],
    [{ country: "france" }, 12_000],
    [{ country: "us" }, 12_000],
    [{}, 10_000],
  ]);
  for (const { filters: own } of charge.grouped_usage) assert.equal(own.length, 1);
  assert.equal(charge.grouped_usage[3].filters[0].values, null);
  const fees = await bill("2024-04-01T00:10:00Z");
  assert.deepEqual(
    fees.map(({ amount_cents, item }) => [amount_cents, item.grouped_by]),
    [
      [12_000, { country: null }],
      [12_000, { country: "france" }],
      [12_000, { country: "us" }],
      [10_000, {}],
    ],
  );
});

test("G15: a charge in credits shows them beside what they are converted to", async () => {
  const { client, send, usage, bill } = await story([CLOUDS], []);
  await client.must("POST", "/pricing_units", { pricing_unit: { code: "credits", name: "Credits", short_name: "CR" } });
  const { lago_id } = (await client.must("GET", "/billable_metrics/tokens")).billable_metric;
  const applied_pricing_unit = { code: "credits", conversion_rate: "0.5" };
  await client.must("POST", "/plans/p/charges", {
    charge: {
      ...{ billable_metric_id: lago_id, code: "tokens", charge_model: "standard", applied_pricing_unit },
      properties: { amount: "1.0" },
    },
  });
  for (let n = 0; n < 3; n++) await send("tokens", { value: 100 });
  const [charge] = (await usage()).charges_usage;
  assert.equal(charge.amount_cents, 15_000);
  assert.deepEqual(charge.pricing_unit_details, { amount_cents: 30_000, short_name: "CR", conversion_rate: "0.5" });
  const [fee] = await bill("2024-04-01T00:10:00Z");
  const { lago_pricing_unit_id, ...details } = fee.pricing_unit_details;
  assert.match(lago_pricing_unit_id, /^[0-9a-f-]{36}$/);
  assert.deepEqual(details, {
    ...{ pricing_unit_code: "credits", short_name: "CR", conversion_rate: "0.5" },
    ...{ amount_cents: 30_000, precise_amount_cents: "30000.0", unit_amount_cents: 100, precise_unit_amount: "1.0" },
  });
  assert.equal(fee.precise_unit_amount, "0.5");
});

test("groups narrow usage to some events; all of a charge's other keys still split it", async () => {
  const properties = { amount: "1", pricing_group_keys: ["team", "user"] };
  const { send, usage } = await story([CLOUDS], [{ metric: "tokens", charge_model: "standard", properties }]);
  for (const [team, user, value] of [
    ["a", "1", 1],
    ["a", "2", 2],
    ["b", "1", 4],
  ])
    await send("tokens", { team, user, value });
  const groups = async (query: string) => {
    const { charges_usage, amount_cents } = await usage(query);
    return [amount_cents, shown(charges_usage[0].grouped_usage, "grouped_by", "units")];
  };
  assert.deepEqual(await groups("&group[team]=a"), [
    300,
    [
      [{ user: "1" }, "1.0"],
      [{ user: "2" }, "2.0"],
    ],
  ]);
  assert.deepEqual(await groups("&group[team]=a&group[user]=2"), [200, []]);
  assert.deepEqual(await groups(`&filter_by_group=${encodeURIComponent('{"user": ["1", "2"]}')}`), [
    700,
    [
      [{ team: "a" }, "3.0"],
      [{ team: "b" }, "4.0"],
    ],
  ]);
  assert.deepEqual(await groups("&group[team]=c"), [0, [[{ user: null }, "0.0"]]]);
  assert.equal((await groups("&group[team]=a&full_usage=true"))[0], 300, "groups are a restriction too");
});

test("presentation keys show units apart and leave prices alone; invoices show those meant for them", async () => {
  const properties = {
    ...TIERS,
    pricing_group_keys: ["user"],
    presentation_group_keys: [{ value: "team" }, { value: "tool", options: { display_in_invoice: false } }],
  };
  const { send, usage, bill } = await story([CLOUDS], [{ metric: "tokens", charge_model: "graduated", properties }]);
  for (const [user, team, tool, value] of [
    ["a", "x", "t1", 8],
    ["a", "x", "t2", 4],
    ["a", "y", "t1", 2],
    ["b", "x", undefined, 1],
  ])
    await send("tokens", { user, team, tool, value });
  const breakdowns = async (query = "") => {
    const [charge] = (await usage(query)).charges_usage;
    assert.equal(charge.amount_cents, 1_300);
    assert.deepEqual(charge.presentation_breakdowns, [], "they are those of the groups");
    return shown(charge.grouped_usage, "grouped_by", "presentation_breakdowns");
  };
  const by = (presentation_by: Json, units: string) => ({ presentation_by, units });
  assert.deepEqual(await breakdowns(), [
    [
      { user: "a" },
      [
        by({ team: "x", tool: "t1" }, "8.0"),
        by({ team: "x", tool: "t2" }, "4.0"),
        by({ team: "y", tool: "t1" }, "2.0"),
      ],
    ],
    [{ user: "b" }, [by({ team: "x", tool: null }, "1.0")]],
  ]);
  const byTeam = [
    [{ user: "a" }, [by({ team: "x" }, "12.0"), by({ team: "y" }, "2.0")]],
    [{ user: "b" }, [by({ team: "x" }, "1.0")]],
  ];
  assert.deepEqual(await breakdowns(`&filter_by_presentation=${encodeURIComponent('["team"]')}`), byTeam);
  assert.deepEqual(await breakdowns("&filter_by_presentation=[]"), [
    [{ user: "a" }, []],
    [{ user: "b" }, []],
  ]);
  const fees = await bill("2024-04-01T00:10:00Z");
  assert.deepEqual(
    fees.map(({ item, presentation_breakdowns }) => [item.grouped_by, presentation_breakdowns]),
    byTeam,
  );
});
