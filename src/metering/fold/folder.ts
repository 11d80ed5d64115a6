/**
 * The folder: takes commit rows off the tail and adds their events to usage cells, in one transaction each time.
 * Any number may run at once, in any process; what one holds the others skip.
 */
import { setTimeout } from "node:timers/promises";
import type pg from "pg";
import type { Logger } from "../../http/logger.ts";
import {
  DROP_COMMITS,
  ENSURE_SPECS,
  FOLD_BATCH,
  FOLD_HISTORY,
  FORGET_CELLS,
  LIST_FOLDS,
  LIST_WANTED,
  LOCK_STREAMS,
  MARK_FOLDED,
  READ_AS_PLANNED,
  READ_BATCH_ONCE,
  REMEMBER_FOLDS,
  SETTLE_STREAMS,
  TAKE_COMMITS,
} from "./statements.ts";
import {
  FOLD_WINDOWS_BATCH,
  FOLD_WINDOWS_HISTORY,
  LIST_UNBUILT,
  MARK_BUILT,
  STREAMS_WITH_WINDOWS,
} from "./window-statements.ts";

/** When a stream is folded, and how finely. */
export interface Thresholds {
  /** A stream stays raw up to this many events: reading them costs no more than reading cells would. */
  readonly rawEventsMax: number;
  /** Above this, a stream also has cells by quarter of an hour. */
  readonly dayGrainEventsMax: number;
}

/** Cells by the quarter begin where a month of them holds about four events each. */
export const THRESHOLDS: Thresholds = { rawEventsMax: 256, dayGrainEventsMax: 12_000 };

/** What live charges need of a code; null field: only the number of events. */
export interface MeteredProperty {
  readonly organization_id: string;
  readonly code: string;
  readonly measure: Measure | "unique";
  readonly field_name: string | null;
}

type Measure = "numbers" | "last";

/** Asks the catalog which properties of which codes are metered, on the folder's own connection. */
export type FindMetered = (
  client: pg.PoolClient,
  codes: readonly { organization_id: string; code: string }[],
) => Promise<readonly MeteredProperty[]>;

interface StreamRow {
  id: bigint;
  organization_id: string;
  code: string;
  settled_events: bigint;
}

interface FoldRow {
  stream_id: bigint;
  spec_id: bigint;
  measure: Measure;
  field_name: string | null;
  grain: number | null;
  settled_events: bigint;
}

interface Batch {
  readonly commits: readonly bigint[];
  readonly from: Temporal.Instant | null;
  readonly to: Temporal.Instant | null;
  readonly events: number;
}

const NO_BATCH: Batch = { commits: [], from: null, to: null, events: 0 };

export interface FolderOptions {
  readonly batchEvents: number;
  readonly thresholds: Thresholds;
  readonly findMetered: FindMetered;
}

/** By index, as the log may have grown since it was last analyzed; a batch is bounded, so it may be sorted in memory. */
const BEGIN_FOLDING = "begin; set local enable_seqscan = off; set local work_mem = '64MB'";

async function inTransaction<T>(pool: pg.Pool, run: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query(BEGIN_FOLDING);
    const result = await run(client);
    await client.query("commit");
    client.release();
    return result;
  } catch (error) {
    await client.query("rollback").catch(() => {});
    client.release();
    throw error;
  }
}

/** Folds one batch off the tail; answers how many events it took. */
export function foldBatch(pool: pg.Pool, options: FolderOptions): Promise<number> {
  return inTransaction(pool, async (client) => {
    const batch = await takeBatch(client, options.batchEvents);
    if (batch.events === 0) return 0;
    const { rows } = await client.query<StreamRow>(SETTLE_STREAMS, [batch.commits, options.thresholds.rawEventsMax]);
    await foldStreams(client, batch, rows, options);
    await client.query(DROP_COMMITS, [batch.commits]);
    return batch.events;
  });
}

