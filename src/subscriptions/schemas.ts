/** The shapes of subscriptions in requests and answers. */

import { PlanAnswer, PlanOverridesInput } from "../catalog/index.ts";
import { DateTime, Day, Flag, Meta, nullable, optional, ShortText, Text, t, Uuid } from "../http/schemas.ts";

const BillingTimes = t.Union([t.Literal("calendar"), t.Literal("anniversary")]);
const Later = optional(t.Unknown({ description: "Not supported yet: 422 unless empty" }));

const PaymentMethod = t.Object({
  payment_method_type: optional(t.Union([t.Literal("provider"), t.Literal("manual")])),
  payment_method_id: optional(Text),
});

const CustomSections = t.Object({
  skip_invoice_custom_sections: optional(Flag),
  invoice_custom_section_codes: optional(t.Array(Text)),
});

/** What creation and change have in common. */
const shared = {
  name: optional(ShortText),
  subscription_at: optional(Text),
  ending_at: optional(Text),
  billing_entity_code: optional(Text),
  consolidate_invoice: optional(Flag),
  purchase_order_number: optional(Text),
  progressive_billing_disabled: optional(Flag),
  payment_method: optional(PaymentMethod),
  invoice_custom_section: optional(CustomSections),
  activation_rules: optional(t.Unknown({ description: '[{type: "payment", timeout_hours}]' })),
  plan_overrides: optional(PlanOverridesInput),
  usage_thresholds: Later,
};

export const CreateBody = t.Object({
  subscription: t.Object({
    external_customer_id: optional(Text),
    plan_code: optional(Text),
    external_id: optional(Text),
    billing_time: optional(BillingTimes),
    ...shared,
  }),
  authorization: Later,
});

export const UpdateBody = t.Object({
  status: optional(Text),
  subscription: t.Object({
    on_termination_credit_note: optional(Text),
    on_termination_invoice: optional(Text),
    ...shared,
  }),
});

export const ExternalIdParams = t.Object({ external_id: t.String() });

const OneOrMore = t.Optional(t.Union([t.String(), t.Array(t.String())]));

export const StatusQuery = t.Object({ status: OneOrMore });

export const TerminateQuery = t.Object({
  status: OneOrMore,
  on_termination_credit_note: OneOrMore,
  on_termination_invoice: OneOrMore,
});

export const ListQuery = t.Object({
  page: t.Optional(t.String()),
  per_page: t.Optional(t.String()),
  external_customer_id: OneOrMore,
  plan_code: OneOrMore,
  external_id: OneOrMore,
  currency: OneOrMore,
  overridden: OneOrMore,
  "status[]": OneOrMore,
  "billing_entity_codes[]": OneOrMore,
});

const none = (of: string) => t.Array(t.Unknown(), { maxItems: 0, description: `${of}: none yet` });

const ActivationRuleAnswer = t.Object({
  lago_id: Uuid,
  type: t.Literal("payment"),
  timeout_hours: t.Integer(),
  status: t.Union(
    (["inactive", "pending", "satisfied", "declined", "failed", "expired", "not_applicable"] as const).map((status) =>
      t.Literal(status),
    ),
  ),
  expires_at: nullable(DateTime),
  created_at: DateTime,
  updated_at: DateTime,
});

const answer = {
  lago_id: Uuid,
  external_id: t.String(),
  lago_customer_id: Uuid,
  external_customer_id: t.String(),
  billing_entity_code: t.String(),
  name: nullable(t.String()),
  plan_code: t.String(),
  plan_amount_cents: t.Integer(),
  plan_amount_currency: t.String(),
  status: t.Union([
    t.Literal("pending"),
    t.Literal("active"),
    t.Literal("terminated"),
    t.Literal("canceled"),
    t.Literal("incomplete"),
  ]),
  billing_time: BillingTimes,
  subscription_at: DateTime,
  started_at: nullable(DateTime),
  activated_at: nullable(DateTime),
  trial_ended_at: nullable(DateTime),
  ending_at: nullable(DateTime),
  terminated_at: nullable(DateTime),
  canceled_at: nullable(DateTime),
  paused_at: nullable(DateTime),
  created_at: DateTime,
  previous_plan_code: nullable(t.String()),
  next_plan_code: nullable(t.String()),
  downgrade_plan_date: nullable(Day),
  current_billing_period_started_at: nullable(DateTime),
  current_billing_period_ending_at: nullable(DateTime),
  on_termination_credit_note: nullable(t.String()),
  on_termination_invoice: t.String(),
  progressive_billing_disabled: t.Boolean(),
  consolidate_invoice: t.Boolean(),
  purchase_order_number: nullable(t.String()),
  payment_method: t.Object({ payment_method_id: t.Null(), payment_method_type: t.Literal("provider") }),
  cancellation_reason: nullable(t.Union([t.Literal("payment_failed"), t.Literal("timeout")])),
  activation_rules: t.Array(ActivationRuleAnswer),
  applied_invoice_custom_sections: none("Invoice custom sections"),
};

/** A subscription as lists and invoices show it. */
export const SubscriptionAnswer = t.Object(answer);

/** As single requests answer it. */
export const SubscriptionExtendedAnswer = t.Object({
  ...answer,
  plan: PlanAnswer,
  entitlements: none("Entitlements"),
  applicable_usage_thresholds: none("Usage thresholds"),
});

export const One = t.Object({ subscription: SubscriptionAnswer });
export const OneExtended = t.Object({ subscription: SubscriptionExtendedAnswer });
export const Many = t.Object({ subscriptions: t.Array(SubscriptionAnswer), meta: Meta });
