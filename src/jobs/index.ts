/**
 * Background work. A job exists if and only if the transaction that added it did; its payload holds ids and it reads the truth itself.
 * Jobs of a sandbox run one after another in its own queue `org:<id>`, so that "no row in that queue" means settled.
 * Owns graphile_worker's schema. Does not own any table that a job writes.
 */
export { type Job, type JobContext, job } from "./job.ts";
export { type DomainEvent, publish, type ReactionPayload, type Reactions } from "./publish.ts";
export {
  addJobOf,
  enqueue,
  enqueueEach,
  enqueueForEach,
  isToBeDone,
  type Owner,
  ofOrganization,
  settle,
} from "./queue.ts";
export { migrateQueue, type Queue, type Schedule, startQueue } from "./worker.ts";
