/** A customer that goes takes its subscriptions with it (1.11 of the subscriptions spec). */
import { loadPlans } from "../catalog/index.ts";
import { type CustomerEnding, loadBilledCustomers } from "../customers/index.ts";
import { floorToMicrosecond, localDate, localDayNumber, startOfDay } from "../kernel/calendar.ts";
import { invalid } from "../kernel/failure.ts";
import type { Tx } from "../storage/database.ts";
import { effectiveAt } from "./due-transitions.ts";
import { cancelPending, type Ending, endActive } from "./end.ts";
import { type BillMissed, billMissedOf } from "./missed.ts";
import type { Subscription } from "./model.ts";
import { leavesPaidDays } from "./rules/lifecycle.ts";
import { termsOf } from "./rules/windows.ts";
import { lockSchedules } from "./schedules-store.ts";
import { standingOfCustomers } from "./store.ts";

/**
 * What a termination by request does, for all of a customer's subscriptions with the options that each has: periods that no
 * run has billed are billed first, then all of them end in the customer's own transaction; what waits never begins.
 */
export function endingOfCustomer(billMissed: BillMissed): CustomerEnding {
  return {
    async prepare(app, organization, customer_id, now) {
      await billMissedOf(app, organization, { customer_id }, { now, billMissed }, (timezone) =>
        startOfDay(localDate(now, timezone), timezone).subtract({ microseconds: 1 }),
      );
    },
    async end(app, tx, organization, customerId, now) {
      const standing = await standingOfCustomers(tx, organization.id, [customerId]);
      const active = standing.filter(({ status }) => status === "active");
      const waiting = standing.filter(({ status }) => status !== "active").map(({ id }) => id);
      const endings = await endingsOf(tx, organization.id, customerId, active, now);
      await cancelPending(app, tx, organization, waiting, now);
      await endActive(app, tx, organization, endings, now);
    },
  };
}

/** In the order in which they came. 422 where days that were paid and not used would have to be credited. */
async function endingsOf(
  tx: Tx,
  organizationId: string,
  customerId: string,
  active: readonly Subscription[],
  now: Temporal.Instant,
): Promise<Ending[]> {
  const ids = active.map(({ id }) => id);
  const planIds = active.map(({ plan_id }) => plan_id);
  const plans = await loadPlans(tx, organizationId, planIds);
  const schedules = await lockSchedules(tx, organizationId, ids);
  const customer = (await loadBilledCustomers(tx, organizationId, [customerId])).get(customerId);
  if (customer === undefined) throw new Error(`customer ${customerId} is not there`);
  const { timezone } = customer;
  return active.map((subscription) => {
    const { id, plan_id, ending_at, bills_start, on_termination_invoice } = subscription;
    const plan = plans.get(plan_id);
    if (plan === undefined) throw new Error(`subscription ${id} lacks its plan`);
    // An end that was planned for an earlier day, and that no run has made, was then.
    const isLate = ending_at !== null && localDayNumber(ending_at, timezone) < localDayNumber(now, timezone);
    const terminated_at = floorToMicrosecond(isLate ? effectiveAt(ending_at, now, timezone) : now);
    const on_termination_credit_note = plan.pay_in_advance
      ? (subscription.on_termination_credit_note ?? "credit")
      : null;
    const paid = {
      terms: termsOf({ ...subscription, terminated_at }, plan, timezone),
      bills_start,
      amount_cents: plan.amount_cents,
      schedules: schedules.get(id) ?? [],
    };
    if (plan.pay_in_advance && on_termination_credit_note !== "skip" && leavesPaidDays(paid, terminated_at)) {
      throw invalid("on_termination_credit_note", "not_supported_yet");
    }
    return {
      id,
      terminated_at,
      terminated_by: isLate ? "ending_at" : "deletion",
      on_termination_credit_note,
      on_termination_invoice,
    };
  });
}
