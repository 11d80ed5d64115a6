/** The reaction to units of fixed charges that count at once. */
import type { App } from "../../app.ts";
import { findOrganization } from "../../identity/index.ts";
import { type Job, job, type Owner, type ReactionPayload } from "../../jobs/index.ts";
import { localDate, startOfDay } from "../../kernel/calendar.ts";
import { presentOf } from "../../kernel/clock.ts";
import { beginsWithFee, termsOf } from "../../subscriptions/index.ts";
import type { BillingFacts } from "../rules/due-periods.ts";
import { billCustomers } from "./batch.ts";
import { billStarting } from "./edges.ts";
import { billChangedUnits, billFirstUnits, factsAhead } from "./units.ts";

/** `subscription.units_changed`: bills what they add to what is paid in advance. */
export const billUnits: Job<ReactionPayload> = job(
  "invoicing.bill_units",
  async ({ organization_id, subject_id: subscriptionId, payload }, { app }) => {
    const facts = await factsAhead(app, organization_id, subscriptionId);
    if (facts === null) return;
    const organization = await findOrganization(app.db, organization_id);
    const now = presentOf(organization);
    await billBefore(app, organization, facts, now);
    const at = Temporal.Instant.from(String(payload.at));
    const records = Array.isArray(payload.records) ? payload.records.map(String) : [];
    await billChangedUnits(app, organization, facts, { at, records }, now);
  },
);

/** The start, and what was due on days before: else the change would be billed first. */
async function billBefore(app: App, owner: Owner, facts: BillingFacts, now: Temporal.Instant): Promise<void> {
  const { subscription, plan, customer } = facts;
  const terms = termsOf(subscription, plan, customer.timezone);
  // A change of plan is billed by the end of the link before.
  if (subscription.bills_start && subscription.previous_subscription_id === null) {
    if (beginsWithFee(terms)) await billStarting(app, owner.id, subscription.id);
    else await billFirstUnits(app, owner.id, subscription.id);
  }
  const today = startOfDay(localDate(now, customer.timezone), customer.timezone);
  const [failure] = await billCustomers(app, owner, [customer.id], now, today.subtract({ microseconds: 1 }));
  if (failure !== undefined) throw new Error(`customer ${customer.id}: ${failure.error}`);
}
