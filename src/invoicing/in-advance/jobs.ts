/** The background work of charges in advance: one job per group of events that came in together, and a look for what was left. */
import { findOrganization } from "../../identity/index.ts";
import { enqueue, type Job, job, type Schedule } from "../../jobs/index.ts";
import { machineNow, presentOf } from "../../kernel/clock.ts";
import { organizationsWithQueuedEvents } from "../../metering/index.ts";
import { chargeOrganization, isLeftToRunning } from "./charge.ts";

/** Charges what waits. Running it twice charges nothing twice: what was charged waits no more. */
export const chargeInAdvance: Job<{ readonly organization_id: string }> = job(
  "invoicing.charge_in_advance",
  async ({ organization_id }, { app }) => {
    if (isLeftToRunning(organization_id)) return;
    const organization = await findOrganization(app.db, organization_id);
    const failures = await chargeOrganization(app, organization, () => presentOf(organization));
    // Whoever waits for a sandbox's work is told; of a real organization the retries take care.
    if (organization.sandbox && failures.length > 0) throw new Error(failures.join("; "));
  },
);

/** Events whose job died with its process, and streams that were set aside and may be tried again. */
const LEFT_AFTER = { seconds: 30 };

export const chargeInAdvanceEverywhere: Job = job(
  "invoicing.charge_in_advance_everywhere",
  async (_payload, { app }) => {
    const now = machineNow();
    for (const id of await organizationsWithQueuedEvents(app.db, now.subtract(LEFT_AFTER), now))
      await enqueue(
        app.db,
        { id, sandbox: false },
        chargeInAdvance,
        { organization_id: id },
        `${chargeInAdvance.name}:${id}`,
      );
  },
);

export const inAdvanceSchedules: readonly Schedule[] = [{ pattern: "* * * * *", job: chargeInAdvanceEverywhere }];
