/** Organizations with many due customers, for tests of what may go wrong while they are billed. */
import assert from "node:assert/strict";
import type pg from "pg";
import { openPool } from "../storage/database.ts";
import { type Client, startTestServer, type TestServer } from "../testing/server.ts";

/** Small batches, so that a run has many. */
export const BATCHES = { BILLING_BATCH_CUSTOMERS: "20" };

export interface Ground {
  readonly server: TestServer;
  readonly pool: pg.Pool;
  close(): Promise<void>;
}

export async function openGround(env: Record<string, string> = {}): Promise<Ground> {
  const server = await startTestServer({ ...BATCHES, ...env });
  const pool = openPool({ url: server.databaseUrl, poolSize: 4 });
  return {
    server,
    pool,
    async close() {
      await pool.end();
      await server.close();
    },
  };
}

/** A real organization, numbered by its entity, whose customers each have two subscriptions due since this month began. */
export async function organizationOf(
  { server, pool }: Ground,
  customers: number,
  { sandbox = false } = {},
): Promise<Client> {
  const client = await server.organization({ sandbox });
  const { billing_entities } = await client.must("GET", "/billing_entities");
  await client.must("PUT", `/billing_entities/${billing_entities[0].code}`, {
    billing_entity: { document_numbering: "per_billing_entity" },
  });
  const { billable_metric } = await client.must("POST", "/billable_metrics", {
    billable_metric: { code: "calls", name: "Calls", aggregation_type: "count_agg" },
  });
  const charges = [
    { billable_metric_id: billable_metric.lago_id, charge_model: "standard", properties: { amount: "1" } },
  ];
  for (const code of ["p", "poisoned"])
    await client.must("POST", "/plans", {
      plan: {
        code,
        name: code,
        interval: "monthly",
        amount_cents: 100,
        amount_currency: "EUR",
        pay_in_advance: false,
        charges,
      },
    });
  await pool.query(
    `with customer as (
      insert into customers (organization_id, id, external_id, billing_entity_id, sequential_id, slug, created_at, updated_at)
      select $1, uuidv7(), 'c' || n, $1, n, 'C-' || n, now(), now() from generate_series(1, $2::int) n returning id, external_id
    ), made as (
      select c.id as customer_id, c.external_id || '-' || k as external_id, uuidv7() as chain_id, uuidv7() as id,
        date_trunc('month', now()) - interval '1 month' as started_at
      from customer c cross join generate_series(1, 2) k
    ), chain as (
      insert into subscription_chains (organization_id, id, external_id, customer_id) select $1, chain_id, external_id, customer_id from made
    ), subscription as (
      insert into subscriptions (organization_id, id, chain_id, customer_id, plan_id, external_id, status, billing_time,
        subscription_at, started_at, activated_at, created_at, updated_at)
      select $1, m.id, chain_id, customer_id, p.id, external_id, 'active', 'calendar', started_at, started_at, started_at, started_at, started_at
      from made m join plans p on p.organization_id = $1 and p.code = 'p'
    )
    insert into billing_schedules (organization_id, subscription_id, kind, customer_id, billed_until, next_due_at)
    select $1, id, kind, customer_id, started_at, started_at + interval '1 month' from made cross join unnest(array['subscription', 'charges']) kind`,
    [client.organizationId, customers],
  );
  return client;
}

export const startRun = ({ pool }: Ground, { organizationId }: Client, task = "invoicing.billing") =>
  pool.query("select graphile_worker.add_job($1, $2::json)", [
    task,
    JSON.stringify({ organization_id: organizationId }),
  ]);

export async function countInvoices({ pool }: Ground, { organizationId }: Client): Promise<number> {
  const { rows } = await pool.query("select count(*)::int as n from invoices where organization_id = $1", [
    organizationId,
  ]);
  return rows[0].n;
}

export async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let waited = 0; !(await isSo()); waited += 20) {
    if (waited > 180_000) throw new Error("it did not come about within three minutes");
    await new Promise((done) => setTimeout(done, 20));
  }
}

/** No job of the organization waits or runs. */
export const untilSettled = ({ pool }: Ground, { organizationId }: Client) =>
  until(async () => {
    const { rows } = await pool.query(
      `select exists (select from graphile_worker._private_jobs where payload ->> 'organization_id' = $1) as left`,
      [organizationId],
    );
    return rows[0].left === false;
  });

/** One invoice per customer with both subscriptions, one row per subscription and period, numbers 1 to n. */
export async function assertBilledOnce({ pool }: Ground, { organizationId }: Client, customers: number): Promise<void> {
  const { rows: invoices } = await pool.query<{ customer_id: string; n: bigint; parts: number; fees: number }>(
    `select i.customer_id, i.billing_entity_sequential_id as n,
      (select count(*)::int from invoice_subscriptions p where p.organization_id = i.organization_id and p.invoice_id = i.id) as parts,
      (select count(*)::int from fees f where f.organization_id = i.organization_id and f.invoice_id = i.id) as fees
    from invoices i where organization_id = $1 order by billing_entity_sequential_id`,
    [organizationId],
  );
  assert.equal(invoices.length, customers);
  assert.equal(new Set(invoices.map((invoice) => invoice.customer_id)).size, customers);
  assert.deepEqual(
    invoices.map(({ n }) => Number(n)),
    invoices.map((_, index) => index + 1),
    "numbers without a gap",
  );
  assert.deepEqual([...new Set(invoices.map(({ parts, fees }) => `${parts} ${fees}`))], ["2 2"]);
  const { rows } = await pool.query(
    "select count(*)::int as periods, count(distinct (subscription_id, from_at))::int as distinct_periods from invoice_subscriptions where organization_id = $1",
    [organizationId],
  );
  assert.deepEqual(rows[0], { periods: customers * 2, distinct_periods: customers * 2 });
  const { rows: failures } = await pool.query("select error from billing_failures where organization_id = $1", [
    organizationId,
  ]);
  assert.deepEqual(failures, [], "nobody is set aside for having met another run");
}

/** Sets the price of charges (of one plan's, if named) past the API, which would refuse what is none; the catalog's version moves as with any write. */
export async function setPrice(
  { pool }: Ground,
  { organizationId }: Client,
  amount: string,
  planCode: string | null = null,
): Promise<void> {
  await pool.query(
    `with priced as (
      update charges c set properties = jsonb_build_object('amount', $2::text) from plans p
      where c.organization_id = $1 and p.organization_id = $1 and p.id = c.plan_id and ($3::text is null or p.code = $3)
    )
    update organizations set catalog_version = catalog_version + 1 where id = $1`,
    [organizationId, amount, planCode],
  );
}
