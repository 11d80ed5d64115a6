/** The event that an expression is tried out on. Pure. */
import { isRawNumber } from "../../kernel/decimal.ts";
import type { ExpressionEvent } from "./evaluate.ts";

const SECONDS = /^(\d{1,12})(?:\.\d+)?$/;

/** Whole Unix seconds as digits; null where the value is no time. `now` stands in for an absent one. */
function readSeconds(value: unknown, now: Temporal.Instant): string | null {
  if (value === undefined || value === null) return String(Math.floor(now.epochMilliseconds / 1000));
  const text = isRawNumber(value) ? value.rawJSON : typeof value === "number" ? String(value) : value;
  return typeof text === "string" ? (SECONDS.exec(text)?.[1] ?? null) : null;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !isRawNumber(value);

/** Null where it is no event. */
export function readExpressionEvent(input: unknown, now: Temporal.Instant): ExpressionEvent | null {
  if (!isObject(input)) return null;
  const { code = null, properties } = input;
  const timestamp = readSeconds(input.timestamp, now);
  if (timestamp === null || (code !== null && typeof code !== "string")) return null;
  if (properties !== undefined && properties !== null && !isObject(properties)) return null;
  return { code, timestamp, properties: properties ?? {} };
}
