/** Tiers of graduated, volume and graduated percentage charges: their bounds and their prices (4.4 of the metering spec). */
import { dec } from "../../kernel/decimal.ts";
import { readAmount, readBound } from "./amounts.ts";

/** Which price of a tier is which code when it is no amount. */
type PricesOfTier = Readonly<Record<string, string>>;

export interface Ranges {
  readonly kept: readonly Record<string, unknown>[];
  readonly codes: readonly string[];
}

type Bound = number | string | null;

interface Bounds {
  readonly from: Bound;
  /** Undefined where the value given is neither null nor a number. */
  readonly to: Bound | undefined;
}

function boundsOf(range: Readonly<Record<string, unknown>>): Bounds {
  const { from_value, to_value } = range;
  return {
    from: readBound(from_value),
    to: to_value === null || to_value === undefined ? null : (readBound(to_value) ?? undefined),
  };
}

/** The first range begins at 0 (or 1), each next one at the previous end or one above it, and only the last is open. */
function isConnected({ from, to }: Bounds, previous: Bounds | undefined, isLast: boolean): boolean {
  if (from === null || to === undefined) return false;
  const start = dec(from);
  if (previous === undefined) {
    if (!start.eq(0) && !start.eq(1)) return false;
  } else {
    if (previous.to === null || previous.to === undefined) return false;
    const end = dec(previous.to);
    if (!start.eq(end) && !start.eq(end.plus(1))) return false;
  }
  return isLast ? to === null : to !== null && dec(to).gt(start);
}

/**
 * `name` is e.g. "graduated_ranges". Ranges are taken in the order given, never sorted. One code per failed check:
 * `missing_<name>`, the code of each price that is no amount, `invalid_<name>` per range whose bounds do not fit.
 */
export function readRanges(given: unknown, name: string, prices: PricesOfTier): Ranges {
  if (!Array.isArray(given) || given.length === 0) return { kept: [], codes: [`missing_${name}`] };
  const codes: string[] = [];
  const kept: Record<string, unknown>[] = [];
  let previous: Bounds | undefined;
  given.forEach((item: unknown, index) => {
    const range = (typeof item === "object" && item !== null ? item : {}) as Readonly<Record<string, unknown>>;
    const bounds = boundsOf(range);
    const tier: Record<string, unknown> = { from_value: bounds.from, to_value: bounds.to ?? null };
    for (const [price, code] of Object.entries(prices)) {
      tier[price] = readAmount(range[price]);
      if (tier[price] === null) codes.push(code);
    }
    if (!isConnected(bounds, previous, index === given.length - 1)) codes.push(`invalid_${name}`);
    kept.push(tier);
    previous = bounds;
  });
  return { kept, codes };
}
