/** Numbers inside charge properties: prices are texts, bounds are numbers or texts, counts are integers. */
import { dec, isRawNumber } from "../../kernel/decimal.ts";

/** Prices in major units: far above any real one, and within numeric(40,15) when multiplied by large usage. */
const PRICE_DIGITS_MAX = 15;
const PRICE_DECIMALS_MAX = 30;

const PLAIN = /^\d+(\.\d+)?$/;
const PARSABLE = /^\+?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?$/;

/**
 * A price or rate as it is kept: a plain decimal text ("0.0025"), unchanged where it was plain already; exponent
 * notation is written out. Null where it is no text of a decimal from 0 on (4.4 of the metering spec).
 */
export function readAmount(value: unknown): string | null {
  if (typeof value !== "string" || value.length > 60 || !PARSABLE.test(value)) return null;
  const text = PLAIN.test(value) ? value : dec(value.replace("+", "").replace(/\.(?=$|e)/i, "")).toFixed();
  const [digits = "", decimals = ""] = text.replace(/^0+(?=\d)/, "").split(".");
  return digits.length <= PRICE_DIGITS_MAX && decimals.length <= PRICE_DECIMALS_MAX ? text : null;
}

const BOUND = /^\d{1,30}(\.\d{1,30})?$/;

/** A range's bound as it is kept: the JSON number or text given, or the exact text of a number too long for a double. */
export function readBound(value: unknown): number | string | null {
  if (typeof value === "number") return BOUND.test(String(value)) ? value : null;
  if (typeof value === "string") return BOUND.test(value) ? value : null;
  if (isRawNumber(value)) return BOUND.test(value.rawJSON) ? value.rawJSON : null;
  return null;
}

/** A JSON integer from `min` on. */
export function readInteger(value: unknown, min: number): number | null {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= min ? value : null;
}
