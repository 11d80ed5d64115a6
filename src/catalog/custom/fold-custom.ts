/** Custom aggregations: a metric's own reducer over its events (2.8 of the metering spec), in a sandbox. */
import { type Dec, dec, digitsOf, isRawNumber, parseDecimal, round, ZERO } from "../../kernel/decimal.ts";
import { Refusal } from "../../kernel/failure.ts";
import { foldInThread } from "./threads.ts";

/** One event of the log, as a script is shown it. */
export interface CustomEvent {
  readonly transaction_id: string;
  readonly timestamp: Temporal.Instant;
  readonly properties: unknown;
  /** Minor units. */
  readonly precise_total_amount_cents: Dec | null;
}

/** What a script hands on from event to event: an object that JSON holds, with `total_units` and `amount`. */
export type CustomState = Readonly<Record<string, unknown>>;

export interface CustomUsage {
  readonly total_units: Dec;
  /** Major units of the currency. */
  readonly amount: Dec;
  readonly state: CustomState;
}

export const FIRST_STATE: CustomState = { total_units: 0, amount: 0 };

/** A period that goes on from the one before keeps the state, but begins to add up its own amount. */
export const carriedState = (state: CustomState): CustomState => ({ ...state, amount: 0 });

/** Pieces end at fixed places, so that the same events are always cut in the same way. */
const PIECE_EVENTS_MAX = 1_000;
const PIECE_LENGTH_MAX = 1_000_000;
const STATE_LENGTH_MAX = 65_536;
const DIGITS_BEFORE_POINT_MAX = 60;
const PLACES_MAX = 30;

/**
 * Folds events (in order of time, then ingestion) through `aggregate(state, event, properties)`, from `initialState` (zeros where
 * there is none). Without events the state stays what it was. Exact: numbers that a double would change reach the script as texts;
 * what it returns is read as the decimal that it prints as.
 * @throws Refusal custom_aggregation_failed, with the reason, where the script fails, loops, grows or returns no numbers.
 */
export async function foldCustom(
  script: string,
  events: readonly CustomEvent[],
  customProperties: unknown,
  initialState: CustomState = FIRST_STATE,
): Promise<CustomUsage> {
  const properties = jsonOf(customProperties ?? {});
  let state = jsonOf(initialState);
  for (const { text, count } of piecesOf(events)) {
    const folded = await foldInThread({ source: script, properties, state, events: text, count });
    if ("failure" in folded) throw failed(folded.failure);
    if (folded.state.length > STATE_LENGTH_MAX) throw failed("the state is too large");
    state = folded.state;
  }
  const read = stateOf(state);
  return { total_units: numberOf(read, "total_units"), amount: numberOf(read, "amount"), state: read };
}

/** Why the script cannot be used, or null: it must compile, and leave a function `aggregate` behind. */
export async function scriptProblem(script: string): Promise<string | null> {
  const folded = await foldInThread({ source: script, properties: "{}", state: "{}", events: "[]", count: 0 });
  return "failure" in folded ? folded.failure : null;
}

const failed = (reason: string) =>
  new Refusal("custom_aggregation_failed", { custom_aggregator: [reason] }, `the custom aggregation failed: ${reason}`);

/** JSON in which a number with more digits than a double holds is a text. */
function jsonOf(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => (isRawNumber(inner) ? inner.rawJSON : inner));
}

/** What comes out of a sandbox may be any text. */
function stateOf(text: string): CustomState {
  try {
    const state: unknown = JSON.parse(text);
    if (typeof state === "object" && state !== null) return state as CustomState;
  } catch {}
  throw failed("the state is no JSON object");
}

/** Unix seconds, to the microsecond: a double holds them up to the year 2255. */
function secondsOf(timestamp: Temporal.Instant): number {
  return Number(timestamp.epochNanoseconds / 1000n) / 1_000_000;
}

function* piecesOf(events: readonly CustomEvent[]): Iterable<{ readonly text: string; readonly count: number }> {
  let texts: string[] = [];
  let length = 0;
  for (const { transaction_id, timestamp, properties, precise_total_amount_cents } of events) {
    const amount = precise_total_amount_cents?.toFixed() ?? null;
    const text = jsonOf({
      ...{ transaction_id, timestamp: secondsOf(timestamp), properties },
      precise_total_amount_cents: amount,
    });
    texts.push(text);
    length += text.length;
    if (texts.length < PIECE_EVENTS_MAX && length < PIECE_LENGTH_MAX) continue;
    yield { text: `[${texts.join(",")}]`, count: texts.length };
    texts = [];
    length = 0;
  }
  if (texts.length > 0) yield { text: `[${texts.join(",")}]`, count: texts.length };
}

/** A number or a decimal text of the state; an absent amount is none. */
function numberOf(state: CustomState, name: "total_units" | "amount"): Dec {
  const value = state[name];
  if (name === "amount" && (value === undefined || value === null)) return ZERO;
  const number = typeof value === "number" ? dec(value) : parseDecimal(value);
  if (number === null) throw failed(`${name} must be a number or a decimal text`);
  const rounded = round(number, PLACES_MAX);
  if (digitsOf(round(number)) > DIGITS_BEFORE_POINT_MAX) throw failed(`${name} has too many digits`);
  return rounded;
}
