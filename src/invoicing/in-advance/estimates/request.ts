/** Reading the event of an estimate: it is not stored, but may hold only what could be. Pure. */

import { type Dec, dec } from "../../../kernel/decimal.ts";
import { detailsOf, invalid, Refusal } from "../../../kernel/failure.ts";
import { parseJson } from "../../../kernel/json.ts";
import { isStorable, readEvent, readTimestamp } from "../../../metering/index.ts";

/** What a client sends, not looked at yet. */
export type EstimateInput = Readonly<Record<string, unknown>>;

export function estimateInput(value: unknown): EstimateInput {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw invalid("event", "value_is_invalid");
  return value as EstimateInput;
}

const NAME_LENGTH_MAX = 255;

/** A name that something can have; null where the text names nothing. */
export function nameIn(
  input: EstimateInput,
  field: "code" | "external_subscription_id" | "transaction_id",
): string | null {
  const value = input[field];
  return typeof value === "string" && value !== "" && value.length <= NAME_LENGTH_MAX && isStorable(value)
    ? value
    : null;
}

/** 422 where a timestamp is given that is none; it does not count otherwise. */
export function checkTimestamp({ timestamp }: EstimateInput): void {
  if (timestamp !== undefined && timestamp !== null && readTimestamp(timestamp) === null)
    throw invalid("timestamp", "invalid_format");
}

export interface EstimatedEvent {
  readonly properties: Readonly<Record<string, unknown>>;
  /** Minor units. */
  readonly precise_total_amount_cents: Dec | null;
}

/** 422 where properties or an amount could not be stored. */
export function readEstimated(input: EstimateInput): EstimatedEvent {
  const { properties, precise_total_amount_cents } = input;
  const read = readEvent(
    { transaction_id: "-", code: "-", properties: properties === "" ? null : properties, precise_total_amount_cents },
    "0",
  );
  if (Array.isArray(read)) throw new Refusal("validation_errors", detailsOf(read));
  const amount = read.preciseTotalAmountCents;
  return {
    properties: parseJson(read.properties) as EstimatedEvent["properties"],
    precise_total_amount_cents: amount === null ? null : dec(amount),
  };
}
