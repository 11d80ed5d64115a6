/**
 * JSON that loses no digit. JSON.parse turns numbers into doubles, which is exact up to 15 significant digits;
 * a text that could hold more is read again with the source of every number, and those that a double would change
 * are kept as JSON.rawJSON (read with parseDecimal, written back verbatim by JSON.stringify).
 */
import { badRequest } from "../kernel/failure.ts";

// Sixteen digits (with a point among them or not), or an exponent: cheap to look for, rare in real bodies.
const MAY_LOSE_DIGITS = /[\d.]{16}|\d[eE]/;

interface ReviverContext {
  readonly source?: string;
}

const rawJson = (JSON as unknown as { rawJSON(source: string): unknown }).rawJSON;

function keepDigits(_key: string, value: unknown, { source }: ReviverContext = {}): unknown {
  if (typeof value !== "number" || source === undefined) return value;
  return String(value) === source || isSameNumber(value, source) ? value : rawJson(source);
}

/** Whether the double prints as the source does, but for zeros after the point and the exponent's spelling. */
function isSameNumber(value: number, source: string): boolean {
  if (!Number.isFinite(value) || /[eE]/.test(source)) return false;
  const trimmed = source.includes(".") ? source.replace(/0+$/, "").replace(/\.$/, "") : source;
  return String(value) === trimmed;
}

/** Throws SyntaxError where the text is no JSON. */
export function parseJson(text: string): unknown {
  const loses = MAY_LOSE_DIGITS.test(text);
  return loses ? JSON.parse(text, keepDigits as (key: string, value: unknown) => unknown) : JSON.parse(text);
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

/** Answers may hold bigints (minor units): written as JSON integers. */
export function stringifyJson(value: unknown): string {
  return JSON.stringify(value, (_key, field) => (typeof field === "bigint" ? rawJson(field.toString()) : field));
}
