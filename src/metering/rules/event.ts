/**
 * From what a client sent to an event that is proven storable (decisions 14): what passes here cannot be refused by
 * the database, so that it can never break the group commit of others. Pure.
 */

import { dec, isRawNumber, parseDecimal, type RawNumber } from "../../kernel/decimal.ts";
import type { Problem } from "../../kernel/failure.ts";
import { rawNumber, stringifyJson } from "../../kernel/json.ts";

export interface ReadEvent {
  readonly transactionId: string;
  readonly code: string;
  readonly externalSubscriptionId: string | null;
  /** Microseconds since 1970 as digits: a double could not hold them beyond 2255. */
  readonly timestampMicros: string;
  /** JSON text of an object. */
  readonly properties: string;
  /** Minor units, a plain decimal; null when not given. */
  readonly preciseTotalAmountCents: string | null;
}

const NAME_LENGTH_MAX = 255;
export const PROPERTIES_BYTES_MAX = 65_536;
const PROPERTIES_DEPTH_MAX = 32;
/** The first second of the year 10000. */
const SECONDS_END = 253_402_300_800;
const SECONDS_AND_FRACTION = /^\d{1,12}(?:\.\d+)?$/;
const NUMBER_WITHIN_LIMITS = /^-?\d{1,60}(\.\d{1,30})?$/;
/** numeric(40, 15). */
const AMOUNT_WITHIN_LIMITS = /^-?\d{1,24}(\.\d{1,30})?$/;

/** Unix seconds (a number or its text, fractions allowed) → microseconds, truncated; null when it is none. */
export function readTimestamp(value: unknown): string | null {
  const text = isRawNumber(value) ? value.rawJSON : typeof value === "number" ? String(value) : value;
  if (typeof text !== "string" || !SECONDS_AND_FRACTION.test(text)) return null;
  const point = text.indexOf(".");
  const seconds = point < 0 ? text : text.slice(0, point);
  if (Number(seconds) >= SECONDS_END) return null;
  const fraction = point < 0 ? "" : text.slice(point + 1, point + 7);
  return seconds + (fraction.length === 6 ? fraction : fraction.padEnd(6, "0"));
}

export function microsOf(at: Temporal.Instant): string {
  return (at.epochNanoseconds / 1000n).toString();
}

function nameProblem(value: unknown, isMandatory: boolean): string | null {
  if (value === undefined || value === null || value === "") return isMandatory ? "value_is_mandatory" : null;
  if (typeof value !== "string") return "value_is_invalid";
  if (value.length > NAME_LENGTH_MAX) return "value_is_too_long";
  return isStorable(value) ? null : "value_is_invalid";
}

/** PostgreSQL's text holds neither U+0000 nor half a surrogate pair. */
export function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes("\u0000");
}

function readAmount(value: unknown): string | null | undefined {
  if (value === undefined || value === null || value === "") return null;
  const text = parseDecimal(value)?.toFixed();
  return text !== undefined && AMOUNT_WITHIN_LIMITS.test(text) ? text : undefined;
}

/** Whether every text below is storable and nothing is deeper than allowed. */
function isStorableTree(value: unknown, depth: number): boolean {
  if (typeof value === "string") return isStorable(value);
  if (typeof value !== "object" || value === null || isRawNumber(value)) return true;
  if (depth > PROPERTIES_DEPTH_MAX) return false;
  return Object.entries(value).every(([key, child]) => isStorable(key) && isStorableTree(child, depth + 1));
}

const SHORT_EXPONENT = /^-?[\d.]{1,200}[eE][+-]?\d{1,2}$/;

/** A number beyond the limits is kept as the text it was: stored, but not numeric. */
function boundNumber(raw: RawNumber): unknown {
  const text = SHORT_EXPONENT.test(raw.rawJSON) ? dec(raw.rawJSON).toFixed() : raw.rawJSON;
  return NUMBER_WITHIN_LIMITS.test(text) ? rawNumber(text) : raw.rawJSON;
}

function boundNumbers(value: unknown): unknown {
  if (isRawNumber(value)) return boundNumber(value);
  if (Array.isArray(value)) return value.map(boundNumbers);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, boundNumbers(child)]));
}

/** The properties as JSON text; null when they are no object, or cannot be stored. */
function readProperties(value: unknown): string | null {
  if (value === undefined || value === null) return "{}";
  if (typeof value !== "object" || Array.isArray(value) || isRawNumber(value)) return null;
  let isFlat = true;
  for (const key in value) {
    const child = (value as Record<string, unknown>)[key];
    if (typeof child === "object" && child !== null) isFlat = false;
  }
  if (!isFlat && !isStorableTree(value, 1)) return null;
  const text = stringifyJson(isFlat ? value : boundNumbers(value));
  // JSON.stringify escapes what PostgreSQL would refuse: only a text with escapes needs the walk.
  if (isFlat && text.includes("\\u") && !isStorableTree(value, 1)) return null;
  if (text.length > PROPERTIES_BYTES_MAX / 3 && Buffer.byteLength(text) > PROPERTIES_BYTES_MAX) return null;
  return text;
}

/** The event, or everything that is wrong with it. `now` (microseconds) stands in for an absent timestamp. */
export function readEvent(input: unknown, nowMicros: string): ReadEvent | Problem[] {
  if (typeof input !== "object" || input === null || Array.isArray(input))
    return [{ field: "event", code: "value_is_invalid" }];
  const { transaction_id, code, external_subscription_id, timestamp, properties, precise_total_amount_cents } =
    input as Record<string, unknown>;
  const problems: Problem[] = [];
  const check = (field: string, problem: string | null) => {
    if (problem !== null) problems.push({ field, code: problem });
  };
  check("transaction_id", nameProblem(transaction_id, true));
  check("code", nameProblem(code, true));
  check("external_subscription_id", nameProblem(external_subscription_id, false));
  const timestampMicros = timestamp === undefined || timestamp === null ? nowMicros : readTimestamp(timestamp);
  if (timestampMicros === null) problems.push({ field: "timestamp", code: "invalid_format" });
  const propertiesText = readProperties(properties);
  if (propertiesText === null) problems.push({ field: "properties", code: "value_is_invalid" });
  const amount = readAmount(precise_total_amount_cents);
  if (amount === undefined) problems.push({ field: "precise_total_amount_cents", code: "value_is_invalid" });
  if (problems.length > 0 || timestampMicros === null || propertiesText === null) return problems;
  return {
    transactionId: transaction_id as string,
    code: code as string,
    externalSubscriptionId: (external_subscription_id as string | undefined | null) || null,
    timestampMicros,
    properties: propertiesText,
    preciseTotalAmountCents: amount ?? null,
  };
}
