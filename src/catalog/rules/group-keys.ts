/** Keys that split the usage of a charge: for its price, or only for show (4.4 and 2.4 of the metering spec). */
import { storableText } from "../../kernel/text.ts";

export interface Keys<T> {
  /** Null where none were given. */
  readonly kept: readonly T[] | null;
  readonly codes: readonly string[];
}

const NONE = { kept: null, codes: [] } as const;
const INVALID = { kept: null, codes: ["invalid_type"] } as const;

const isText = (value: unknown): value is string => typeof value === "string" && value.trim() !== "";

/** `pricing_group_keys`, or its old name `grouped_by`: texts; empty ones are dropped. */
export function readPricingGroupKeys(given: unknown): Keys<string> {
  if (given === null || given === undefined) return NONE;
  if (!Array.isArray(given)) return INVALID;
  const keys = given.filter((key) => key !== "");
  return keys.every(isText) ? { kept: keys.map(storableText), codes: [] } : INVALID;
}

export interface PresentationKey {
  readonly value: string;
  readonly options?: { readonly display_in_invoice?: boolean };
}

const PRESENTATION_KEYS_MAX = 2;

function hasOnly(value: unknown, names: readonly string[]): value is Record<string, unknown> {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    Object.keys(value).every((name) => names.includes(name))
  );
}

function readPresentationKey(given: unknown): PresentationKey | null {
  if (!hasOnly(given, ["value", "options"]) || !isText(given.value)) return null;
  const value = storableText(given.value);
  const { options } = given;
  if (options === null || options === undefined) return { value };
  if (!hasOnly(options, ["display_in_invoice"])) return null;
  const { display_in_invoice } = options;
  if (display_in_invoice === undefined) return { value, options: {} };
  return typeof display_in_invoice === "boolean" ? { value, options: { display_in_invoice } } : null;
}

/** `presentation_group_keys`: at most two, each once. */
export function readPresentationGroupKeys(given: unknown): Keys<PresentationKey> {
  if (given === null || given === undefined) return NONE;
  if (!Array.isArray(given)) return INVALID;
  const keys = given.map(readPresentationKey).filter((key) => key !== null);
  if (keys.length < given.length) return INVALID;
  const codes: string[] = [];
  if (keys.length > PRESENTATION_KEYS_MAX) codes.push("too_many_keys");
  if (new Set(keys.map(({ value }) => value)).size < keys.length) codes.push("value_is_duplicated");
  return { kept: keys, codes };
}
