/** Taking events in: one, a batch that stands or falls together, or a file whose lines are judged one by one. */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { App } from "../app.ts";
import type { IngestCatalog } from "../catalog/index.ts";
import type { Organization } from "../identity/index.ts";
import { badRequest, detailsOf, invalid, type Problem, Refusal } from "../kernel/failure.ts";
import { mayLoseDigits, parseJson } from "../kernel/json.ts";
import type { CatalogCache } from "./ingest/catalog-cache.ts";
import type { Evaluated } from "./ingest/versions.ts";
import type { EventWriter, Submission, Verdict } from "./ingest/writer.ts";
import { type Computed, withComputed } from "./rules/computed.ts";
import { microsOf, type ReadEvent, readEvent } from "./rules/event.ts";
import { keyOf } from "./rules/key.ts";

/** What metering holds open while Weir runs. */
export interface Metering {
  readonly app: App;
  readonly writer: EventWriter;
  readonly catalogs: CatalogCache;
  /** Waits while the tail is too long (folding first, where this process can). */
  beforeWriting(): Promise<void>;
}

export interface StoredNow {
  readonly event: ReadEvent;
  readonly key: string;
}

export const isRefused = (read: Computed): read is readonly Problem[] | string =>
  Array.isArray(read) || typeof read === "string";

/** What an answer says of a refused event: codes by field; an expression that failed is a text (1.5 of the metering spec). */
export const refusalDetails = (found: readonly Problem[] | string) =>
  typeof found === "string" ? found : detailsOf(found);

/** A catalog that changed this often while a request waited is being written all the time. */
const CATALOG_CHANGES_MAX = 20;

/** Runs `attempt` with the catalog as this process knows it, and again whenever that turns out to be old. */
export async function withCatalog<T>(
  { catalogs }: Metering,
  { id }: Organization,
  attempt: (catalog: IngestCatalog) => Promise<T | "stale">,
): Promise<T> {
  for (let changes = 0; changes <= CATALOG_CHANGES_MAX; changes++) {
    const catalog = await catalogs.of(id);
    const result = await attempt(catalog);
    if (result !== "stale") return result;
    await catalogs.refresh(id, catalog);
  }
  throw new Refusal("rate_limited");
}

/** What of a catalog goes with the events that were read with it. */
export function evaluatedBy(
  { app }: Metering,
  { catalog_version, in_advance }: IngestCatalog,
): Omit<Evaluated, "organizationId"> {
  if (in_advance.size === 0) return { catalogVersion: catalog_version };
  const jobs = (app.reactions.get(EVENTS_IN_ADVANCE) ?? []).map(({ name }) => name);
  return { catalogVersion: catalog_version, inAdvance: { codes: in_advance, jobs } };
}

/** What the jobs that charge events in advance react to: not published event by event, but run once per group. */
const EVENTS_IN_ADVANCE = "events.in_advance";

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
  const read = readEvent(input, createdMicros);
  if (isRefused(read)) throw new Refusal("validation_errors", detailsOf(read));
  const keys = [keyOfEvent(organization, read)];
  return withCatalog(metering, organization, async (catalog) => {
    const event = withComputed(read, catalog.computed);
    if (isRefused(event)) throw new Refusal("validation_errors", refusalDetails(event));
    const evaluated = evaluatedBy(metering, catalog);
    const submission = { events: [event], keys, createdMicros, allOrNothing: true, ...evaluated };
    const [verdict = "invalid"] = await write(metering, organization, submission);
    if (verdict === "stale") return "stale";
    if (verdict !== "accepted") throw new Refusal("validation_errors", detailsOf([PROBLEM_OF[verdict]]));
    return { event, key: keys[0] as string };
  });
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
  return withCatalog(metering, organization, async (catalog) => {
    const found = read.map((event) => (isRefused(event) ? event : withComputed(event, catalog.computed)));
    refuseByIndex(found.map((event) => (isRefused(event) ? event : [])));
    const events = found as ReadEvent[];
    const keys = events.map((event) => keyOfEvent(organization, event));
    const submission = { events, keys, createdMicros, allOrNothing: true, ...evaluatedBy(metering, catalog) };
    const verdicts = await write(metering, organization, submission);
    if (verdicts.includes("stale")) return "stale";
    refuseByIndex(verdicts.map((verdict) => (verdict === "accepted" ? [] : [PROBLEM_OF[verdict as "duplicate"]])));
    return events.map((event, index) => ({ event, key: keys[index] as string }));
  });
}

function refuseByIndex(problems: readonly (readonly Problem[] | string)[]): void {
  if (problems.every((found) => found.length === 0)) return;
  const details: Record<string, Record<string, string[]> | string> = {};
  for (const [index, found] of problems.entries()) if (found.length > 0) details[index] = refusalDetails(found);
  throw new Refusal("validation_errors", details);
}

function keyOfEvent({ id }: Organization, { externalSubscriptionId, transactionId }: ReadEvent): string {
  return keyOf(id, externalSubscriptionId, transactionId);
}

export type BulkResult =
  | { readonly status: "accepted" | "duplicate" }
  | { readonly status: "invalid"; readonly error_details: Readonly<Record<string, string[]>> | string };

