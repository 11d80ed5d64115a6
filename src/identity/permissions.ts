/** The rules of what an API key may do. Pure. */
import type { Problem } from "../kernel/failure.ts";

/** What an API key may do: per resource `read`, `write`, or both. No entry: no access. No permissions at all: everything. */
export type Permissions = Readonly<Record<string, readonly ("read" | "write")[]>>;

/** The resources of D.4 of the platform spec that can be granted. */
export const RESOURCES = [
  "activity_log",
  "add_on",
  "analytic",
  "api_key",
  "api_log",
  "billable_metric",
  "coupon",
  "applied_coupon",
  "credit_note",
  "customer_usage",
  "customer",
  "event",
  "fee",
  "invoice",
  "organization",
  "order",
  "order_form",
  "payment",
  "payment_receipt",
  "payment_request",
  "payment_method",
  "plan",
  "subscription",
  "lifetime_usage",
  "tax",
  "wallet",
  "wallet_transaction",
  "webhook_endpoint",
  "webhook_jwt_public_key",
  "invoice_custom_section",
  "billing_entity",
  "alert",
  "feature",
  "security_log",
  "quote",
  "product_category",
  "product",
  "rate_card",
  "plan_rate_card",
] as const;

export const MODES = ["read", "write"] as const;

/** What a key without permissions of its own may do, spelled out. */
export function everyPermission(): Permissions {
  return Object.fromEntries(RESOURCES.map((resource) => [resource, [...MODES]]));
}

/** Permissions as a request gives them: only known resources and modes (D.4 of the platform spec). */
export function readPermissions(input: Readonly<Record<string, readonly string[]>>, problems: Problem[]): Permissions {
  const permissions: Record<string, ("read" | "write")[]> = {};
  const add = (code: string) => {
    if (!problems.some((known) => known.field === "permissions" && known.code === code)) {
      problems.push({ field: "permissions", code });
    }
  };
  for (const [resource, modes] of Object.entries(input)) {
    if (!RESOURCES.some((known) => known === resource)) add("forbidden_keys");
    else if (!modes.every((mode) => MODES.some((known) => known === mode))) add("forbidden_values");
    else permissions[resource] = MODES.filter((mode) => modes.includes(mode));
  }
  return permissions;
}

/** Whether `own` covers `wanted`: nobody hands out more than they have. Null is everything. */
export function covers(own: Permissions | null, wanted: Permissions | null): boolean {
  if (own === null) return true;
  return Object.entries(wanted ?? everyPermission()).every(([resource, modes]) =>
    modes.every((mode) => own[resource]?.includes(mode)),
  );
}
