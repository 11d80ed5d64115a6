/** What of a plan is stored but not rated yet: no subscription may be on it, so that none gets a wrong figure. */
import type { Problem } from "../../kernel/failure.ts";
import type { Plan } from "../model.ts";

/** One problem per field. */
export function notYetSubscribable(plan: Plan): Problem[] {
  const fields: string[] = [];
  if (plan.applicable_usage_thresholds.length > 0) fields.push("usage_thresholds");
  return fields.map((field) => ({ field, code: "not_supported_yet" }));
}
