/** The clock carries out scheduled changes at the beginning of their local day. */
import { findOrganization, type PeriodicWork } from "../../identity/index.ts";
import { enqueueForEach, type Job, job, ofOrganization, type Schedule } from "../../jobs/index.ts";
import { machineNow, presentOf } from "../../kernel/clock.ts";
import type { BillMissed } from "../missed.ts";
import { applyDueChanges } from "./service.ts";
import { dueScheduled, nextScheduled, organizationsWithScheduled } from "./store.ts";

export interface ScheduledChangeWork {
  readonly jobs: readonly Job[];
  readonly schedule: Schedule;
  readonly work: PeriodicWork;
}

/** The next full hour: what is late is made good then. */
const nextHour = (after: Temporal.Instant) =>
  after.round({ smallestUnit: "hour", roundingMode: "floor" }).add({ hours: 1 });

export function scheduledChangeWork(billMissed: BillMissed): ScheduledChangeWork {
  const changes: Job<{ organization_id: string }> = job(
    "subscriptions.scheduled_changes",
    async ({ organization_id }, { app }) => {
      const organization = await findOrganization(app.db, organization_id);
      await applyDueChanges(app, organization, presentOf(organization), billMissed);
    },
  );
  const everywhere: Job = job("subscriptions.scheduled_changes_everywhere", async (_payload, { app }) => {
    const ids = await organizationsWithScheduled(app.db, machineNow());
    await enqueueForEach(app.db, changes, ids.map(ofOrganization));
  });
  return {
    jobs: [changes, everywhere],
    schedule: { pattern: "*/5 * * * *", job: everywhere },
    work: {
      name: "scheduled_changes",
      job: changes,
      async nextDueAt({ db }, organizationId, after, until) {
        const isLate = (await dueScheduled(db, organizationId, after, 1)).length > 0;
        const end = isLate && Temporal.Instant.compare(nextHour(after), until) < 0 ? nextHour(after) : until;
        const next = await nextScheduled(db, organizationId, after, end);
        return next ?? (isLate && !end.equals(until) ? end : null);
      },
    },
  };
}
