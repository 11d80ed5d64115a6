/** Billing on several worker processes, and what it costs to find who is due among many who are not. */
import { cpus } from "node:os";
import { type RawBuilder, sql } from "kysely";
import { openDatabase } from "../src/storage/database.ts";
import { customersWithDueWork } from "../src/subscriptions/index.ts";
import { createPlan, fillOrganization, fillSubscriptions } from "./billing.ts";
import { createOrganization, type Ground, percentile, prepareGround, rounded } from "./ground.ts";

interface TwoWorkers {
  readonly invoicesPerSecondOfOne: number;
  readonly invoicesPerSecondOfTwo: number;
  readonly ratio: number;
  /** Of all processors, while one and while two of them work: near 1 they are the limit. */
  readonly processorsBusy: readonly [number, number];
  readonly processors: number;
}

export interface BillingScaleFigures {
  /** With the default settings, where one worker may keep two processors busy. */
  readonly twoWorkers: TwoWorkers;
  /** Where a worker does one job at a time, and waits for the database in between. */
  readonly twoWorkersOfOneJob: TwoWorkers;
  readonly dueWork: {
    /** Milliseconds to find the due customers among so many subscriptions that are not due. */
    readonly ms: Readonly<Record<string, number>>;
    readonly ratio: number;
    readonly index: string;
  };
}

const SUBSCRIPTIONS = 40_000;
const WARM_UP_SUBSCRIPTIONS = 10_000;
const RUNS = 3;
const DUE = 250;
const FEW = 1_000;
const MANY = 500_000;

const busyMs = () => cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0);

interface Timed {
  readonly perSecond: number;
  readonly busy: number;
}

/** One run, from its start to the end of its last batch. */
async function billed({ pool }: Ground, organizationId: string, count: number): Promise<Timed> {
  const busyBefore = busyMs();
  const begun = performance.now();
  await pool.query("select graphile_worker.add_job('invoicing.billing', $1::json)", [
    JSON.stringify({ organization_id: organizationId }),
  ]);
  for (;;) {
    const { rows } = await pool.query<{ invoices: number }>(
      "select invoices from billing_runs where organization_id = $1 and finished_at is not null",
      [organizationId],
    );
    if (rows[0] !== undefined) {
      if (rows[0].invoices !== count) throw new Error(`${rows[0].invoices} invoices: expected ${count}`);
      break;
    }
    await new Promise((done) => setTimeout(done, 25));
  }
  const ms = performance.now() - begun;
  return { perSecond: (count * 1000) / ms, busy: (busyMs() - busyBefore) / (ms * cpus().length) };
}

async function twoWorkers(count: number, env: Record<string, string> = {}): Promise<TwoWorkers> {
  const ground = await prepareGround({ ROLE: "api" });
  const workers: { stop(): Promise<void> }[] = [];
  const withOneMore = async (): Promise<Timed> => {
    workers.push(await ground.startWorker(env));
    await billed(ground, await fillOrganization(ground, WARM_UP_SUBSCRIPTIONS), WARM_UP_SUBSCRIPTIONS);
    const runs: Timed[] = [];
    for (let run = 0; run < RUNS; run++) runs.push(await billed(ground, await fillOrganization(ground, count), count));
    return runs.sort((a, b) => a.perSecond - b.perSecond)[RUNS >> 1] as Timed;
  };
  try {
    const one = await withOneMore();
    const two = await withOneMore();
    return {
      invoicesPerSecondOfOne: rounded(one.perSecond),
      invoicesPerSecondOfTwo: rounded(two.perSecond),
      ratio: rounded(two.perSecond / one.perSecond, 2),
      processorsBusy: [rounded(one.busy, 2), rounded(two.busy, 2)],
      processors: cpus().length,
    };
  } finally {
    for (const worker of workers) await worker.stop();
    await ground.end();
  }
}

const ROUNDS = 100;
const NOT_DUE = "4 months";

