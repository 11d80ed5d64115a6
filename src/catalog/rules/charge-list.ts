/** The charges of a plan as one list: which entries change a charge, which create one, which charges go, and their codes. */
import type { Problem, RefusalCode } from "../../kernel/failure.ts";
import type { BillableMetric } from "../model.ts";
import { type ChargeInput, type ChargeReading, type ChargeTerms, readChangedCharge, readNewCharge } from "./charge.ts";

/** A charge's terms once it has a code. */
export type CodedCharge = ChargeTerms & { readonly code: string };

export interface ChargeListFacts {
  /** The plan's live charges by id. */
  readonly live: ReadonlyMap<string, CodedCharge>;
  /** The metrics that entries name, by id. */
  readonly metrics: ReadonlyMap<string, BillableMetric>;
  /** Whether a subscription was ever on the plan. */
  readonly isAttached: boolean;
}

export interface ChargeChanges {
  readonly created: readonly CodedCharge[];
  readonly changed: ReadonlyMap<string, CodedCharge>;
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
  const changed = new Map<string, CodedCharge>();
  const created: ChargeTerms[] = [];
  const codes = new Set<string>();
  for (const entry of entries) {
    const id = entry.id && facts.live.has(entry.id) ? entry.id : null;
    const reading = readEntry(entry, id, facts);
    if (reading === null) return invalidEntry([{ field: "billable_metric_id", code: "value_is_mandatory" }]);
    const { terms } = reading;
    const problems = [...reading.problems];
    if (terms.code !== null && codes.has(terms.code)) problems.push({ field: "code", code: "value_already_exist" });
    if (id !== null && changed.has(id)) problems.push({ field: "id", code: "value_is_duplicated" });
    if (problems.length > 0) return invalidEntry(problems);
    if ((entry.tax_codes ?? []).length > 0) return { refusal: "tax_not_found", problems: [] };
    if (terms.code !== null) codes.add(terms.code);
    if (id !== null && terms.code !== null) changed.set(id, { ...terms, code: terms.code });
    else created.push(terms);
  }
  const goneIds = [...facts.live.keys()].filter((id) => !changed.has(id));
  return { changes: { created: withCodes(created, codes), changed, goneIds } };
}

const invalidEntry = (problems: readonly Problem[]): Refused => ({ refusal: "validation_errors", problems });

/** Null where a new charge names no metric. */
function readEntry(entry: ChargeInput, id: string | null, facts: ChargeListFacts): ChargeReading | null {
  const before = id === null ? undefined : facts.live.get(id);
  const named = facts.metrics.get(entry.billable_metric_id ?? "");
  if (before !== undefined) return readChangedCharge(entry, before, named ?? before.billable_metric, facts.isAttached);
  return named === undefined ? null : readNewCharge(entry, named);
}

/** A charge without a code gets its metric's; where that is taken, `<code>_<n>`, n one above the highest in use, from 2 on. */
function withCodes(charges: readonly ChargeTerms[], taken: ReadonlySet<string>): CodedCharge[] {
  const codes = new Set(taken);
  const highest = new Map<string, number>();
  const next = (base: string): string => {
    const known = highest.get(base) ?? highestSuffix(base, codes);
    const n = known + 1;
    highest.set(base, n);
    return codes.has(`${base}_${n}`) ? next(base) : `${base}_${n}`;
  };
  return charges.map((charge) => {
    const base = charge.billable_metric.code;
    const code = charge.code ?? (codes.has(base) ? next(base) : base);
    codes.add(code);
    return { ...charge, code };
  });
}

function highestSuffix(base: string, codes: ReadonlySet<string>): number {
  let highest = 1;
  for (const code of codes) {
    const suffix = code.startsWith(`${base}_`) ? code.slice(base.length + 1) : "";
    if (/^[1-9]\d{0,8}$/.test(suffix)) highest = Math.max(highest, Number(suffix));
  }
  return highest;
}
