/** The shapes of scheduled changes in requests and answers. */
import { PlanOverridesInput } from "../../catalog/index.ts";
import { DateTime, Meta, nullable, optional, Text, t, Uuid } from "../../http/schemas.ts";

export const CreateBody = t.Object({
  scheduled_change: t.Object({
    scheduled_at: optional(Text),
    plan_code: optional(Text),
    plan_overrides: optional(PlanOverridesInput),
  }),
});

export const ScheduledParams = t.Object({ external_id: t.String(), id: t.String() });

const ScheduledChangeAnswer = t.Object({
  lago_id: Uuid,
  external_subscription_id: t.String(),
  scheduled_at: DateTime,
  plan_code: nullable(t.String()),
  plan_overrides: nullable(t.Object({}, { additionalProperties: true, description: "As it was sent" })),
  status: t.Union([t.Literal("pending"), t.Literal("applied"), t.Literal("failed"), t.Literal("canceled")]),
  error: nullable(t.Object({ code: t.String(), details: t.Unknown() })),
  applied_at: nullable(DateTime),
  canceled_at: nullable(DateTime),
  created_at: DateTime,
});

export const OneScheduled = t.Object({ scheduled_change: ScheduledChangeAnswer });
export const ManyScheduled = t.Object({ scheduled_changes: t.Array(ScheduledChangeAnswer), meta: Meta });
