/** Taking events in: one, a batch that stands or falls together, or a file whose lines are judged one by one. */
import type { App } from "../app.ts";
import type { Organization } from "../identity/index.ts";
import { badRequest, detailsOf, invalid, type Problem, Refusal } from "../kernel/failure.ts";
import { mayLoseDigits, parseJson } from "../kernel/json.ts";
import type { EventWriter, Submission, Verdict } from "./ingest/writer.ts";
import { microsOf, type ReadEvent, readEvent } from "./rules/event.ts";
import { keyOf } from "./rules/key.ts";

/** What metering holds open while Weir runs. */
export interface Metering {
  readonly app: App;
  readonly writer: EventWriter;
  /** Waits while the tail is too long (folding first, where this process can). */
  beforeWriting(): Promise<void>;
}

export interface StoredNow {
  readonly event: ReadEvent;
  readonly key: string;
}

const isRefused = (read: ReadEvent | Problem[]): read is Problem[] => Array.isArray(read);

export const BATCH_EVENTS_MAX = 100;
export const BULK_EVENTS_MAX = 10_000;

/** 422 where the event is invalid or stored already. */
export async function ingestEvent(
  metering: Metering,
  organization: Organization,
  input: unknown,
  now: Temporal.Instant,
): Promise<StoredNow> {
  const createdMicros = microsOf(now);
  const event = readEvent(input, createdMicros);
  if (isRefused(event)) throw new Refusal("validation_errors", detailsOf(event));
  const keys = keysOf(organization, [event]);
  const [verdict] = await write(metering, organization, { events: [event], keys, createdMicros, allOrNothing: true });
  if (verdict !== "accepted") throw new Refusal("validation_errors", detailsOf([PROBLEM_OF[verdict ?? "invalid"]]));
  return { event, key: keys[0] as string };
}

const PROBLEM_OF = {
  duplicate: { field: "transaction_id", code: "value_already_exist" },
  invalid: { field: "properties", code: "value_is_invalid" },
} as const;

async function write(
  metering: Metering,
  { id }: Organization,
  submission: Omit<Submission, "organizationId">,
): Promise<readonly Verdict[]> {
  if (submission.events.length === 0) return [];
  await metering.beforeWriting();
  return metering.writer.write({ organizationId: id, ...submission });
}

/** 422 with a map index → problems; nothing is stored unless everything is (3.4 of the metering spec). */
export async function ingestBatch(
  metering: Metering,
  organization: Organization,
  inputs: unknown,
  now: Temporal.Instant,
): Promise<StoredNow[]> {
  if (inputs === undefined || inputs === null) throw invalid("events", "no_events");
  if (!Array.isArray(inputs)) throw invalid("events", "value_is_invalid");
  if (inputs.length === 0) throw invalid("events", "no_events");
  if (inputs.length > BATCH_EVENTS_MAX) throw invalid("events", "too_many_events");
  const createdMicros = microsOf(now);
  const read = inputs.map((input) => readEvent(input, createdMicros));
  refuseByIndex(read.map((found) => (isRefused(found) ? found : [])));
  const events = read as ReadEvent[];
  const keys = keysOf(organization, events);
  const repeated = repetitionsOf(keys);
  refuseByIndex(keys.map((_, index) => (repeated.has(index) ? [PROBLEM_OF.duplicate] : [])));
  const verdicts = await write(metering, organization, { events, keys, createdMicros, allOrNothing: true });
  refuseByIndex(verdicts.map((verdict) => (verdict === "accepted" ? [] : [PROBLEM_OF[verdict]])));
  return events.map((event, index) => ({ event, key: keys[index] as string }));
}

function refuseByIndex(problems: readonly (readonly Problem[])[]): void {
  if (problems.every((found) => found.length === 0)) return;
  const details: Record<string, Record<string, string[]>> = {};
  for (const [index, found] of problems.entries()) if (found.length > 0) details[index] = detailsOf(found);
  throw new Refusal("validation_errors", details);
}

/** Positions of keys that stand earlier in the batch already. Events without a subscription have a key of their own each. */
function repetitionsOf(keys: readonly string[]): Set<number> {
  const repeated = new Set<number>();
  const seen = new Set<string>();
  for (const [index, key] of keys.entries()) {
    if (seen.has(key)) repeated.add(index);
    seen.add(key);
  }
  return repeated;
}

function keysOf({ id }: Organization, events: readonly ReadEvent[]): string[] {
  return events.map((event) => keyOf(id, event.externalSubscriptionId, event.transactionId));
}

export type BulkResult =
  | { readonly status: "accepted" | "duplicate" }
  | { readonly status: "invalid"; readonly error_details: Readonly<Record<string, string[]>> };

const ACCEPTED: BulkResult = { status: "accepted" };
const DUPLICATE: BulkResult = { status: "duplicate" };

/** One result per line, in order: a retry of the whole file changes nothing. 400 where the body cannot be read, 413 beyond the limits. */
export async function ingestBulk(
  metering: Metering,
  organization: Organization,
  body: string,
  now: Temporal.Instant,
): Promise<BulkResult[]> {
  const lines = readLines(body);
  if (lines.length > BULK_EVENTS_MAX) throw new Refusal("payload_too_large", { events: ["too_many_events"] });
  const createdMicros = microsOf(now);
  const results: BulkResult[] = [];
  const valid: ReadEvent[] = [];
  const indexes: number[] = [];
  for (const [index, line] of lines.entries()) {
    const found = line === UNREADABLE ? [{ field: "event", code: "invalid_json" }] : readEvent(line, createdMicros);
    if (isRefused(found)) results[index] = { status: "invalid", error_details: detailsOf(found) };
    else {
      valid.push(found);
      indexes.push(index);
    }
  }
  const keys = keysOf(organization, valid);
  const verdicts = await write(metering, organization, { events: valid, keys, createdMicros, allOrNothing: false });
  for (const [position, index] of indexes.entries()) {
    const verdict = verdicts[position];
    if (verdict === "accepted") results[index] = ACCEPTED;
    else if (verdict === "duplicate") results[index] = DUPLICATE;
    else results[index] = { status: "invalid", error_details: detailsOf([PROBLEM_OF.invalid]) };
  }
  return results;
}

const UNREADABLE = Symbol("a line that is no JSON");

/** A JSON array of events, `{"events": […]}`, or one event per line. */
function readLines(body: string): unknown[] {
  const text = body.trim();
  if (text === "") throw badRequest("the body is empty: send one event per line, or a JSON array of events");
  if (text.startsWith("[")) return readArray(text);
  const isWrapped = /^\{\s*"events"\s*:\s*\[/.test(text);
  if (isWrapped) {
    const wrapped = readWhole(text);
    if (wrapped !== UNREADABLE) return (wrapped as { events: unknown[] }).events;
  }
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  if (lines.length > BULK_EVENTS_MAX) throw new Refusal("payload_too_large", { events: ["too_many_events"] });
  const read = mayLoseDigits(text) ? parseJson : (line: string): unknown => JSON.parse(line);
  const parsed = lines.map((line) => {
    try {
      return read(line);
    } catch {
      return UNREADABLE;
    }
  });
  if (parsed.every((line) => line === UNREADABLE)) throw badRequest("the body is neither NDJSON nor a JSON array");
  return parsed;
}

function readWhole(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return UNREADABLE;
  }
}

function readArray(text: string): unknown[] {
  const parsed = readWhole(text);
  if (!Array.isArray(parsed)) throw badRequest("the body is neither NDJSON nor a JSON array");
  return parsed;
}