const RESULT_OF: Readonly<Record<Exclude<Verdict, "stale">, BulkResult>> = {
  accepted: { status: "accepted" },
  duplicate: { status: "duplicate" },
  invalid: { status: "invalid", error_details: detailsOf([PROBLEM_OF.invalid]) },
};

/** One result per line, in order: a retry of the whole file changes nothing. 400 where the body cannot be read, 413 beyond the limits. */
export async function ingestBulk(
  metering: Metering,
  organization: Organization,
  body: string,
  now: Temporal.Instant,
): Promise<BulkResult[]> {
  const { lines, read: readLine } = readBulk(body);
  if (lines.length > BULK_EVENTS_MAX) throw new Refusal("payload_too_large", { events: ["too_many_events"] });
  const createdMicros = microsOf(now);
  const results: BulkResult[] = [];
  const valid: BulkLine[] = [];
  let readable = 0;
  // Line by line to the event: what was parsed is garbage before the next turn.
  await inTurns(lines, (line, index) => {
    const parsed = readLine(line);
    if (parsed !== UNREADABLE) readable += 1;
    const read = parsed === UNREADABLE ? [INVALID_JSON] : readEvent(parsed, createdMicros);
    if (isRefused(read)) results[index] = { status: "invalid", error_details: refusalDetails(read) };
    else valid.push({ index, read, event: read, key: keyOfEvent(organization, read) });
  });
  if (lines.length > 0 && readable === 0) throw unreadableBody();
  // What met a catalog that had changed is left to the next attempt.
  let waiting: readonly BulkLine[] = valid;
  await withCatalog(metering, organization, async (catalog) => {
    const lines = await computedLines(waiting, catalog, results);
    const submission = {
      events: lines.map(({ event }) => event),
      keys: lines.map(({ key }) => key),
      createdMicros,
      allOrNothing: false,
      ...evaluatedBy(metering, catalog),
    };
    const verdicts = await write(metering, organization, submission);
    for (const [position, { index }] of lines.entries()) {
      const verdict = verdicts[position] ?? "invalid";
      if (verdict !== "stale") results[index] = RESULT_OF[verdict];
    }
    waiting = lines.filter((_, position) => verdicts[position] === "stale");
    return waiting.length > 0 ? "stale" : null;
  });
  return results;
}

interface BulkLine {
  readonly index: number;
  readonly read: ReadEvent;
  /** What was read, with its metric's computed property. */
  readonly event: ReadEvent;
  readonly key: string;
}

/** The line as it was sent, whatever an earlier catalog computed. */
const asRead = (line: BulkLine): BulkLine => (line.event === line.read ? line : { ...line, event: line.read });

/** So many lines take a few milliseconds: then other requests, and what the database answered, have their turn. */
const LINES_A_TURN = 500;

async function inTurns<T>(lines: readonly T[], each: (line: T, index: number) => void): Promise<void> {
  for (const [index, line] of lines.entries()) {
    if (index % LINES_A_TURN === LINES_A_TURN - 1) await nextTurn();
    each(line, index);
  }
}

/** The lines with their computed properties; those whose expression failed are judged here. */
async function computedLines(
  lines: readonly BulkLine[],
  { computed }: IngestCatalog,
  results: BulkResult[],
): Promise<readonly BulkLine[]> {
  if (computed.size === 0) return lines.map(asRead);
  const found: BulkLine[] = [];
  await inTurns(lines, (line) => {
    const event = withComputed(line.read, computed);
    if (isRefused(event)) results[line.index] = { status: "invalid", error_details: refusalDetails(event) };
    else found.push({ ...line, event });
  });
  return found;
}

const UNREADABLE = Symbol("a line that is no JSON");
const INVALID_JSON: Problem = { field: "event", code: "invalid_json" };
const unreadableBody = () => badRequest("the body is neither NDJSON nor a JSON array");

interface BulkBody {
  readonly lines: readonly unknown[];
  /** The line's value, or UNREADABLE. */
  readonly read: (line: unknown) => unknown;
}

/** A JSON array of events, `{"events": […]}`, or one event per line. */
function readBulk(body: string): BulkBody {
  const text = body.trim();
  if (text === "") throw badRequest("the body is empty: send one event per line, or a JSON array of events");
  if (text.startsWith("[")) return { lines: readArray(text), read: asItIs };
  const isWrapped = /^\{\s*"events"\s*:\s*\[/.test(text);
  if (isWrapped) {
    const wrapped = readWhole(text);
    if (wrapped !== UNREADABLE) return { lines: (wrapped as { events: unknown[] }).events, read: asItIs };
  }
  const parse = mayLoseDigits(text) ? parseJson : (line: string): unknown => JSON.parse(line);
  const read = (line: unknown) => {
    try {
      return parse(line as string);
    } catch {
      return UNREADABLE;
    }
  };
  return { lines: text.split("\n").filter((line) => line.trim() !== ""), read };
}

const asItIs = (line: unknown) => line;

function readWhole(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return UNREADABLE;
  }
}

function readArray(text: string): unknown[] {
  const parsed = readWhole(text);
  if (!Array.isArray(parsed)) throw unreadableBody();
  return parsed;
}
