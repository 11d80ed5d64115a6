/** An amount with all that it is made of: what was counted, what it cost, and how it was rounded. */
import type { Charge, ChargeBucket } from "../../catalog/index.ts";
import type { Dec } from "../../kernel/decimal.ts";
import type { CountedEvents, Group } from "../../metering/index.ts";
import type { PartKind, PricePart } from "../../rating/index.ts";
import type { Window } from "../../subscriptions/index.ts";

/** How what was counted became what is priced, one step after another. */
export interface UnitsStep {
  readonly step: "counted" | "prorated" | "rounded" | "not_below_zero" | "in_advance";
  /** After this step. */
  readonly units: Dec;
  readonly text: string;
}

export type ExplainedKind =
  | PartKind
  /** Days of a period at what a day comes to. */
  | "days"
  /** The minimum of a charge for the days that are billed, and what was used of it. */
  | "minimum_spending"
  | "used"
  /** What is committed for the days that are billed, and the fees that count towards it. */
  | "minimum_commitment"
  | "counted_fees"
  /** What an event in advance was charged less, because events before it were charged already. */
  | "charged_before"
  /** What of an add-on the plan before had been paid for, of the days that are left. */
  | "paid_before"
  /** An amount whose making cannot be told any more: what it is based on has changed since. */
  | "as_billed";

/** As PricePart, in words too: the parts add up to the first of the amounts. */
export interface ExplainedPart extends Omit<PricePart, "kind"> {
  readonly kind: ExplainedKind;
  readonly text: string;
}

/** How the sum of the parts became the fee's amount. */
export interface AmountStep {
  readonly step: "sum" | "not_below_zero" | "rounded" | "converted";
  /** After this step. */
  readonly amount: Dec;
  /** A currency, or a pricing unit's short name. */
  readonly unit: string;
  /** What a rounding added or took away; 0 where it changed nothing. */
  readonly difference: Dec;
  readonly text: string;
}

/** An amount explained, by itself. */
export interface AmountExplanation {
  readonly units: readonly UnitsStep[];
  readonly parts: readonly ExplainedPart[];
  readonly amounts: readonly AmountStep[];
  /** Minor units: the last of the amounts. */
  readonly amount_cents: bigint;
}

/** What a fee, or a line of current usage, is made of. */
export interface Explanation extends AmountExplanation {
  /** What it is for, in words. */
  readonly title: string;
  /** Half-open; null where it is for no time. */
  readonly window: Window | null;
  readonly currency: string;
  /** Which of the plan's versions priced it. */
  readonly plan: { readonly id: string; readonly version_no: number } | null;
  /** Null for what is no usage. */
  readonly line: ExplainedLine | null;
  /** Null for what is no usage. */
  readonly events: CountedEvents | null;
  /** Whether counting anew gives the same: false where events came in since, or what it is based on has changed. */
  readonly is_reproduced: boolean;
}

/** One group of one filter of a charge, as it was priced. */
export interface ExplainedLine {
  readonly charge: Charge;
  readonly bucket: ChargeBucket;
  readonly grouped_by: Group;
}
