/** A change by request that meets unbilled periods: they are billed first (a later room does that; src/rooms.ts says which). */
import type { App } from "../app.ts";
import { loadBilledCustomers } from "../customers/index.ts";
import type { Organization } from "../identity/index.ts";
import { Refusal } from "../kernel/failure.ts";
import { dueCustomers } from "./schedules-store.ts";

/**
 * Bills what of a customer was due up to `until` and no run has billed, as a run at `now` would, in transactions of its
 * own. Answers why it could not; null where it did.
 */
export type BillMissed = (
  app: App,
  organization: Organization,
  customerId: string,
  moments: { readonly now: Temporal.Instant; readonly until: Temporal.Instant },
) => Promise<string | null>;

export interface MissedBilling {
  readonly now: Temporal.Instant;
  readonly billMissed: BillMissed;
}

/** 422 `missed_billing_failed` with the reason: then nothing of the change is done. `until` by the customer's time zone. */
export async function billMissedOf(
  app: App,
  organization: Organization,
  { customer_id }: { readonly customer_id: string },
  { now, billMissed }: MissedBilling,
  untilIn: (timezone: string) => Temporal.Instant,
): Promise<void> {
  const customer = (await loadBilledCustomers(app.db, organization.id, [customer_id])).get(customer_id);
  if (customer === undefined) return;
  const until = untilIn(customer.timezone);
  if (!(await dueCustomers(app.db, organization.id, until, 1, null, customer_id)).includes(customer_id)) return;
  const reason = await billMissed(app, organization, customer_id, { now, until });
  if (reason !== null) throw new Refusal("missed_billing_failed", { billing: [reason] });
}
