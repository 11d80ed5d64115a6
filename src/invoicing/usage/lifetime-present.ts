/** Lifetime usage as the contract shows it (9.4 of the metering spec). Pure. */
import { DateTime, nullable, t, Uuid } from "../../http/schemas.ts";
import { toSeconds } from "../../kernel/wire.ts";
import type { LifetimeUsage } from "./lifetime.ts";

export const LifetimeUsageAnswer = t.Object({
  lifetime_usage: t.Object({
    lago_id: Uuid,
    lago_subscription_id: Uuid,
    external_subscription_id: t.String(),
    external_historical_usage_amount_cents: t.Integer(),
    invoiced_usage_amount_cents: t.Integer(),
    current_usage_amount_cents: t.Integer(),
    from_datetime: DateTime,
    to_datetime: DateTime,
    usage_thresholds: t.Optional(
      t.Array(t.Object({ amount_cents: t.Integer(), completion_ratio: t.Number(), reached_at: nullable(DateTime) })),
    ),
  }),
});

export function presentLifetimeUsage(usage: LifetimeUsage, now: Temporal.Instant) {
  const { subscription, thresholds } = usage;
  return {
    lifetime_usage: {
      lago_id: usage.first_subscription_id,
      lago_subscription_id: subscription.id,
      external_subscription_id: subscription.external_id,
      external_historical_usage_amount_cents: usage.external_historical_usage_amount_cents,
      invoiced_usage_amount_cents: usage.invoiced_usage_amount_cents,
      current_usage_amount_cents: usage.current_usage_amount_cents,
      from_datetime: toSeconds(usage.from),
      to_datetime: toSeconds(now),
      // Only where thresholds apply; none has an invoice of its own yet.
      ...(thresholds.length === 0
        ? {}
        : {
            usage_thresholds: thresholds.map(({ amount_cents, completion_ratio, is_reached }) => ({
              amount_cents,
              completion_ratio: Number(completion_ratio.toFixed()),
              reached_at: is_reached ? toSeconds(now) : null,
            })),
          }),
    },
  };
}
