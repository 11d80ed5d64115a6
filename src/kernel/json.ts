/**
 * JSON that loses no digit. JSON.parse turns numbers into doubles, which is exact up to 15 significant digits;
 * a text that could hold more is read again with the source of every number, and those that a double would change
 * are kept as JSON.rawJSON (read with parseDecimal, written back verbatim by JSON.stringify).
 */
import type { RawNumber } from "./decimal.ts";
import { badRequest } from "./failure.ts";

/**
 * What a double may not hold: 17 digits and more, 16 that begin with a 4 or more (8.000000000000001), with a point among them or not,
 * or an exponent.
 * A number stands behind a colon, a comma, a bracket or a blank, so that the digits of most texts are passed over.
 * Cheap to look for, and rare: a timestamp with microseconds has 16 digits and is exact.
 */
const MAY_LOSE_DIGITS = /(?:^|[:,[\s])-?(?:\d{17}|\d[\d.]{17}|[4-9][\d.]{15}|\d[\d.]*[eE])/;

interface ReviverContext {
  readonly source?: string;
}

/** A number that JSON.stringify writes exactly as `source`. */
export const rawNumber = (JSON as unknown as { rawJSON(source: string): RawNumber }).rawJSON;

function keepDigits(_key: string, value: unknown, { source }: ReviverContext = {}): unknown {
  if (typeof value !== "number" || source === undefined) return value;
  return String(value) === source || isSameNumber(value, source) ? value : rawNumber(source);
}

/** Whether the double prints as the source does, but for zeros after the point and the exponent's spelling. */
function isSameNumber(value: number, source: string): boolean {
  if (!Number.isFinite(value) || /[eE]/.test(source)) return false;
  const trimmed = source.includes(".") ? source.replace(/0+$/, "").replace(/\.$/, "") : source;
  return String(value) === trimmed;
}

export function mayLoseDigits(text: string): boolean {
  return MAY_LOSE_DIGITS.test(text);
}

/** Throws SyntaxError where the text is no JSON. */
export function parseJson(text: string): unknown {
  return mayLoseDigits(text)
    ? JSON.parse(text, keepDigits as (key: string, value: unknown) => unknown)
    : JSON.parse(text);
}

/** As parseJson, for a request body: 400 where it cannot be read. */
export function parseBody(text: string): unknown {
  if (text.trim() === "") return undefined;
  try {
    return parseJson(text);
  } catch {
    throw badRequest("the body is not valid JSON");
  }
}

/** Minor units are bigints: JSON.stringify writes them as JSON integers. Set once, here: a replacer would cost more than the rest. */
Object.defineProperty(BigInt.prototype, "toJSON", {
  value(this: bigint) {
    return rawNumber(this.toString());
  },
  configurable: true,
});

export function stringifyJson(value: unknown): string {
  return JSON.stringify(value);
}
