/** Scheduled changes as the API shows them. */
import { toSeconds, toSecondsOrNull } from "../../kernel/wire.ts";
import type { ScheduledChange } from "./model.ts";

export function presentScheduled(change: ScheduledChange): Record<string, unknown> {
  return {
    lago_id: change.id,
    external_subscription_id: change.external_id,
    scheduled_at: toSeconds(change.scheduled_at),
    plan_code: change.plan_code,
    plan_overrides: change.plan_overrides,
    status: change.status,
    error: change.error,
    applied_at: toSecondsOrNull(change.applied_at),
    canceled_at: toSecondsOrNull(change.canceled_at),
    created_at: toSeconds(change.created_at),
  };
}
