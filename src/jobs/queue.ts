/** Adding jobs, and waiting until an organization's are done. */
import { type RawBuilder, sql } from "kysely";
import { Refusal } from "../kernel/failure.ts";
import { textArray } from "../storage/arrays.ts";
import type { Db, DbOrTx } from "../storage/database.ts";
import type { Job } from "./job.ts";

export interface Owner {
  readonly id: string;
  readonly sandbox: boolean;
}

const queueOf = (organizationId: string) => `org:${organizationId}`;

/**
 * Adds a job in the caller's transaction. `key` names it: while it waits, adding it again changes nothing.
 * A sandbox's job fails at its first error (whoever waits for it is told); others are tried again with growing delays.
 */
export async function enqueue<Payload extends object>(
  db: DbOrTx,
  owner: Owner,
  { name }: Job<Payload>,
  payload: Payload,
  key?: string,
): Promise<void> {
  await sql`
    select graphile_worker.add_job(
      ${name}, ${JSON.stringify(payload)}::json,
      queue_name := ${owner.sandbox ? queueOf(owner.id) : null}::text,
      max_attempts := ${owner.sandbox ? 1 : 25}::int,
      job_key := ${key ?? null}::text, job_key_mode := 'preserve_run_at')`.execute(db);
}

/** Of a real organization's bulk work: what else there is to do goes first. A sandbox's jobs keep their order. */
const PRIORITY_OF_BULK = 10;

/**
 * As `enqueue`, for any number of jobs at once: one for each row of the query `payloads`, of the columns `payload` (json) and
 * `key`, in its order. Whatever else waits in the queue goes before them.
 */
export async function enqueueEach<Payload extends object>(
  db: DbOrTx,
  owner: Owner,
  { name }: Job<Payload>,
  payloads: RawBuilder<{ payload: Payload; key: string }>,
): Promise<void> {
  await sql`
    select count(*) from graphile_worker.add_jobs(array(
      select row(${name}, p.payload, ${owner.sandbox ? queueOf(owner.id) : null}::text, null, ${owner.sandbox ? 1 : 25}::int, p.key,
        ${owner.sandbox ? 0 : PRIORITY_OF_BULK}::int, null)::graphile_worker.job_spec
      from (${payloads}) p))`.execute(db);
}

/** The payload of work on an organization as a whole. */
export const ofOrganization = (organization_id: string) => ({ organization_id });

/**
 * Adds a job of each of these real organizations at once, in their order. Each is named by its organization: while one waits, it is
 * not added again.
 */
export async function enqueueForEach<Payload extends { readonly organization_id: string }>(
  db: DbOrTx,
  { name }: Job<Payload>,
  payloads: readonly Payload[],
): Promise<void> {
  if (payloads.length === 0) return;
  await sql`
    select count(*) from graphile_worker.add_jobs(array(
      select row(${name}, p.payload, null, null, 25, ${name} || ':' || (p.payload ->> 'organization_id'), 0, null)::graphile_worker.job_spec
      from unnest(${textArray(payloads.map((payload) => JSON.stringify(payload)))}::json[]) with ordinality as p(payload, n)
      order by p.n), true)`.execute(db);
}

/** Whether the job of that key waits or is under way; not where it is done, or failed for good. */
export const isToBeDone = (key: RawBuilder<string>): RawBuilder<boolean> => sql<boolean>`exists (
  select from graphile_worker._private_jobs j where j.key = ${key} and (j.attempts < j.max_attempts or j.locked_at is not null))`;

/**
 * As `enqueue`, as an expression of a statement that goes on its own way to the database: adds the job named by `name` for the row of
 * `organizations` under `alias`. Before what waits already: somebody waits for it.
 */
export const addJobOf = (alias: string, name: string): string => `
  graphile_worker.add_job(${name}, json_build_object('organization_id', ${alias}.id),
    queue_name := case when ${alias}.sandbox then 'org:' || ${alias}.id end,
    max_attempts := case when ${alias}.sandbox then 1 else 25 end, priority := -1)`;

interface Waiting {
  id: string;
  task_identifier: string;
  last_error: string | null;
  is_taken: boolean;
  has_failed: boolean;
  payload: unknown;
}

const POLL_MS = 20;

/** Waits until the sandbox's queue is empty; 409 `background_work_failed` when a job in it failed for good. */
export async function settle(db: Db, organizationId: string): Promise<void> {
  for (let round = 0; ; round++) {
    const { rows } = await sql<Waiting>`
      select j.id::text, t.identifier as task_identifier, j.last_error, j.locked_at is not null as is_taken,
        j.attempts >= j.max_attempts and j.locked_at is null as has_failed, j.payload
      from graphile_worker._private_job_queues q
      join graphile_worker._private_jobs j on j.job_queue_id = q.id
      join graphile_worker._private_tasks t on t.id = j.task_id
      where q.queue_name = ${queueOf(organizationId)}
      order by j.id limit 50`.execute(db);
    if (rows.length === 0) return;
    const failed = rows.filter((row) => row.has_failed);
    if (failed.length > 0) throw await reportFailed(db, failed);
    if (round > 0 && !rows.some((row) => row.is_taken)) await wakeWorker(db);
    await new Promise((done) => setTimeout(done, POLL_MS));
  }
}

/**
 * Two workers that look for the same job at once may both find it locked and sleep until their next poll, seconds later:
 * seen whenever a job adds its successor in the same queue just before it ends.
 */
async function wakeWorker(db: Db): Promise<void> {
  await sql`select pg_notify('jobs:insert', '{"count": 1}')`.execute(db);
}

/** A failure is reported once: the job is taken out of the queue with its report. */
async function reportFailed(db: Db, failed: readonly Waiting[]): Promise<Refusal> {
  await sql`select graphile_worker.complete_jobs(${failed.map((row) => row.id)}::bigint[])`.execute(db);
  return new Refusal(
    "background_work_failed",
    failed.map(({ task_identifier, last_error, payload }) => ({
      task: task_identifier,
      subject: payload,
      error: (last_error ?? "unknown").split("\n")[0],
    })),
  );
}
