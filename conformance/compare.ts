/** Whether a value is what a scenario expects ("Comparison" in FORMAT.md). */
import { isMap, isNothing, type JsonMap } from "./values.ts";

const DECIMAL = /^-?\d+(\.\d+)?(e-?\d+)?$/i;
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/;

const isNumeric = (value: unknown): value is number | string =>
  typeof value === "number" || (typeof value === "string" && DECIMAL.test(value));

/** A decimal without its meaningless zeros; null where it has an exponent. */
function plainDigits(value: number | string): string | null {
  const text = String(value);
  if (/e/i.test(text)) return null;
  const isNegative = text.startsWith("-");
  const [whole = "", fraction = ""] = text.slice(isNegative ? 1 : 0).split(".");
  const digits = [whole.replace(/^0+(?=\d)/, ""), fraction.replace(/0+$/, "")].filter((part) => part !== "").join(".");
  return isNegative && digits !== "0" ? `-${digits}` : digits;
}

/** Numerical equality of decimals, no digit of long ones lost. */
function isSameNumber(a: number | string, b: number | string): boolean {
  const [x, y] = [plainDigits(a), plainDigits(b)];
  return x !== null && y !== null ? x === y : Number(a) === Number(b);
}

const toSecond = (text: string) => Math.floor(Date.parse(text) / 1000);

type Matcher = (value: unknown, want: unknown, whole: JsonMap) => boolean;

const MATCHERS: Readonly<Record<string, Matcher>> = {
  present: (value, want) => !isNothing(value) === want,
  absent: (value, want) => isNothing(value) === want,
  near: (value, want, { by = 0 }) => Math.abs(Number(value) - Number(want)) <= Number(by),
  gt: (value, want) => Number(value) > Number(want),
  lt: (value, want) => Number(value) < Number(want),
  not: (value, want) => !isSame(value, want),
  match: (value, want) => typeof value === "string" && new RegExp(String(want)).test(value),
  unordered: (value, want) => Array.isArray(value) && Array.isArray(want) && isPermutation(value, want),
  includes: (value, want) =>
    Array.isArray(value) ? value.some((element) => contains(element, want)) : contains(value, want),
};

/** `{gt: 5}` names a matcher; a map of several keys, or of another one, is a plain value. */
function matcherOf(want: JsonMap): readonly [Matcher, unknown] | null {
  const keys = Object.keys(want).filter((key) => key !== "by");
  const matcher = keys.length === 1 && keys[0] !== undefined ? MATCHERS[keys[0]] : undefined;
  return matcher === undefined ? null : [matcher, want[keys[0] as string]];
}

function isPermutation(values: readonly unknown[], wants: readonly unknown[]): boolean {
  const left = [...values];
  const takesOne = (want: unknown) => {
    const index = left.findIndex((value) => isSame(value, want));
    if (index >= 0) left.splice(index, 1);
    return index >= 0;
  };
  return values.length === wants.length && wants.every(takesOne);
}

function contains(value: unknown, want: unknown): boolean {
  if (!isMap(want)) return isSame(value, want);
  return isMap(value) && Object.entries(want).every(([key, wanted]) => isSame(value[key], wanted));
}

function isSameMap(value: unknown, want: JsonMap): boolean {
  return isMap(value) && Object.keys(value).length === Object.keys(want).length && contains(value, want);
}

export function isSame(value: unknown, want: unknown): boolean {
  const matcher = isMap(want) ? matcherOf(want) : null;
  if (matcher !== null) return matcher[0](value, matcher[1], want as JsonMap);
  if (want === null) return isNothing(value);
  if (isNumeric(want) && isNumeric(value)) return isSameNumber(value, want);
  if (typeof want === "string" && typeof value === "string" && INSTANT.test(want) && INSTANT.test(value)) {
    return toSecond(value) === toSecond(want);
  }
  if (Array.isArray(want)) {
    return Array.isArray(value) && value.length === want.length && want.every((each, i) => isSame(value[i], each));
  }
  return isMap(want) ? isSameMap(value, want) : value === want;
}
