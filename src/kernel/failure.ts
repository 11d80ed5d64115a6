/** Every way in which a request can be refused. docs/errors.md explains each; a test keeps the two together. */

export const STATUS_OF_CODE = {
  bad_request: 400,
  unauthorized: 401,
  action_not_allowed: 403,
  cannot_grant_more_than_own: 403,
  feature_unavailable: 403,
  cannot_override_charge_model: 403,
  endpoint_not_available: 403,
  resource_not_found: 404,
  organization_not_found: 404,
  billing_entity_not_found: 404,
  api_key_not_found: 404,
  customer_not_found: 404,
  billable_metric_not_found: 404,
  billable_metrics_not_found: 404,
  plan_not_found: 404,
  charge_not_found: 404,
  charge_filter_not_found: 404,
  pricing_unit_not_found: 404,
  tax_not_found: 404,
  add_on_not_found: 404,
  add_ons_not_found: 404,
  fixed_charge_not_found: 404,
  metadata_not_found: 404,
  subscription_not_found: 404,
  scheduled_change_not_found: 404,
  event_not_found: 404,
  invoice_not_found: 404,
  billing_run_not_found: 404,
  billing_failure_not_found: 404,
  fee_not_found: 404,
  lifetime_usage_not_found: 404,
  event_already_billed: 405,
  event_already_voided: 405,
  no_active_subscription: 405,
  full_usage_not_allowed: 405,
  invoiced_fee: 405,
  not_a_sandbox: 405,
  subscription_incomplete: 405,
  scheduled_change_not_pending: 405,
  purchase_order_number_not_editable: 405,
  last_non_expiring_api_key: 405,
  background_work_failed: 409,
  payload_too_large: 413,
  unsupported_media_type: 415,
  validation_errors: 422,
  clock_goes_backwards: 422,
  missed_billing_failed: 422,
  custom_aggregation_failed: 422,
  rate_limited: 429,
} as const satisfies Record<string, number>;

export type RefusalCode = keyof typeof STATUS_OF_CODE;

/** What a rule found wrong with one field. Rules return these; they never throw. */
export interface Problem {
  readonly field: string;
  readonly code: string;
}

/** An expected "no". Anything else that is thrown is a bug and becomes a 500. */
export class Refusal extends Error {
  readonly code: RefusalCode;
  readonly status: number;
  /** The body's `error_details`; for validation errors {field: [codes]}. */
  readonly details: unknown;

  constructor(code: RefusalCode, details?: unknown, message: string = code) {
    super(message);
    this.code = code;
    this.status = STATUS_OF_CODE[code];
    this.details = details;
  }
}

/** {field: [codes…]} in the order in which the problems were found. */
export function detailsOf(problems: readonly Problem[]): Record<string, string[]> {
  // A map first: clients name fields, and "constructor" is a part of every object.
  const codes = new Map<string, string[]>();
  for (const { field, code } of problems) codes.set(field, [...(codes.get(field) ?? []), code]);
  return Object.fromEntries(codes);
}

/** 422 `validation_errors` when there are problems; nothing otherwise. */
export function refuseIfAny(problems: readonly Problem[]): void {
  if (problems.length > 0) throw new Refusal("validation_errors", detailsOf(problems));
}

/** 422 `validation_errors` for one field. */
export function invalid(field: string, code: string): Refusal {
  return new Refusal("validation_errors", { [field]: [code] });
}

/** 400 for a body that cannot be read or lacks its root key. */
export function badRequest(message: string): Refusal {
  return new Refusal("bad_request", undefined, message);
}

/** What was thrown, in words. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
