/** Voids beside a billing run: an invoice never holds a voided event, and a void never succeeds on what an invoice holds. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { inTransaction, openDatabase } from "../storage/database.ts";
import { correctionsSeen, holdCorrections } from "./corrections.ts";
import { type Ground, openGround, organizationOf, startRun, untilSettled } from "./testing.ts";

let ground: Ground;
before(async () => {
  ground = await openGround();
});
after(() => ground.close());

test("events that are voided while they are billed: each is either on its invoice or voided", async () => {
  const customers = 60;
  const client = await organizationOf(ground, customers);
  const at = Temporal.Now.zonedDateTimeISO("UTC").subtract({ months: 1 }).with({ day: 15 }).toInstant();
  const names = Array.from({ length: customers }, (_, index) => `c${index + 1}-1`);
  const lines = names.flatMap((external_subscription_id) =>
    [1, 2, 3].map((n) => ({
      ...{ transaction_id: `t${n}-${external_subscription_id}`, external_subscription_id, code: "calls" },
      timestamp: at.epochMilliseconds / 1000,
    })),
  );
  await client.must("POST", "/events/bulk", lines);
  await startRun(ground, client);
  const outcomes = new Map<string, number>();
  // Voids in waves, so that some come before, some amid and some after each batch.
  for (const n of [1, 2, 3]) {
    await Promise.all(
      names.map(async (name) => {
        const { status, body } = await client.call("POST", `/events/t${n}-${name}/void`);
        assert.ok(status === 200 || body.code === "event_already_billed", JSON.stringify(body));
        outcomes.set(`t${n}-${name}`, status);
      }),
    );
  }
  await untilSettled(ground, client);
  const { rows } = await ground.pool.query<{ external_id: string; units: string }>(
    `select s.external_id, f.units::text as units from fees f join subscriptions s on s.organization_id = f.organization_id and s.id = f.subscription_id
    where f.organization_id = $1 and f.fee_type = 'charge'`,
    [client.organizationId],
  );
  const billed = new Map(rows.map(({ external_id, units }) => [external_id, Number(units)]));
  for (const name of names) {
    const left = [1, 2, 3].filter((n) => outcomes.get(`t${n}-${name}`) !== 200).length;
    assert.equal(billed.get(name) ?? 0, left, name);
  }
});

test("what was voided since usage was read is found, of the subscriptions that are billed alone", async () => {
  const client = await organizationOf(ground, 2);
  const database = openDatabase({ url: ground.server.databaseUrl, poolSize: 2 });
  const holds = (seen: string, name: string) =>
    inTransaction(database.db, (tx) => holdCorrections(tx, client.organizationId, seen, [name]));
  try {
    const event = { transaction_id: "t", external_subscription_id: "c1-1", code: "calls" };
    await client.must("POST", "/events", { event });
    const seen = await correctionsSeen(database.db);
    await holds(seen, "c1-1");
    await client.must("POST", "/events/t/void");
    await assert.rejects(holds(seen, "c1-1"), /voided while they were billed/);
    await holds(seen, "c2-1");
    await holds(await correctionsSeen(database.db), "c1-1");
  } finally {
    await database.close();
  }
});
