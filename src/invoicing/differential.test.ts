/**
 * A year of 200 subscriptions, three times: day by day, from month to month, and in one stride. Whoever moves the clock
 * however, the same invoices come, to the cent and to the second.
 */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type pg from "pg";
import { openPool } from "../storage/database.ts";
import { type Client, startTestServer, type TestServer } from "../testing/server.ts";

let server: TestServer;
let pool: pg.Pool;
before(async () => {
  server = await startTestServer({ POOL_SIZE: "16", JOB_CONCURRENCY: "6" });
  pool = openPool({ url: server.databaseUrl, poolSize: 2 });
});
after(async () => {
  await pool.end();
  await server.close();
});

const SUBSCRIPTIONS = 200;
const BEGIN = "2023-11-10T09:30:00Z";
/** When customers ask for changes; between, and after, only the clock moves. */
const CHANGES = ["2023-12-20T15:00:00Z", "2024-03-31T22:30:00Z"] as const;
const END = "2024-11-10T12:00:00Z";

/** xorshift: the same numbers for the same seed. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

type Body = Record<string, unknown>;

interface Request {
  readonly method: "POST" | "PUT" | "DELETE";
  readonly path: string;
  readonly body?: Body;
}

interface Story {
  readonly setup: readonly Request[];
  /** What is asked for at each of CHANGES. */
  readonly changes: readonly (readonly Request[])[];
}

const ZONES = ["UTC", "America/New_York"] as const;
/** Few days of the month, so that the year has days on which nothing is due. */
const ANCHORS = ["2023-11-01", "2023-11-10", "2023-10-31", "2023-11-29", "2024-01-15"] as const;

/** "p3", say: two prices of each kind, so that plans are changed for dearer and cheaper ones. */
function planBodies(metricId: string): Body[] {
  const intervals = ["monthly", "monthly", "quarterly", "semiannual", "yearly"] as const;
  return intervals.flatMap((interval, index) =>
    [1, 2].map((rank) => ({
      code: `p${index}-${rank}`,
      name: `Plan ${index} ${rank}`,
      interval,
      amount_cents: rank * 1000 * (index + 1) + 7,
      amount_currency: "EUR",
      pay_in_advance: index === 1,
      trial_period: rank === 1 && index !== 2 ? 20.25 : null,
      bill_charges_monthly: interval === "yearly",
      charges: [{ billable_metric_id: metricId, charge_model: "standard", properties: { amount: "0.013" } }],
      bill_fixed_charges_monthly: interval === "semiannual",
      fixed_charges: index === 2 ? [] : fixedCharges(index, rank),
    })),
  );
}

/** In arrears and in advance, whole and prorated. */
const fixedCharges = (index: number, rank: number): Body[] => [
  { ...SEATS, code: "seats", units: rank * 2, prorated: index !== 4, properties: { amount: "3.1" } },
  {
    ...SEATS,
    code: "ahead",
    units: rank + 1,
    pay_in_advance: true,
    prorated: index !== 3,
    properties: { amount: "5" },
  },
];

const SEATS = { add_on_code: "seat", charge_model: "standard" };

const put = (external_id: string, given: Body): Request => ({
  method: "POST",
  path: "/subscriptions",
  body: { subscription: { external_customer_id: `c-${external_id}`, external_id, ...given } },
});

function storyOf(random: (below: number) => number): Story {
  const pick = <T>(values: readonly T[]): T => values[random(values.length)] as T;
  const setup: Request[] = [];
  const changes: Request[][] = CHANGES.map(() => []);
  for (let n = 0; n < SUBSCRIPTIONS; n++) {
    const external_id = `s${n}`;
    const kind = random(5);
    // Plans in advance are not ended within a period, nor left for a dearer one: there are no credit notes yet.
    const isFree = kind !== 1;
    const anchor = pick(ANCHORS);
    const customer = { external_id: `c-${external_id}`, timezone: pick(ZONES) };
    setup.push({ method: "POST", path: "/customers", body: { customer } });
    setup.push(
      put(external_id, {
        plan_code: `p${kind}-${1 + random(2)}`,
        billing_time: pick(["calendar", "anniversary"]),
        subscription_at: `${anchor}T${pick(["00:00:00", "03:30:00", "17:45:12"])}Z`,
        ...(isFree && random(5) === 0 ? { ending_at: `2024-0${2 + random(8)}-1${random(9)}T12:00:00Z` } : {}),
      }),
    );
    changes.forEach((asked, index) => {
      const wish = random(8);
      if (wish === 0) asked.push(put(external_id, { plan_code: `p${isFree ? pick([0, 2, 3, 4]) : 1}-1` }));
      else if (wish === 1 && isFree) asked.push(put(external_id, { plan_code: `p${pick([0, 2, 3])}-2` }));
      else if (wish === 2 && isFree && index === 1)
        asked.push({ method: "DELETE", path: `/subscriptions/${external_id}` });
      else if (wish > 5)
        asked.push({
          method: "PUT",
          path: `/subscriptions/${external_id}/fixed_charges/${pick(["seats", "ahead"])}`,
          body: { fixed_charge: { units: random(9), apply_units_immediately: random(3) > 0 } },
        });
    });
  }
  return { setup, changes };
}

/** Refusals are part of the story, as long as they are the same ones. */
async function ask(client: Client, requests: readonly Request[]): Promise<string[]> {
  const answers: string[] = [];
  for (const { method, path, body } of requests) {
    const { status } = await client.call(method, path, body);
    answers.push(`${method} ${path} ${status}`);
  }
  await client.run();
  return answers;
}

