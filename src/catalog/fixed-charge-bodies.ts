/** Bodies of a plan's parts as the rules read them. */
import type { Static } from "typebox";
import { centsOf, flagOf } from "./charge-bodies.ts";
import type {
  CommitmentInput as CommitmentBody,
  FixedChargeInput as FixedChargeBody,
  ThresholdInput as ThresholdBody,
} from "./plan-part-schemas.ts";
import type { CommitmentInput } from "./rules/commitment.ts";
import type { FixedChargeInput } from "./rules/fixed-charge.ts";
import type { ThresholdInput } from "./rules/thresholds.ts";

/** Ids are compared as they are stored. */
const idOf = (value: string | null | undefined) => value?.toLowerCase();

export function fixedChargeInputOf(body: Static<typeof FixedChargeBody>): FixedChargeInput {
  return {
    ...body,
    id: idOf(body.id),
    add_on_id: idOf(body.add_on_id),
    pay_in_advance: flagOf(body.pay_in_advance),
    prorated: flagOf(body.prorated),
    apply_units_immediately: flagOf(body.apply_units_immediately),
  };
}

/** Keys that are not sent stay away: `{}` removes a commitment. */
export function commitmentInputOf(body: Static<typeof CommitmentBody>): CommitmentInput {
  const { amount_cents, ...rest } = body;
  return { ...rest, ...(amount_cents === undefined ? {} : { amount_cents: centsOf(amount_cents) }) };
}

export function thresholdInputOf(body: Static<typeof ThresholdBody>): ThresholdInput {
  return { ...body, amount_cents: centsOf(body.amount_cents), recurring: flagOf(body.recurring) };
}
