/** What a group commit adds where charges are paid in advance: its streams wait to be charged, with one job per organization. */
import { addJobOf } from "../../jobs/index.ts";
import type { GroupPart } from "./insert.ts";

/**
 * CTEs after `in_advance` (organization_id, commit_id, stream_id, received_at); `jobs`: the parameter with the names of the jobs.
 * `job` has to be selected from, or it is not run.
 */
export const ENQUEUED = (jobs: string) => `
queued as (
  insert into in_advance_queue (organization_id, commit_id, stream_id, received_at)
  select organization_id, commit_id, stream_id, received_at from in_advance
  returning organization_id
), job as materialized (
  select (${addJobOf("o", "j.name")}).id
  from organizations o cross join unnest(${jobs}::text[]) as j(name)
  where o.id in (select organization_id from queued)
)`;

/** Each stream once, with its organization, and the names of the jobs; null where nothing waits. */
export function enqueuedParameters(group: readonly GroupPart[]): [string, string, string] | null {
  const streams = new Map<bigint, string>();
  let jobs: readonly string[] = [];
  for (const { inAdvance, organizationId, events, streamIds } of group) {
    if (inAdvance === undefined) continue;
    jobs = inAdvance.jobs;
    for (let index = 0; index < events.length; index++)
      if (inAdvance.codes.has(events[index]?.code ?? "")) streams.set(streamIds[index] as bigint, organizationId);
  }
  if (streams.size === 0) return null;
  return [`{${[...streams.values()].join(",")}}`, `{${[...streams.keys()].join(",")}}`, `{${jobs.join(",")}}`];
}
