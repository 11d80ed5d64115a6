/** What a request to correct an event says, and the event that takes the place of an amended one. Pure. */
import { isRawNumber } from "../../kernel/decimal.ts";
import type { Problem } from "../../kernel/failure.ts";
import { storableTextOrNull } from "../../kernel/text.ts";
import type { StoredEvent } from "../present.ts";
import { microsOf } from "../rules/event.ts";

export interface Correction {
  /** Tells apart events of several subscriptions that share a transaction id. */
  readonly external_subscription_id: string | null;
  readonly reason: string | null;
}

const REASON_LENGTH_MAX = 1_000;
const NAME_LENGTH_MAX = 255;

type Given = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is Given =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !isRawNumber(value);

/** What is said of the event that is corrected. */
export function readCorrection(given: Given, problems: Problem[]): Correction {
  const text = (field: string, lengthMax: number): string | null => {
    const value = given[field];
    if (value === undefined || value === null) return null;
    if (typeof value !== "string") problems.push({ field, code: "value_is_invalid" });
    else if (value.length > lengthMax) problems.push({ field, code: "value_is_too_long" });
    else return storableTextOrNull(value);
    return null;
  };
  return {
    external_subscription_id: text("external_subscription_id", NAME_LENGTH_MAX),
    reason: text("reason", REASON_LENGTH_MAX),
  };
}

/** What may be said anew; everything else stays as it was. Properties are replaced as a whole. */
const AMENDABLE = ["transaction_id", "code", "timestamp", "properties", "precise_total_amount_cents"] as const;

/** The new event as if a client had sent it: what is given, else what the original says. `transaction_id` is null where none is given. */
export function amendedInput(given: Given, original: StoredEvent): Record<string, unknown> {
  const micros = microsOf(original.timestamp).padStart(7, "0");
  const input: Record<string, unknown> = {
    transaction_id: null,
    code: original.code,
    external_subscription_id: original.external_subscription_id,
    timestamp: `${micros.slice(0, -6)}.${micros.slice(-6)}`,
    properties: original.properties,
    precise_total_amount_cents: original.precise_total_amount_cents?.toFixed() ?? null,
  };
  for (const field of AMENDABLE) if (given[field] !== undefined && given[field] !== null) input[field] = given[field];
  return input;
}

/** The nth name for an event in place of the one that was sent as `root`. */
export const amendedId = (root: string, n: number): string => `${root}~${n}`;