/** Moments from one to the other, at this many days' distance. */
function strides(from: string, to: string, days: number): string[] {
  const end = Temporal.Instant.from(to);
  const moments: string[] = [];
  for (let at = Temporal.Instant.from(from); ; ) {
    at = at.add({ hours: days * 24 });
    if (Temporal.Instant.compare(at, end) >= 0) return [...moments, to];
    moments.push(at.toString());
  }
}

/** Tells the story in strides of so many days; answers how each request was answered. */
async function tell(client: Client, story: Story, days: number): Promise<string[]> {
  await client.at(BEGIN);
  const { billable_metric } = await client.must("POST", "/billable_metrics", {
    billable_metric: { code: "calls", name: "Calls", aggregation_type: "count_agg" },
  });
  await client.must("POST", "/add_ons", {
    add_on: { code: "seat", name: "Seat", amount_cents: 100, amount_currency: "EUR" },
  });
  for (const plan of planBodies(billable_metric.lago_id)) await client.must("POST", "/plans", { plan });
  const answers = await ask(client, story.setup);
  await sendUsage(client);
  let now = BEGIN;
  for (const [index, moment] of [...CHANGES, END].entries()) {
    for (const at of strides(now, moment, days)) {
      await client.must("POST", "/test_clock/advance", { test_clock: { now: at } });
    }
    now = moment;
    answers.push(...(await ask(client, story.changes[index] ?? [])));
  }
  return answers;
}

/** Every subscription calls every eleventh hour of the year. */
async function sendUsage(client: Client): Promise<void> {
  const from = Temporal.Instant.from("2023-10-31T00:00:00Z").epochMilliseconds / 1000;
  for (let n = 0; n < SUBSCRIPTIONS; n += 10) {
    const events = Array.from({ length: 8 }, (_, k) => ({
      transaction_id: `t-${n}-${k}`,
      external_subscription_id: `s${n}`,
      code: "calls",
      timestamp: from + (n * 7 + k * 1009) * 3600,
    }));
    await client.must("POST", "/events/batch", { events });
  }
}

/** Every invoice with what it bills, without the ids. */
async function invoicesOf({ organizationId }: Client): Promise<string[]> {
  const { rows } = await pool.query<{ told: string }>(
    `select concat_ws(' ', c.external_id, i.sequential_id, i.status, i.issuing_date, i.payment_due_date, i.total_amount_cents, i.created_at,
      p.invoicing_reason, p.timestamp, pl.code, p.from_at, p.to_at, p.charges_from_at, p.charges_to_at,
      (select string_agg(concat_ws(' ', f.fee_type, f.amount_cents, f.precise_amount_cents, f.units, f.from_at, f.to_at), '; ' order by f.fee_type, f.ordinal)
        from fees f where f.organization_id = i.organization_id and f.invoice_id = i.id and f.subscription_id = p.subscription_id)) as told
    from invoices i
    join customers c on c.organization_id = i.organization_id and c.id = i.customer_id
    join invoice_subscriptions p on p.organization_id = i.organization_id and p.invoice_id = i.id
    join subscriptions s on s.organization_id = p.organization_id and s.id = p.subscription_id
    join plans pl on pl.organization_id = s.organization_id and pl.id = s.plan_id
    where i.organization_id = $1 order by told`,
    [organizationId],
  );
  return rows.map(({ told }) => told);
}

/** Where every link of every subscription stands in the end. */
async function linksOf({ organizationId }: Client): Promise<string[]> {
  const { rows } = await pool.query<{ told: string }>(
    `select concat_ws(' ', s.external_id, p.code, s.status, s.started_at, s.terminated_at, s.terminated_by, s.canceled_at, s.trial_ended_at,
      (select string_agg(concat_ws(' ', b.kind, b.billed_until, coalesce(b.next_due_at::text, 'over')), '; ' order by b.kind)
        from billing_schedules b where b.organization_id = s.organization_id and b.subscription_id = s.id)) as told
    from subscriptions s join plans p on p.organization_id = s.organization_id and p.id = s.plan_id
    where s.organization_id = $1 order by s.external_id, s.ordinal`,
    [organizationId],
  );
  return rows.map(({ told }) => told);
}

test("a year day by day, from month to month and in one stride is the same year", async () => {
  const story = storyOf(numbers(41));
  const told = await Promise.all(
    [1, 31, 400].map(async (days) => {
      const client = await server.organization();
      const answers = await tell(client, story, days);
      return { answers, invoices: await invoicesOf(client), links: await linksOf(client) };
    }),
  );
  const [daily, ...others] = told as [(typeof told)[number], ...typeof told];
  for (const other of others) {
    assert.deepEqual(other.answers, daily.answers);
    assert.deepEqual(other.links, daily.links);
    assert.deepEqual(other.invoices, daily.invoices);
  }
  const count = (text: string) => daily.invoices.filter((each) => each.includes(text)).length;
  assert.ok(count("subscription_periodic") > 800 && count("subscription_starting") > 20, "many periods, some starts");
  assert.ok(count("subscription_terminating") > 30, "ends and changes");
  assert.ok(count("in_advance_charge") > 60 && count("fixed_charge") > 400, "units, changed and not");
  const stands = (text: string) => daily.links.filter((each) => each.includes(text)).length;
  assert.ok(stands(" upgrade") > 5 && stands(" downgrade") > 5 && stands(" ending_at") > 5 && stands(" request") > 3);
});
