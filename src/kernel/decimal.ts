/**
 * Exact decimals. The only file that imports the library: sums, differences and products are exact,
 * a division is carried to 40 decimals. Rounding is half away from zero ("half up on magnitude").
 */
import Big from "big.js";

Big.DP = 40;
Big.RM = Big.roundHalfUp;
Big.PE = 1_000_000; // never exponent notation
Big.NE = -1_000_000;

export type Dec = Big;

const POWERS_OF_TEN = Array.from({ length: 256 }, (_, exponent) => 10n ** BigInt(exponent));
const powerOfTen = (exponent: number) => POWERS_OF_TEN[exponent] ?? 10n ** BigInt(exponent);

/** The value as a whole number times a power of ten. */
function wholeOf({ c, e }: Dec): { readonly digits: bigint; readonly exponent: number } {
  return { digits: BigInt(c.join("")), exponent: e - c.length + 1 };
}

const divideSlowly = Big.prototype.div;

/**
 * Same quotients as the library's, which divides digit by digit: 40 decimals take it 60 µs, the machine's whole numbers 2.
 * A billing run divides for every fee.
 */
Big.prototype.div = function div(this: Dec, by: Parameters<Dec["div"]>[0]): Dec {
  const divisor = new Big(by);
  if (Big.RM > Big.roundHalfUp || divisor.eq(0)) return divideSlowly.call(this, divisor);
  const [over, under] = [wholeOf(this), wholeOf(divisor)];
  const shift = over.exponent - under.exponent + Big.DP;
  const dividend = shift >= 0 ? over.digits * powerOfTen(shift) : over.digits;
  const whole = shift >= 0 ? under.digits : under.digits * powerOfTen(-shift);
  const quotient = Big.RM === Big.roundDown ? dividend / whole : (2n * dividend + whole) / (2n * whole);
  return new Big(`${this.s === divisor.s ? "" : "-"}${quotient}e-${Big.DP}`);
};

/** a / b to that many significant digits, half away from zero; throws where b is 0. */
export function divide(a: Dec, b: Dec, digits: number): Dec {
  if (a.eq(0) || b.eq(0)) return divideSlowly.call(a, b);
  const [over, under] = [wholeOf(a), wholeOf(b)];
  // Two digits too many: what is cut off behind them cannot decide how the last one is rounded.
  const shift = Math.max(digits + 2 + b.c.length - a.c.length, 0);
  const quotient = (over.digits * powerOfTen(shift)) / under.digits;
  const exponent = over.exponent - under.exponent - shift;
  return new Big(`${a.s === b.s ? "" : "-"}${quotient}e${exponent}`).prec(digits, Big.roundHalfUp);
}

/** How many digits its plain notation has. */
export function digitsOf({ c, e }: Dec): number {
  return e < 0 ? c.length - e : Math.max(e + 1, c.length);
}

export function dec(value: string | number | bigint | Dec): Dec {
  return new Big(typeof value === "bigint" ? value.toString() : value);
}

export const ZERO: Dec = dec(0);

/** A plain decimal text: optional sign, digits, optional fraction. No exponent, no blanks. */
const DECIMAL_TEXT = /^-?\d+(\.\d+)?$/;

/** A JSON number whose plain notation stays short: 1e999999999 would fill the memory. */
const BOUNDED_NUMBER = /^-?[\d.]{1,400}([eE][+-]?\d{1,3})?$/;

/** Reads a decimal that came over the wire (a JSON number or a text like "0.25"); null when it is not one. */
export function parseDecimal(value: unknown): Dec | null {
  if (typeof value === "number") return Number.isFinite(value) ? dec(value) : null;
  if (typeof value === "string") return DECIMAL_TEXT.test(value) ? dec(value) : null;
  if (isRawNumber(value)) return BOUNDED_NUMBER.test(value.rawJSON) ? dec(value.rawJSON) : null;
  return null;
}

/** A JSON number kept with all its digits (see http/json.ts). */
export interface RawNumber {
  readonly rawJSON: string;
}

export function isRawNumber(value: unknown): value is RawNumber {
  return typeof value === "object" && value !== null && typeof (value as RawNumber).rawJSON === "string";
}

/** Most values have no digit that a rounding would touch: they are given back as they are. */
const isRound = ({ c, e }: Dec, places: number): boolean => c.length - 1 - e <= places;

/** round_n of the spec: half away from zero at `places` decimals; negative places round to tens, hundreds, … */
export function round(value: Dec, places = 0): Dec {
  return isRound(value, places) ? value : value.round(places, Big.roundHalfUp);
}

/** Toward +∞ at `places` decimals. */
export function ceil(value: Dec, places = 0): Dec {
  return value.round(places, value.lt(0) ? Big.roundDown : Big.roundUp);
}

/** Toward −∞ at `places` decimals. */
export function floor(value: Dec, places = 0): Dec {
  return value.round(places, value.lt(0) ? Big.roundUp : Big.roundDown);
}

/** Toward zero at `places` decimals. */
export function truncate(value: Dec, places = 0): Dec {
  return value.round(places, Big.roundDown);
}

export function sum(values: Iterable<Dec>): Dec {
  let total: Dec | null = null;
  for (const value of values) total = total === null ? value : total.plus(value);
  return total ?? ZERO;
}

export function min(a: Dec, b: Dec): Dec {
  return a.lt(b) ? a : b;
}

export function max(a: Dec, b: Dec): Dec {
  return a.gt(b) ? a : b;
}

/** The contract's form of a decimal: plain notation with at least one fractional digit ("10.0", "0.00125"). */
export function toWire(value: Dec): string {
  const text = value.toFixed();
  if (!text.includes(".")) return `${text}.0`;
  if (!text.endsWith("0")) return text;
  const trimmed = text.replace(/0+$/, "");
  return trimmed.endsWith(".") ? `${trimmed}0` : trimmed;
}

/** A whole number of minor units as a bigint; throws when it has a fraction (round first). */
export function toCents(value: Dec): bigint {
  return BigInt(value.toFixed(value.eq(round(value)) ? 0 : undefined));
}
