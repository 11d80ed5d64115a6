/**
 * Two times, never mixed. Business time (created_at, started_at, event timestamps) is passed in as `now`;
 * machine time (received_at, jobs, logs, ids, partitions) comes from here and nowhere else.
 */
export function machineNow(): Temporal.Instant {
  return Temporal.Now.instant();
}

/** An organization's present: a sandbox's own clock once it has been set, else the machine's. */
export function presentOf(organization: { readonly clock_now: Temporal.Instant | null }): Temporal.Instant {
  return organization.clock_now ?? machineNow();
}