async function dueWork(many: number): Promise<BillingScaleFigures["dueWork"]> {
  const ground = await prepareGround({ ROLE: "api" });
  const { pool } = ground;
  const { db, close } = openDatabase({ url: ground.databaseUrl, poolSize: 2 });
  try {
    const api = await createOrganization(ground.url);
    const planId = await createPlan(api, {});
    const due = customersWithDueWork(api.organizationId, Temporal.Now.instant());
    const find = sql<{ customer_id: string }>`select distinct customer_id from (${due}) as due`;
    const fill = async (count: number, first: number, dueAfter: string) => {
      await fillSubscriptions(pool, api.organizationId, planId, count, first, dueAfter);
      await pool.query("vacuum analyze");
    };
    await fill(DUE, 1, "1 month");
    await fill(FEW, DUE + 1, NOT_DUE);
    const few = await medianOf(async () => (await find.execute(db)).rows.length);
    await fill(many - FEW, DUE + FEW + 1, NOT_DUE);
    const lots = await medianOf(async () => (await find.execute(db)).rows.length);
    return {
      ms: { [FEW]: rounded(few, 3), [many]: rounded(lots, 3) },
      ratio: rounded(lots / few, 2),
      index: await indexOf(find, db),
    };
  } finally {
    await close();
    await ground.end();
  }
}

async function medianOf(work: () => Promise<number>): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const begun = performance.now();
    if ((await work()) !== DUE) throw new Error("it found others than those who are due");
    times.push(performance.now() - begun);
  }
  return percentile(
    times.sort((a, b) => a - b),
    0.5,
  );
}

/** By which index the statement goes; throws where it goes by none. */
async function indexOf(
  statement: RawBuilder<unknown>,
  db: Parameters<RawBuilder<unknown>["execute"]>[0],
): Promise<string> {
  const { rows } = await sql<{ "QUERY PLAN": string }>`explain ${statement}`.execute(db);
  const plan = rows.map((row) => row["QUERY PLAN"]).join("\n");
  const index = /(?:Index (?:Only )?Scan using|Bitmap Index Scan on) (\w+)/.exec(plan)?.[1];
  if (index === undefined) throw new Error(`no index:\n${plan}`);
  return index;
}

export async function benchBillingScale({ scale }: { readonly scale: number }): Promise<BillingScaleFigures> {
  const count = Math.ceil((SUBSCRIPTIONS * scale) / DUE) * DUE;
  const figures: BillingScaleFigures = {
    twoWorkers: await twoWorkers(count),
    twoWorkersOfOneJob: await twoWorkers(count, { JOB_CONCURRENCY: "1" }),
    dueWork: await dueWork(Math.max(FEW * 10, Math.ceil(MANY * scale))),
  };
  print(figures);
  return figures;
}

function print({ dueWork: finding, ...workers }: BillingScaleFigures): void {
  console.log(`\nbilling: one and two worker processes on one database, ${cpus().length} processors for all of them`);
  const [whole, single] = [workers.twoWorkers, workers.twoWorkersOfOneJob];
  const row = (read: (figures: TwoWorkers) => number | string) => ({
    "as set": read(whole),
    "one job at a time": read(single),
  });
  console.table({
    "invoices a second, one worker": row(({ invoicesPerSecondOfOne }) => invoicesPerSecondOfOne),
    "invoices a second, two workers": row(({ invoicesPerSecondOfTwo }) => invoicesPerSecondOfTwo),
    ratio: row(({ ratio }) => ratio),
    "processors busy, one worker": row(({ processorsBusy }) => processorsBusy[0]),
    "processors busy, two workers": row(({ processorsBusy }) => processorsBusy[1]),
    "the limit of two": row(({ processorsBusy }) => (processorsBusy[1] > 0.85 ? "the processors" : "waiting")),
  });
  console.log(`\nbilling: finding ${DUE} due customers, by ${finding.index}`);
  console.table(Object.fromEntries(Object.entries(finding.ms).map(([count, ms]) => [`ms among ${count} not due`, ms])));
}
