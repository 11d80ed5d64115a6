/** The SQL of looking at runs, and at who is set aside. */
import { sql } from "kysely";
import { isToBeDone } from "../../jobs/index.ts";
import { isUuid } from "../../kernel/ids.ts";
import { offsetOf, type Page } from "../../kernel/pages.ts";
import type { Db, DbOrTx } from "../../storage/database.ts";
import type { BillingFailure, BillingRun, BillingRunError } from "./model.ts";
import { batchKey } from "./store.ts";

/** What counts as "lately", for the rate of a run that is under way. */
export const LATELY_SECONDS = 60;

const open = sql`
  select from billing_run_batches b where b.organization_id = r.organization_id and b.run_id = r.id and b.finished_at is null`;

/** The runs of `chosen` (rows of billing_runs), with what the batches of those that are under way come to by now. */
const withBatches = (machineNow: Temporal.Instant) => sql`
  select r.organization_id, r.id, r.ordinal, r.kind, r.due_until, r.customers_due, r.batches, r.started_at, r.finished_at,
    coalesce(c.customers_billed, r.customers_billed) as customers_billed,
    coalesce(c.customers_set_aside, r.customers_set_aside) as customers_set_aside,
    coalesce(c.invoices, r.invoices) as invoices,
    coalesce(c.batches_done, r.batches) as batches_done,
    coalesce(c.customers_done, r.customers_due) as customers_done,
    coalesce(c.customers_done_lately, 0) as customers_done_lately,
    r.finished_at is not null or not exists (${open})
      or exists (${open} and ${isToBeDone(batchKey(sql`b.run_id`, sql`b.n`))}) as is_alive
  from chosen r
  left join lateral (
    select sum(customers_billed)::int as customers_billed, sum(customers_set_aside)::int as customers_set_aside,
      sum(invoices)::int as invoices, count(finished_at)::int as batches_done,
      sum(case when finished_at is null then customers_billed else customers end)::int as customers_done,
      sum(customers) filter (
        where finished_at > ${machineNow.subtract({ seconds: LATELY_SECONDS }).toString()}::timestamptz
      )::int as customers_done_lately
    from billing_run_batches b
    where b.organization_id = r.organization_id and b.run_id = r.id and r.finished_at is null
    having count(*) > 0
  ) c on true
  order by r.ordinal desc`;

/** The newest first. */
export async function listRuns(
  db: Db,
  organizationId: string,
  page: Page,
  machineNow: Temporal.Instant,
): Promise<{ runs: BillingRun[]; total: number }> {
  const { rows } = await sql<BillingRun>`
    with chosen as materialized (
      select * from billing_runs where organization_id = ${organizationId} order by ordinal desc
      limit ${page.perPage} offset ${offsetOf(page)}
    )
    ${withBatches(machineNow)}`.execute(db);
  const { total } = await db
    .selectFrom("billing_runs")
    .select((eb) => eb.fn.countAll<bigint>().as("total"))
    .where("organization_id", "=", organizationId)
    .executeTakeFirstOrThrow();
  return { runs: rows, total: Number(total) };
}

export async function findRun(
  db: Db,
  organizationId: string,
  id: string,
  machineNow: Temporal.Instant,
): Promise<BillingRun | null> {
  if (!isUuid(id)) return null;
  const { rows } = await sql<BillingRun>`
    with chosen as materialized (select * from billing_runs where organization_id = ${organizationId} and id = ${id})
    ${withBatches(machineNow)}`.execute(db);
  return rows[0] ?? null;
}

/** Whom the run could not bill, in order of id; and whether they are still set aside. */
export async function listErrors(
  db: Db,
  organizationId: string,
  runId: string,
  page: Page,
): Promise<{ errors: BillingRunError[]; total: number }> {
  const ofRun = db
    .selectFrom("billing_run_errors as e")
    .where("e.organization_id", "=", organizationId)
    .where("e.run_id", "=", runId);
  const errors = await ofRun
    .innerJoin("customers as c", (join) =>
      join.onRef("c.organization_id", "=", "e.organization_id").onRef("c.id", "=", "e.customer_id"),
    )
    .selectAll("e")
    .select(["c.external_id as external_customer_id", "c.name as customer_name"])
    .select((eb) =>
      eb
        .exists(
          eb
            .selectFrom("billing_failures as f")
            .select("f.customer_id")
            .whereRef("f.organization_id", "=", "e.organization_id")
            .whereRef("f.customer_id", "=", "e.customer_id"),
        )
        .$castTo<boolean>()
        .as("is_set_aside"),
    )
    .orderBy("e.customer_id")
    .limit(page.perPage)
    .offset(offsetOf(page))
    .execute();
  const { total } = await ofRun.select((eb) => eb.fn.countAll<bigint>().as("total")).executeTakeFirstOrThrow();
  return { errors, total: Number(total) };
}

/** Who is set aside now: the newest failure first. */
export async function listFailures(
  db: Db,
  organizationId: string,
  externalCustomerId: string | null,
  page: Page,
): Promise<{ failures: BillingFailure[]; total: number }> {
  let wanted = db
    .selectFrom("billing_failures as f")
    .innerJoin("customers as c", (join) =>
      join.onRef("c.organization_id", "=", "f.organization_id").onRef("c.id", "=", "f.customer_id"),
    )
    .where("f.organization_id", "=", organizationId);
  if (externalCustomerId !== null) wanted = wanted.where("c.external_id", "=", externalCustomerId);
  const failures = await wanted
    .selectAll("f")
    .select(["c.external_id as external_customer_id", "c.name as customer_name"])
    .orderBy("f.failed_at", "desc")
    .orderBy("f.customer_id")
    .limit(page.perPage)
    .offset(offsetOf(page))
    .execute();
  const { total } = await wanted.select((eb) => eb.fn.countAll<bigint>().as("total")).executeTakeFirstOrThrow();
  return { failures, total: Number(total) };
}

/** Makes them due for another attempt now: all, or those of these external ids. Answers the external ids of those that are set aside. */
export async function retryNow(
  tx: DbOrTx,
  organizationId: string,
  externalCustomerIds: readonly string[] | null,
  now: Temporal.Instant,
): Promise<string[]> {
  const { rows } = await sql<{ external_id: string }>`
    with chosen as materialized (
      select f.customer_id, c.external_id from billing_failures f
      join customers c on c.organization_id = f.organization_id and c.id = f.customer_id
      where f.organization_id = ${organizationId}
        and (${externalCustomerIds === null} or c.external_id = any(${[...(externalCustomerIds ?? [])]}::text[]))
      order by f.customer_id for update of f
    )
    update billing_failures f set retry_at = least(f.retry_at, ${now.toString()}::timestamptz)
    from chosen where f.organization_id = ${organizationId} and f.customer_id = chosen.customer_id
    returning chosen.external_id`.execute(tx);
  return rows.map(({ external_id }) => external_id);
}
