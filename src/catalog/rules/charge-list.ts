/** The charges of a plan as one list: which entries change a charge, which create one, which charges go, and their codes. */
import type { Problem, RefusalCode } from "../../kernel/failure.ts";
import type { BillableMetric, ChargeFilter } from "../model.ts";
import type { UnitsByCode } from "./applied-unit.ts";
import { type ChargeInput, type ChargeReading, type ChargeTerms, readChangedCharge, readNewCharge } from "./charge.ts";
import { type FilterChanges, filterChanges } from "./charge-filters.ts";
import { withCodes } from "./codes.ts";

/** A charge's terms once it has a code. */
export type CodedCharge = ChargeTerms & { readonly code: string };

/** A charge that is there. */
export type LiveCharge = CodedCharge & { readonly filters: readonly ChargeFilter[] };

export interface ChangedCharge {
  readonly terms: CodedCharge;
  /** Null: none. */
  readonly filters: FilterChanges | null;
}

/** What a charge becomes, and what of its filters changes with it. */
export function changeOf(terms: CodedCharge, before: LiveCharge): ChangedCharge {
  return { terms, filters: terms.filters === null ? null : filterChanges(before.filters, terms.filters) };
}

export interface ChargeListFacts {
  /** The plan's live charges by id. */
  readonly live: ReadonlyMap<string, LiveCharge>;
  /** The metrics that entries name, by id. */
  readonly metrics: ReadonlyMap<string, BillableMetric>;
  /** Whether a subscription was ever on the plan. */
  readonly isAttached: boolean;
  readonly units: UnitsByCode;
}

export interface ChargeChanges {
  readonly created: readonly CodedCharge[];
  readonly changed: ReadonlyMap<string, ChangedCharge>;
  /** Live charges that the list does not name. */
  readonly goneIds: readonly string[];
}

export interface Refused {
  readonly refusal: RefusalCode;
  readonly problems: readonly Problem[];
}

export type ChargeListReading = { readonly changes: ChargeChanges } | Refused;

/**
 * An entry with the id of a live charge changes it, any other creates one; live charges without an entry are deleted.
 * The first entry that is refused decides the answer (10.1, 10.2 of the metering spec).
 */
export function readChargeList(entries: readonly ChargeInput[], facts: ChargeListFacts): ChargeListReading {
  const changed = new Map<string, ChangedCharge>();
  const created: ChargeTerms[] = [];
  const codes = new Set<string>();
  for (const entry of entries) {
    const before = facts.live.get(entry.id ?? "");
    const id = before === undefined ? null : (entry.id ?? null);
    const reading = readEntry(entry, before, facts);
    if (reading === null) return invalidEntry([{ field: "billable_metric_id", code: "value_is_mandatory" }]);
    const { terms } = reading;
    const problems = [...reading.problems];
    if (terms.code !== null && codes.has(terms.code)) problems.push({ field: "code", code: "value_already_exist" });
    if (id !== null && changed.has(id)) problems.push({ field: "id", code: "value_is_duplicated" });
    if (problems.length > 0) return invalidEntry(problems);
    if ((entry.tax_codes ?? []).length > 0) return { refusal: "tax_not_found", problems: [] };
    if (terms.code !== null) codes.add(terms.code);
    if (id !== null && before !== undefined)
      changed.set(id, changeOf({ ...terms, code: terms.code ?? before.code }, before));
    else created.push(terms);
  }
  const goneIds = [...facts.live.keys()].filter((id) => !changed.has(id));
  return {
    changes: { created: withCodes(created, codes, ({ billable_metric }) => billable_metric.code), changed, goneIds },
  };
}

const invalidEntry = (problems: readonly Problem[]): Refused => ({ refusal: "validation_errors", problems });

/** Null where a new charge names no metric. */
function readEntry(entry: ChargeInput, before: LiveCharge | undefined, facts: ChargeListFacts): ChargeReading | null {
  const named = facts.metrics.get(entry.billable_metric_id ?? "");
  if (before !== undefined) return readChangedCharge(entry, before, named ?? before.billable_metric, facts.isAttached);
  return named === undefined ? null : readNewCharge(entry, named, facts.units);
}
