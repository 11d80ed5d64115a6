/** Activation rules as a table of states: 2.14 of the subscriptions spec. */
import type { ActivationRule } from "../model.ts";
import type { RuleRequest } from "./request.ts";

/** What becomes of rules, and of the subscription that has them. */
export type GateMove = "satisfied" | "failed" | "declined" | "expired";

/** Rules as they are stored with a subscription that waits. */
export function storedRules(
  requested: readonly RuleRequest[],
  { newId, now }: { readonly newId: () => string; readonly now: Temporal.Instant },
): ActivationRule[] {
  const at = now.toString();
  return requested.map(({ type, timeout_hours }) => ({
    id: newId(),
    type,
    timeout_hours,
    status: "inactive",
    expires_at: null,
    created_at: at,
    updated_at: at,
  }));
}

/** The rules at the moment of activation: they apply where the start has something to collect. */
export function evaluated(
  rules: readonly ActivationRule[],
  collects: boolean,
  now: Temporal.Instant,
): ActivationRule[] {
  return rules.map((rule) => {
    if (rule.status !== "inactive") return rule;
    if (!collects) return { ...rule, status: "not_applicable", updated_at: now.toString() };
    const expires_at = rule.timeout_hours === 0 ? null : now.add({ hours: rule.timeout_hours }).toString();
    return { ...rule, status: "pending", expires_at, updated_at: now.toString() };
  });
}

/** Rules that wait take the step; what is final stays as it is. */
export function moved(rules: readonly ActivationRule[], move: GateMove, now: Temporal.Instant): ActivationRule[] {
  return rules.map((rule) =>
    rule.status === "pending" ? { ...rule, status: move, updated_at: now.toString() } : rule,
  );
}

/** Whether anything still holds the subscription back. */
export const isHeldBack = (rules: readonly ActivationRule[]): boolean =>
  rules.some(({ status }) => status === "pending");