/** Folds what reads asked for; answers whether there was anything. */
export function foldWanted(pool: pg.Pool, options: FolderOptions): Promise<boolean> {
  return inTransaction(pool, async (client) => {
    const wanted = await client.query<{ stream_id: bigint }>(LIST_WANTED);
    if (wanted.rows.length === 0) return false;
    const { rows } = await client.query<StreamRow>(LOCK_STREAMS, [wanted.rows.map((row) => row.stream_id)]);
    await foldStreams(client, NO_BATCH, rows, options);
    return true;
  });
}

async function takeBatch(client: pg.PoolClient, batchEvents: number): Promise<Batch> {
  const { rows } = await client.query<{ id: bigint; received_at: Temporal.Instant; n: number }>(TAKE_COMMITS);
  const commits: bigint[] = [];
  const times: Temporal.Instant[] = [];
  let events = 0;
  for (const { id, received_at, n } of rows) {
    if (events > 0 && events + n > batchEvents) break;
    commits.push(id);
    times.push(received_at);
    events += n;
  }
  times.sort(Temporal.Instant.compare);
  return { commits, from: times[0] ?? null, to: times.at(-1) ?? null, events };
}

async function foldStreams(
  client: pg.PoolClient,
  batch: Batch,
  streams: readonly StreamRow[],
  { findMetered, thresholds }: FolderOptions,
): Promise<void> {
  if (streams.length === 0) return;
  await ensureSpecs(client, streams, findMetered);
  const streamIds = streams.map((stream) => stream.id);
  await client.query(MARK_FOLDED, [streamIds]);
  const { rows: folds } = await client.query<FoldRow>(LIST_FOLDS, [streamIds]);
  for (const measure of ["numbers", "last"] as const) {
    await foldCells(
      client,
      batch,
      thresholds,
      measure,
      folds.filter((fold) => fold.measure === measure),
    );
  }
  await foldWindows(client, batch, streamIds);
}

/** A count needs no spec of its own where the numbers of a property are kept: those cells count all events as well. */
function specsOf(metered: readonly MeteredProperty[]): MeteredProperty[] {
  const hasNumbers = new Set(
    metered
      .filter(({ measure, field_name }) => measure === "numbers" && field_name !== null)
      .map(({ organization_id, code }) => organization_id + code),
  );
  return metered.filter(
    ({ measure, field_name, organization_id, code }) =>
      measure !== "numbers" || field_name !== null || !hasNumbers.has(organization_id + code),
  );
}

async function ensureSpecs(
  client: pg.PoolClient,
  streams: readonly StreamRow[],
  findMetered: FindMetered,
): Promise<void> {
  const codes = new Map(
    streams.map(({ organization_id, code }) => [organization_id + code, { organization_id, code }]),
  );
  const specs = specsOf(await findMetered(client, [...codes.values()]));
  if (specs.length === 0) return;
  await client.query(ENSURE_SPECS, [
    specs.map((spec) => spec.organization_id),
    specs.map((spec) => spec.code),
    specs.map((spec) => spec.measure),
    specs.map((spec) => spec.field_name),
  ]);
}

async function foldCells(
  client: pg.PoolClient,
  batch: Batch,
  thresholds: Thresholds,
  measure: Measure,
  folds: readonly FoldRow[],
): Promise<void> {
  const grainOf = ({ grain, settled_events }: FoldRow) =>
    Math.max(grain ?? 0, settled_events > BigInt(thresholds.dayGrainEventsMax) ? 2 : 1);
  const known = folds.filter((fold) => fold.grain === grainOf(fold));
  const changed = folds.filter((fold) => fold.grain !== grainOf(fold));
  const parametersOf = (some: readonly FoldRow[]) => [
    batch.commits,
    (batch.from ?? Temporal.Instant.fromEpochMilliseconds(0)).toString(),
    (batch.to ?? Temporal.Instant.fromEpochMilliseconds(0)).toString(),
    some.map((fold) => fold.stream_id),
    some.map((fold) => fold.spec_id),
    some.map((fold) => fold.field_name),
    some.map(grainOf),
    some.map(() => "-infinity"),
    some.map(() => "infinity"),
  ];
  if (known.length > 0 && batch.events > 0) await readBatch(client, [FOLD_BATCH[measure]], parametersOf(known));
  if (changed.length === 0) return;
  const pairs = [changed.map((fold) => fold.stream_id), changed.map((fold) => fold.spec_id)];
  await client.query(FORGET_CELLS, pairs);
  await client.query(FOLD_HISTORY[measure], parametersOf(changed));
  await client.query(REMEMBER_FOLDS, [...pairs, changed.map(grainOf)]);
}

