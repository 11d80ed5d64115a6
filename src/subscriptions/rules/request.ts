/** What requests say of a subscription, checked for itself: no customer, plan or clock is asked yet. */
import type { Static } from "typebox";
import { type PlanOverrides, planOverridesOf } from "../../catalog/index.ts";
import { readMoment } from "../../http/query.ts";
import { asFlag } from "../../http/schemas.ts";
import { floorToMillisecond } from "../../kernel/calendar.ts";
import type { Problem } from "../../kernel/failure.ts";
import { NAME_LENGTH_MAX, storableTextOrNull } from "../../kernel/text.ts";
import type { BillingTime, CreditNoteOnTermination, InvoiceOnTermination, SubscriptionStatus } from "../model.ts";
import type { CreateBody, UpdateBody } from "../schemas.ts";

export const STATUSES = [
  "pending",
  "active",
  "terminated",
  "canceled",
  "incomplete",
] as const satisfies SubscriptionStatus[];
const CREDIT_NOTES = ["credit", "refund", "offset", "skip"] as const satisfies CreditNoteOnTermination[];
const INVOICES = ["generate", "skip"] as const satisfies InvoiceOnTermination[];

type Shared = Partial<Static<typeof CreateBody>["subscription"] & Static<typeof UpdateBody>["subscription"]>;

const isEmpty = (value: unknown): boolean =>
  value === null ||
  value === undefined ||
  value === "" ||
  (typeof value === "object" && Object.keys(value as object).length === 0);

/** Trimmed, blank as null, at most 255 characters. */
function readName(field: string, text: string | null | undefined, problems: Problem[]): string | null {
  const name = storableTextOrNull(text?.trim());
  if (name !== null && name.length > NAME_LENGTH_MAX) problems.push({ field, code: "value_is_too_long" });
  return name;
}

/** A known id is a provider's, a manual payment has none (2.3); other than the default there is no method yet. */
function paymentProblems(method: Shared["payment_method"]): Problem[] {
  const isManual = method?.payment_method_type === "manual";
  const hasId = !isEmpty(method?.payment_method_id);
  if (isManual && hasId) return [{ field: "payment_method", code: "invalid_payment_method" }];
  return isManual || hasId ? [{ field: "payment_method", code: "not_supported_yet" }] : [];
}

/** What an activation rule says. */
export interface RuleRequest {
  readonly type: "payment";
  readonly timeout_hours: number;
}

/** 2.14. */
function ruleProblems(rules: unknown): Problem[] {
  const problem = (code: string, field = "activation_rules") => [{ field, code }];
  if (rules === null || rules === undefined) return [];
  if (!Array.isArray(rules)) return problem("invalid_format");
  const types = rules.map((rule: unknown) => (rule as { readonly type?: unknown } | null)?.type);
  if (types.some((type) => type !== "payment")) return problem("invalid_type");
  if (new Set(types).size < types.length) return problem("duplicated_type");
  const isFine = (hours: unknown) =>
    hours === null || hours === undefined || (Number.isInteger(hours) && Number(hours) >= 0 && Number(hours) <= 87_600);
  return rules.every(({ timeout_hours }) => isFine(timeout_hours))
    ? []
    : problem("value_must_be_positive_or_zero", "timeout_hours");
}

function readRules(rules: unknown): RuleRequest[] {
  if (!Array.isArray(rules) || ruleProblems(rules).length > 0) return [];
  return rules.map(({ timeout_hours }) => ({ type: "payment", timeout_hours: Number(timeout_hours ?? 0) }));
}

function readOverrides(overrides: Shared["plan_overrides"]): PlanOverrides | null {
  const read = overrides ? planOverridesOf(overrides) : {};
  return isEmpty(read) ? null : read;
}

/** Fields whose feature is not there yet: never ignored. */
function notYet(input: Shared): Problem[] {
  const { usage_thresholds, plan_overrides, activation_rules, invoice_custom_section: sections } = input;
  const overridden = (plan_overrides ?? {}) as { readonly usage_thresholds?: unknown };
  if (!isEmpty(usage_thresholds) && !isEmpty(overridden.usage_thresholds)) {
    return ["plan_overrides.usage_thresholds", "usage_thresholds"].map((field) => ({
      field,
      code: "incompatible_params",
    }));
  }
  const problems: Problem[] = [];
  const refuse = (field: string, isThere: boolean) => {
    if (isThere) problems.push({ field, code: "not_supported_yet" });
  };
  refuse("usage_thresholds", !isEmpty(usage_thresholds));
  problems.push(...ruleProblems(activation_rules));
  const skips = sections?.skip_invoice_custom_sections;
  refuse(
    "invoice_custom_section",
    !isEmpty(sections?.invoice_custom_section_codes) || (skips !== null && skips !== undefined && asFlag(skips)),
  );
  const isDisabled = input.progressive_billing_disabled;
  refuse("progressive_billing_disabled", isDisabled !== null && isDisabled !== undefined && asFlag(isDisabled));
  return problems;
}

/** An ISO 8601 date or datetime, to the millisecond; a date is its midnight in UTC. */
export function readInstant(
  field: string,
  text: string | null | undefined,
  problems: Problem[],
): Temporal.Instant | null {
  if (isEmpty(text)) return null;
  const at = readMoment(text as string)?.from ?? null;
  // Year 0 is none that the database knows.
  if (at === null || text?.startsWith("0000")) {
    problems.push({ field, code: "invalid_date" });
    return null;
  }
  return floorToMillisecond(at);
}

