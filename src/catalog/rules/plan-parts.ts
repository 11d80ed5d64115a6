/** Parts of a plan whose features come later: refused unless empty; what they point to does not exist yet. */
import type { Problem } from "../../kernel/failure.ts";
import type { Refused } from "./charge-list.ts";

export interface PlanParts {
  readonly tax_codes?: readonly string[] | null;
  readonly metadata?: object | null;
  readonly usage_thresholds?: readonly unknown[] | null;
  readonly cascade_updates?: boolean | null;
  readonly fixed_charges?: readonly FixedChargeInput[] | null;
  readonly minimum_commitment?: object | null;
}

export interface FixedChargeInput {
  readonly add_on_id?: string | null;
  readonly add_on_code?: string | null;
}

const hasAny = (part: object | null | undefined): boolean => Object.keys(part ?? {}).length > 0;

const refused = (problems: readonly Problem[]): Refused | null =>
  problems.length > 0 ? { refusal: "validation_errors", problems } : null;

const later = (field: string, isThere: boolean): Problem[] => (isThere ? [{ field, code: "not_supported_yet" }] : []);

/** No add-on exists, so a fixed charge that names one names an unknown one (404). */
export function unknownAddOn({ fixed_charges }: PlanParts): boolean {
  return (fixed_charges ?? []).some(({ add_on_id, add_on_code }) => Boolean(add_on_id) || Boolean(add_on_code));
}

/** Of what is judged before the charges: metadata, taxes (no tax exists), thresholds. */
export function refusalBeforeCharges(parts: PlanParts): Refused | null {
  const metadata = refused(later("metadata", hasAny(parts.metadata)));
  if (metadata !== null) return metadata;
  if (hasAny(parts.tax_codes)) return { refusal: "tax_not_found", problems: [] };
  return refused([
    ...later("usage_thresholds", hasAny(parts.usage_thresholds)),
    ...later("cascade_updates", parts.cascade_updates === true),
  ]);
}

/** Of what is judged after the charges: fixed charges (which need an add-on) and the minimum commitment. */
export function refusalAfterCharges(parts: PlanParts): Refused | null {
  if (hasAny(parts.fixed_charges)) return refused([{ field: "add_on", code: "value_is_mandatory" }]);
  return refused(later("minimum_commitment", hasAny(parts.minimum_commitment)));
}