async function readBatch(client: pg.PoolClient, statements: readonly string[], values: unknown[]): Promise<void> {
  await client.query(READ_BATCH_ONCE);
  for (const statement of statements) await client.query(statement, values);
  await client.query(READ_AS_PLANNED);
}

async function foldWindows(client: pg.PoolClient, batch: Batch, streamIds: readonly bigint[]): Promise<void> {
  const { rows: unbuilt } = await client.query<{ id: bigint }>(LIST_UNBUILT, [streamIds]);
  const times = [
    (batch.from ?? Temporal.Instant.fromEpochMilliseconds(0)).toString(),
    (batch.to ?? Temporal.Instant.fromEpochMilliseconds(0)).toString(),
  ];
  if (batch.events > 0) {
    const { rows } = await client.query<{ stream_id: bigint }>(STREAMS_WITH_WINDOWS, [streamIds]);
    const values = [batch.commits, ...times, rows.map((row) => row.stream_id)];
    if (rows.length > 0) await readBatch(client, FOLD_WINDOWS_BATCH, values);
  }
  if (unbuilt.length === 0) return;
  const ids = unbuilt.map((row) => row.id);
  for (const statement of FOLD_WINDOWS_HISTORY) await client.query(statement, [batch.commits, ...times, ids]);
  await client.query(MARK_BUILT, [ids]);
}

/** Below this many waiting events the folder lets them gather as long as more come: larger batches make fewer cell writes. */
const GATHER_EVENTS = 100_000;
const GATHER_MS = 2_000;
const IDLE_MS = 100;

/** Folds in the background until stopped. */
export class Folder {
  readonly #pool: pg.Pool;
  readonly #options: FolderOptions;
  readonly #logger: Logger;
  #stopping: AbortController | null = null;
  #running: Promise<void> = Promise.resolve();

  constructor(pool: pg.Pool, options: FolderOptions, logger: Logger) {
    this.#pool = pool;
    this.#options = options;
    this.#logger = logger;
  }

  start(): void {
    this.#stopping = new AbortController();
    this.#running = this.#run(this.#stopping.signal);
  }

  async stop(): Promise<void> {
    this.#stopping?.abort();
    await this.#running;
  }

  async #run(signal: AbortSignal): Promise<void> {
    let before = 0;
    let gatheringSince = performance.now();
    while (!signal.aborted) {
      try {
        const waiting = await tailEvents(this.#pool);
        if (before === 0) gatheringSince = performance.now();
        const isGrowing = waiting !== before;
        const isRipe =
          waiting >= GATHER_EVENTS || (waiting > 0 && (!isGrowing || performance.now() - gatheringSince >= GATHER_MS));
        before = isRipe ? 0 : waiting;
        // Nothing taken: another folder holds what is waiting.
        if (isRipe && (await foldBatch(this.#pool, this.#options)) > 0) continue;
        if (await foldWanted(this.#pool, this.#options)) continue;
      } catch (error) {
        if (!signal.aborted) this.#logger.error({ err: error }, "folding failed");
      }
      await pause(IDLE_MS, signal);
    }
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return setTimeout(ms, undefined, { signal }).catch(() => {});
}

/** Events that are not folded yet. */
export async function tailEvents(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query<{ n: number }>("select coalesce(sum(n), 0)::float8 as n from event_commits");
  return rows[0]?.n ?? 0;
}
