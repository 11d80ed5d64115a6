/**
 * The SQL of a run's life. Its batches count for themselves, each in the transactions that write its invoices, so that parallel
 * workers never wait for a counter, and what is counted is what was committed.
 */
import { type RawBuilder, sql } from "kysely";
import { enqueueEach, type Job, type Owner } from "../../jobs/index.ts";
import { machineNow } from "../../kernel/clock.ts";
import { type Db, type DbOrTx, inTransaction, type Tx } from "../../storage/database.ts";
import type { BatchPlace, RunKind, Written } from "./model.ts";

/** A run that is about to begin. */
export interface NewRun {
  readonly id: string;
  readonly kind: RunKind;
  readonly due_until: Temporal.Instant;
  /** Queries of the column `customer_id`. */
  readonly customers: RawBuilder<{ customer_id: string }>;
  readonly except?: RawBuilder<{ customer_id: string }>;
  readonly batch_customers: number;
}

/** The key of a batch's job. */
export const batchKey = (runId: RawBuilder<string>, n: RawBuilder<number>): RawBuilder<string> =>
  sql`'invoicing.bill_batch:' || ${runId} || ':' || ${n}`;

/**
 * Finds who is due and lays them out in batches, each with its job, in one transaction: whatever happens to the process, there is
 * the whole run or none of it. It reads one index and writes rows of its own, so nobody waits for it. A run of that id that is there
 * already is left as it is; where nobody is due there is none.
 */
export async function openRun(db: Db, owner: Owner, run: NewRun, job: Job<BatchPlace>): Promise<void> {
  const startedAt = machineNow();
  await inTransaction(db, async (tx) => {
    if (await isOpened(tx, owner.id, run.id)) return;
    if ((await insertRun(tx, owner.id, run, startedAt)) === 0) return;
    const payloads = sql<{ payload: BatchPlace; key: string }>`
      select json_build_object('organization_id', organization_id, 'run_id', run_id, 'batch', n) as payload,
        ${batchKey(sql`run_id`, sql`n`)} as key
      from billing_run_batches where organization_id = ${owner.id}::uuid and run_id = ${run.id}::uuid order by n`;
    await enqueueEach(tx, owner, job, payloads);
  });
}

async function isOpened(tx: Tx, organizationId: string, id: string): Promise<boolean> {
  const row = await tx
    .selectFrom("billing_runs")
    .select("id")
    .where("organization_id", "=", organizationId)
    .where("id", "=", id)
    .executeTakeFirst();
  return row !== undefined;
}

/** Answers how many batches there are. */
async function insertRun(
  tx: Tx,
  organizationId: string,
  { id, kind, due_until, customers, except, batch_customers }: NewRun,
  startedAt: Temporal.Instant,
): Promise<number> {
  const left = except === undefined ? sql`` : sql`where customer_id not in (${except})`;
  const { rows } = await sql<{ batches: number }>`
    with due as materialized (${customers}),
    numbered as (
      select customer_id, ((row_number() over (order by customer_id) - 1) / ${batch_customers}::int)::int as n
      from (select distinct customer_id from due ${left}) as each_once
    ),
    batch as (
      insert into billing_run_batches (organization_id, run_id, n, customer_ids, customers)
      select ${organizationId}::uuid, ${id}::uuid, n, array_agg(customer_id order by customer_id), count(*) from numbered group by n
      returning customers
    )
    insert into billing_runs (organization_id, id, kind, due_until, customers_due, batches, started_at)
    select ${organizationId}::uuid, ${id}::uuid, ${kind}, ${due_until.toString()}::timestamptz, sum(customers), count(*),
      ${startedAt.toString()}::timestamptz
    from batch having count(*) > 0
    returning batches`.execute(tx);
  return rows[0]?.batches ?? 0;
}

/** Whom the batch is to bill; null where it is done. */
export async function customersOfBatch(db: Db, place: BatchPlace): Promise<readonly string[] | null> {
  const row = await db
    .selectFrom("billing_run_batches")
    .select("customer_ids")
    .where("organization_id", "=", place.organization_id)
    .where("run_id", "=", place.run_id)
    .where("n", "=", place.batch)
    .where("finished_at", "is", null)
    .executeTakeFirst();
  return row?.customer_ids ?? null;
}

/** In the transaction that writes the invoices. */
export async function countWritten(tx: Tx, place: BatchPlace, { customers, invoices }: Written): Promise<void> {
  await sql`
    update billing_run_batches set customers_billed = customers_billed + ${customers}, invoices = invoices + ${invoices}
    where organization_id = ${place.organization_id} and run_id = ${place.run_id} and n = ${place.batch}`.execute(tx);
}

/** In the transaction that sets customers aside. */
export async function finishBatch(tx: Tx, place: BatchPlace, customersSetAside: number): Promise<void> {
  await sql`
    update billing_run_batches set customers_set_aside = ${customersSetAside}, finished_at = ${machineNow().toString()}::timestamptz
    where organization_id = ${place.organization_id} and run_id = ${place.run_id} and n = ${place.batch}
      and finished_at is null`.execute(tx);
}

/**
 * Finishes the run where no batch of it is open, once. Each batch asks after its own commit: of those that end at once, the last one to
 * commit sees all others done.
 */
export async function finishRun(db: DbOrTx, organizationId: string, runId: string): Promise<void> {
  await sql`
    with finished as (
      update billing_runs r set finished_at = t.finished_at, customers_billed = t.customers_billed,
        customers_set_aside = t.customers_set_aside, invoices = t.invoices
      from (
        select max(finished_at) as finished_at, sum(customers_billed)::int as customers_billed,
          sum(customers_set_aside)::int as customers_set_aside, sum(invoices)::int as invoices
        from billing_run_batches where organization_id = ${organizationId} and run_id = ${runId}
      ) t
      where not exists (
          select from billing_run_batches where organization_id = ${organizationId} and run_id = ${runId} and finished_at is null
        )
        and r.organization_id = ${organizationId} and r.id = ${runId} and r.finished_at is null and t.finished_at is not null
      returning r.id
    )
    delete from billing_run_batches b using finished
    where b.organization_id = ${organizationId} and b.run_id = finished.id`.execute(db);
}

/** Keeps why customers of a run were set aside, as they stand now. */
export async function keepErrors(
  tx: Tx,
  { organization_id, run_id }: BatchPlace,
  customerIds: readonly string[],
): Promise<void> {
  if (customerIds.length === 0) return;
  await sql`
    insert into billing_run_errors (organization_id, run_id, customer_id, error, attempts, failed_at, retry_at)
    select f.organization_id, ${run_id}::uuid, f.customer_id, f.error, f.attempts, f.failed_at, f.retry_at
    from billing_failures f
    where f.organization_id = ${organization_id} and f.customer_id = any(${[...customerIds]}::uuid[])
    on conflict do nothing`.execute(tx);
}
