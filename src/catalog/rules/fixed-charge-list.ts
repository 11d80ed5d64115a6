/** The fixed charges of a plan as one list: which entries change one, which create one, which go, and their codes. */
import type { Problem } from "../../kernel/failure.ts";
import type { AddOn, FixedCharge } from "../model.ts";
import type { Refused } from "./charge-list.ts";
import { withCodes } from "./codes.ts";
import {
  type FixedChargeInput,
  type FixedChargeTerms,
  readChangedFixedCharge,
  readNewFixedCharge,
} from "./fixed-charge.ts";

/** A fixed charge's terms once it has a code. */
export type CodedFixedCharge = FixedChargeTerms & {
  readonly code: string;
  /** Whether subscriptions get the units at once, or with their next period. */
  readonly applies_at_once?: boolean;
};

export interface FixedChargeListFacts {
  /** The plan's live fixed charges by id. */
  readonly live: ReadonlyMap<string, FixedCharge>;
  /** The add-on that an entry names; undefined where it names none. */
  readonly addOnOf: (entry: FixedChargeInput) => AddOn | undefined;
  /** Whether a subscription was ever on the plan. */
  readonly isAttached: boolean;
}

export interface FixedChargeChanges {
  readonly created: readonly CodedFixedCharge[];
  readonly changed: ReadonlyMap<string, CodedFixedCharge>;
  /** Live ones that the list does not name. */
  readonly goneIds: readonly string[];
}

export type FixedChargeListReading = { readonly changes: FixedChargeChanges } | Refused;

const invalid = (problems: readonly Problem[]): Refused => ({ refusal: "validation_errors", problems });

/**
 * An entry with the id of a live one changes it, any other creates one; live ones without an entry are deleted.
 * The first entry that is refused decides the answer (10.1, 10.2 of the metering spec).
 */
export function readFixedChargeList(
  entries: readonly FixedChargeInput[],
  facts: FixedChargeListFacts,
): FixedChargeListReading {
  const changed = new Map<string, CodedFixedCharge>();
  const created: (FixedChargeTerms & { applies_at_once: boolean })[] = [];
  const codes = new Set<string>();
  for (const entry of entries) {
    const before = facts.live.get(entry.id ?? "");
    const addOn = facts.addOnOf(entry);
    if (before === undefined && addOn === undefined) return invalid([{ field: "add_on", code: "value_is_mandatory" }]);
    const { terms, problems } =
      before === undefined
        ? readNewFixedCharge(entry, addOn as AddOn)
        : readChangedFixedCharge(entry, before, facts.isAttached);
    const isCodeTaken = terms.code !== null && codes.has(terms.code);
    const isNamedTwice = before !== undefined && changed.has(before.id);
    const all = [
      ...problems,
      ...(isCodeTaken ? [{ field: "code", code: "value_already_exist" }] : []),
      ...(isNamedTwice ? [{ field: "id", code: "value_is_duplicated" }] : []),
    ];
    if (all.length > 0) return invalid(all);
    if ((entry.tax_codes ?? []).length > 0) return { refusal: "tax_not_found", problems: [] };
    if (terms.code !== null) codes.add(terms.code);
    const applies_at_once = entry.apply_units_immediately ?? false;
    if (before === undefined) created.push({ ...terms, applies_at_once });
    else changed.set(before.id, { ...terms, code: terms.code ?? before.code, applies_at_once });
  }
  const goneIds = [...facts.live.keys()].filter((id) => !changed.has(id));
  return {
    changes: { created: withCodes(created, codes, ({ add_on }) => add_on.code), changed, goneIds },
  };
}
