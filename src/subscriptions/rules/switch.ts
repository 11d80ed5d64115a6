/** A downgrade that takes effect: one link ends with its period, the next one begins. 2.7 of the subscriptions spec. */
import type { Plan } from "../../catalog/index.ts";
import { startOfDay } from "../../kernel/calendar.ts";
import type { BillingTerms, BillingWindows, Schedule, Subscription } from "../model.ts";
import { firstSchedules } from "./schedules.ts";
import { trialEndOf } from "./trial.ts";
import { downgradeWindows, termsOf } from "./windows.ts";

export interface LinkSwitch {
  /** The old link as it has ended. */
  readonly old: Subscription;
  readonly oldTerms: BillingTerms;
  /** What the old link's last invoice covers. */
  readonly windows: BillingWindows;
  /** The new link as it has begun. */
  readonly next: Subscription;
  /** The new link's schedules, to be written. */
  readonly schedules: readonly Schedule[];
}

/**
 * `at`: the run on the due local day, else the beginning of that day. The new link is in force from `at` on; its usage
 * begins with the day, where the old link's ended, so that none is lost in between.
 */
export function planSwitch(
  { subscription, plan }: { readonly subscription: Subscription; readonly plan: Plan },
  following: {
    readonly subscription: Subscription;
    readonly plan: Plan;
    readonly initial_started_at: Temporal.Instant;
  },
  { day, at, timezone }: { readonly day: Temporal.PlainDate; readonly at: Temporal.Instant; readonly timezone: string },
): LinkSwitch {
  const old: Subscription = {
    ...subscription,
    status: "terminated",
    terminated_at: at,
    terminated_by: "downgrade",
    on_termination_credit_note: null,
  };
  const next: Subscription = {
    ...following.subscription,
    status: "active",
    started_at: at,
    activated_at: at,
    trial_ends_at: trialEndOf(following.plan.trial_period, following.initial_started_at, at),
    bills_start: true,
    // A pause goes on.
    pauses: subscription.pauses.filter(({ to }) => to === null),
  };
  const oldTerms = termsOf(old, plan, timezone);
  return {
    old,
    oldTerms,
    windows: downgradeWindows(oldTerms, day),
    next,
    schedules: firstSchedules(termsOf(next, following.plan, timezone), startOfDay(day, timezone)),
  };
}