export interface Creation {
  readonly external_customer_id: string | null;
  readonly external_id: string;
  readonly plan_code: string | null;
  readonly billing_entity_code: string | null;
  readonly name: string | null;
  readonly billing_time: BillingTime;
  /** Null: now. */
  readonly subscription_at: Temporal.Instant | null;
  readonly ending_at: Temporal.Instant | null;
  readonly consolidate_invoice: boolean;
  readonly purchase_order_number: string | null;
  readonly activation_rules: readonly RuleRequest[];
  /** What the subscription has of its plan on its own; null: nothing. */
  readonly plan_overrides: PlanOverrides | null;
  /** What the request says itself: the rest a change of plan takes over from the link before. */
  readonly given: {
    readonly name: boolean;
    readonly ending_at: boolean;
    readonly consolidate_invoice: boolean;
    readonly purchase_order_number: boolean;
  };
}

export function readCreation({ subscription: input, authorization }: Static<typeof CreateBody>): {
  creation: Creation;
  problems: Problem[];
} {
  const problems: Problem[] = [];
  const subscription_at = readInstant("subscription_at", input.subscription_at, problems);
  const ending_at = readInstant("ending_at", input.ending_at, problems);
  problems.push(...paymentProblems(input.payment_method));
  const external_id = readName("external_id", input.external_id, problems);
  if (external_id === null) problems.push({ field: "external_id", code: "value_is_mandatory" });
  const creation: Creation = {
    external_customer_id: storableTextOrNull(input.external_customer_id),
    external_id: external_id ?? "",
    plan_code: storableTextOrNull(input.plan_code),
    billing_entity_code: storableTextOrNull(input.billing_entity_code),
    name: readName("name", input.name, problems),
    billing_time: input.billing_time ?? "calendar",
    subscription_at,
    ending_at,
    consolidate_invoice: readConsolidation(input) ?? true,
    purchase_order_number: readName("purchase_order_number", input.purchase_order_number, problems),
    activation_rules: readRules(input.activation_rules),
    plan_overrides: readOverrides(input.plan_overrides),
    given: {
      name: !isEmpty(input.name),
      ending_at: !isEmpty(input.ending_at),
      consolidate_invoice: !isEmpty(input.consolidate_invoice),
      purchase_order_number: input.purchase_order_number !== undefined,
    },
  };
  problems.push(...notYet(input));
  if (!isEmpty(authorization)) problems.push({ field: "authorization", code: "not_supported_yet" });
  return { creation, problems };
}

const readConsolidation = ({ consolidate_invoice: value }: Shared): boolean | null =>
  value === null || value === undefined ? null : asFlag(value);

/** What a change sets; absent keys stay as they are. */
export interface Change {
  /** Null: without end. */
  ending_at?: Temporal.Instant | null;
  subscription_at?: Temporal.Instant;
  activation_rules?: readonly RuleRequest[];
  plan_overrides?: PlanOverrides;
  name?: string | null;
  billing_entity_code?: string | null;
  consolidate_invoice?: boolean;
  purchase_order_number?: string | null;
  on_termination_credit_note?: CreditNoteOnTermination;
  on_termination_invoice?: InvoiceOnTermination;
}

export function readChange({ subscription: input }: Static<typeof UpdateBody>): {
  change: Change;
  problems: Problem[];
} {
  const change: Change = {};
  const problems: Problem[] = [];
  if (input.name !== undefined) change.name = readName("name", input.name, problems);
  if (input.purchase_order_number !== undefined) {
    change.purchase_order_number = readName("purchase_order_number", input.purchase_order_number, problems);
  }
  if (input.billing_entity_code !== undefined) {
    change.billing_entity_code = storableTextOrNull(input.billing_entity_code);
  }
  const consolidation = readConsolidation(input);
  if (consolidation !== null) change.consolidate_invoice = consolidation;
  const { credit_note, invoice } = readTermination(input, problems);
  if (credit_note !== null) change.on_termination_credit_note = credit_note;
  if (invoice !== null) change.on_termination_invoice = invoice;
  if (input.ending_at !== undefined) change.ending_at = readInstant("ending_at", input.ending_at, problems);
  const subscription_at = readInstant("subscription_at", input.subscription_at, problems);
  if (subscription_at !== null) change.subscription_at = subscription_at;
  const plan_overrides = readOverrides(input.plan_overrides);
  if (plan_overrides !== null) change.plan_overrides = plan_overrides;
  if (input.activation_rules !== undefined) change.activation_rules = readRules(input.activation_rules);
  problems.push(...paymentProblems(input.payment_method), ...notYet(input));
  return { change, problems };
}

export interface TerminationOptions {
  readonly credit_note: CreditNoteOnTermination | null;
  readonly invoice: InvoiceOnTermination | null;
}

/** Null where nothing is said; 422 `invalid_value` (2.9). */
export function readTermination(
  given: { readonly on_termination_credit_note?: string | null; readonly on_termination_invoice?: string | null },
  problems: Problem[],
): TerminationOptions {
  const read = <T extends string>(field: keyof typeof given, values: readonly T[]): T | null => {
    const text = given[field];
    if (isEmpty(text)) return null;
    const value = values.find((known) => known === text);
    if (value === undefined) problems.push({ field, code: "invalid_value" });
    return value ?? null;
  };
  return {
    credit_note: read("on_termination_credit_note", CREDIT_NOTES),
    invoice: read("on_termination_invoice", INVOICES),
  };
}
