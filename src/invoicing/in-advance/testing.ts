/** An organization whose events wait until a test charges them, in batches as it likes. */
import type { App } from "../../app.ts";
import { readConfig } from "../../config.ts";
import { createLogger } from "../../http/logger.ts";
import { reactions } from "../../rooms.ts";
import { openDatabase } from "../../storage/database.ts";
import { ADMIN_KEY, type Client, startTestServer, type TestServer } from "../../testing/server.ts";
import { chargeBatch } from "./charge.ts";

export interface Ground {
  readonly server: TestServer;
  readonly app: App;
  close(): Promise<void>;
}

/** A server without a worker. */
export async function openGround(): Promise<Ground> {
  const server = await startTestServer({ ROLE: "api" });
  const config = readConfig({ DATABASE_URL: server.databaseUrl, ADMIN_API_KEY: ADMIN_KEY, LOG_LEVEL: "error" });
  const database = openDatabase({ url: server.databaseUrl, poolSize: 8 });
  const app: App = { ...database, config, logger: createLogger("error"), reactions, queue: null as never };
  return {
    server,
    app,
    async close() {
      await database.close();
      await server.close();
    },
  };
}

export type Body = Readonly<Record<string, unknown>>;

/** A metric `m`, a monthly plan with these charges on it, and a customer's subscriptions to it since 2024-01-01. */
export async function subscribe(
  client: Client,
  metric: Body,
  charges: readonly Body[],
  externalIds: readonly string[],
) {
  await client.at("2024-01-01T00:00:00Z");
  const { billable_metric } = await client.must("POST", "/billable_metrics", {
    billable_metric: { code: "m", name: "M", field_name: "v", ...metric },
  });
  const { plan } = await client.must("POST", "/plans", {
    plan: {
      ...{ code: "p", name: "P", interval: "monthly", amount_cents: 0, amount_currency: "EUR", pay_in_advance: false },
      charges: charges.map((charge) => ({
        ...{ billable_metric_id: billable_metric.lago_id, pay_in_advance: true, invoiceable: false },
        ...charge,
      })),
    },
  });
  for (const external_id of externalIds)
    await client.must("POST", "/subscriptions", {
      subscription: { external_customer_id: `c-${external_id}`, external_id, plan_code: "p" },
    });
  return { plan, metric: billable_metric };
}

/** Charges what waits, this many events at a time, by so many workers at once. */
export async function chargeAll(
  { app }: Ground,
  { organizationId }: Client,
  { limit, workers = 1 }: { readonly limit: number; readonly workers?: number },
): Promise<void> {
  const now = Temporal.Instant.from("2024-03-01T00:00:00Z");
  const work = async () => {
    while ((await chargeBatch(app, { id: organizationId, sandbox: true }, now, { limit })) > 0);
  };
  await Promise.all(Array.from({ length: workers }, work));
}

export interface ChargedFee {
  readonly transaction_id: string;
  readonly charge_code: string;
  readonly units: string;
  readonly amount_cents: string;
  readonly charge_filter_id: string | null;
  readonly grouped_by: Body;
  readonly amount_details: Body;
}

/** In order of their events' transaction ids. */
export async function chargedFees({ app }: Ground, { organizationId }: Client): Promise<ChargedFee[]> {
  const { rows } = await app.pool.query<ChargedFee>(
    `select f.event_transaction_id as transaction_id, c.code as charge_code, trim_scale(f.units)::text as units, f.amount_cents::text,
      f.charge_filter_id, f.grouped_by, f.amount_details
    from fees f join charges c on c.organization_id = f.organization_id and c.id = f.charge_id
    where f.organization_id = $1 and f.event_transaction_id is not null
    order by length(f.event_transaction_id), f.event_transaction_id, c.ordinal`,
    [organizationId],
  );
  return rows;
}
