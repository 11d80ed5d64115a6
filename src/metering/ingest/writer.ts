/**
 * Group commit: requests that arrive while a connection is busy share its next insert and its one fsync; each is answered
 * when its own rows are durable. What one request sends can refuse only that request.
 */
import type pg from "pg";
import { Refusal } from "../../kernel/failure.ts";
import type { ReadEvent } from "../rules/event.ts";
import { copyNew } from "./copy.ts";
import { type GroupPart, insertUnseen } from "./insert.ts";
import { StreamCache } from "./streams.ts";
import { type Evaluated, StaleCatalog } from "./versions.ts";

/** stale: evaluated with a catalog that has changed since, and not stored. */
export type Verdict = "accepted" | "duplicate" | "invalid" | "stale";

export interface Submission extends Evaluated {
  readonly events: readonly ReadEvent[];
  /** One per event. */
  readonly keys: readonly string[];
  /** Microseconds of business time at which they were received. */
  readonly createdMicros: string;
  /** One duplicate refuses all of them (the contract's batch), or only itself (bulk). */
  readonly allOrNothing: boolean;
}

interface Pending extends Submission {
  readonly resolve: (verdicts: readonly Verdict[]) => void;
  readonly reject: (error: unknown) => void;
}

export interface WriterOptions {
  readonly connections: number;
  readonly groupEvents: number;
  readonly queueEvents: number;
}

/** A group's properties are one parameter: far below PostgreSQL's limit of 256 MB for a jsonb. */
const GROUP_BYTES_MAX = 32 * 1_048_576;
const ATTEMPTS_MAX = 5;

const UNIQUE_VIOLATION = "23505";
const NO_PARTITION = "23514";
const DATA_EXCEPTION = "22";

/** Further connections take whole groups alone: small requests do better to gather for the next that is free. */
const EAGER_CONNECTIONS = 2;

/** From this many events a COPY pays for its round trips. */
const COPY_EVENTS_MIN = 200;
/**
 * A large group is copied in without looking for what is stored already. After a repetition this many groups look first, so
 * that a client that sends a file again is not refused group by group.
 */
const LOOK_FIRST_GROUPS = 64;

const NONE: ReadonlySet<number> = new Set();

const sqlState = (error: unknown) => String((error as { code?: unknown }).code ?? "");

const countOf = (group: readonly Pending[]) => group.reduce((sum, { events }) => sum + events.length, 0);

/** The group in its order, cut wherever a submission repeats a key of an earlier one: what stood before is judged first. */
function withoutRepetitions(group: readonly Pending[]): Pending[][] {
  const parts: Pending[][] = [];
  let seen = new Set<string>();
  for (const pending of group) {
    if (parts.length === 0 || pending.keys.some((key) => seen.has(key))) {
      parts.push([]);
      seen = new Set();
    }
    for (const key of pending.keys) seen.add(key);
    parts.at(-1)?.push(pending);
  }
  return parts;
}

export class EventWriter {
  readonly #pool: pg.Pool;
  readonly #options: WriterOptions;
  readonly #streams = new StreamCache();
  readonly #queue: Pending[] = [];
  #queuedEvents = 0;
  #lookFirst = 0;
  #busy = 0;

  constructor(pool: pg.Pool, options: WriterOptions) {
    this.#pool = pool;
    this.#options = options;
  }

  /**
   * Resolves with a verdict per event when they are durable, or found to be stored already; all or nothing: with a duplicate
   * among them nothing was stored. 429 when too much is waiting.
   */
  async write(submission: Submission): Promise<readonly Verdict[]> {
    const { length } = submission.events;
    if (this.#queuedEvents + length > this.#options.queueEvents && this.#queue.length > 0)
      throw new Refusal("rate_limited");
    return new Promise((resolve, reject) => {
      this.#queue.push({ ...submission, resolve, reject });
      this.#queuedEvents += length;
      this.#wake();
    });
  }

  #wake(): void {
    if (this.#busy >= this.#options.connections || this.#queue.length === 0) return;
    if (this.#busy >= EAGER_CONNECTIONS && this.#queuedEvents < this.#options.groupEvents) return;
    this.#busy += 1;
    // Requests that are parsed in the same turn of the event loop still join the group.
    setImmediate(() => {
      void this.#work().finally(() => {
        this.#busy -= 1;
        this.#wake();
      });
    });
  }

  async #work(): Promise<void> {
    const group = this.#takeGroup();
    if (group.length === 0) return;
    // The next connection may begin on what this one leaves.
    this.#wake();
    let client: pg.PoolClient;
    try {
      client = await this.#pool.connect();
    } catch (error) {
      for (const pending of group) pending.reject(error);
      return;
    }
    try {
      await this.#store(client, group);
      client.release();
    } catch (error) {
      client.release(error instanceof Error ? error : true);
      for (const pending of group) pending.reject(error);
    }
  }

  /** The oldest submissions that fit. */
  #takeGroup(): Pending[] {
    const group: Pending[] = [];
    let events = 0;
    let bytes = 0;
    while (this.#queue.length > 0) {
      const next = this.#queue[0] as Pending;
      if (group.length > 0 && (events + next.events.length > this.#options.groupEvents || bytes > GROUP_BYTES_MAX))
        break;
      this.#queue.shift();
      group.push(next);
      events += next.events.length;
      for (const event of next.events) bytes += event.properties.length;
    }
    this.#queuedEvents -= events;
    return group;
  }

  async #store(client: pg.PoolClient, group: readonly Pending[]): Promise<void> {
    const isCopied = this.#lookFirst === 0 && countOf(group) >= COPY_EVENTS_MIN;
    const parts = isCopied ? [group] : withoutRepetitions(group);
    if (parts.length > 1) {
      for (const part of parts) await this.#store(client, part);
      return;
    }
    for (let attempt = 1; ; attempt++) {
      try {
        this.#answer(group, await this.#insert(client, group, isCopied));
        return;
      } catch (error) {
        if (error instanceof StaleCatalog) return this.#storeFresh(client, group, error);
        const state = sqlState(error);
        if (state === UNIQUE_VIOLATION) {
          // Repeated in the group, stored before, or by a rival at the same moment: the next try looks first.
          this.#lookFirst = LOOK_FIRST_GROUPS;
          if (isCopied) return this.#store(client, group);
        }
        const mayPass = state === UNIQUE_VIOLATION || state === "40P01" || state === "40001";
        if (mayPass && attempt < ATTEMPTS_MAX) continue;
        if (state === NO_PARTITION && attempt < ATTEMPTS_MAX) {
          await client.query("select ensure_event_partitions(clock_timestamp(), 1)");
          continue;
        }
        if (state.startsWith(DATA_EXCEPTION)) return this.#isolate(client, group);
        throw error;
      }
    }
  }

  /** Requests whose catalog has changed are answered so, all of each; the others are stored. */
  async #storeFresh(client: pg.PoolClient, group: readonly Pending[], stale: StaleCatalog): Promise<void> {
    const fresh = group.filter((pending) => !stale.concerns(pending));
    for (const pending of group) if (stale.concerns(pending)) pending.resolve(pending.events.map(() => "stale"));
    if (fresh.length > 0) await this.#store(client, fresh);
  }

  /** A value that the database refuses, whatever was checked before: only the request it came with is refused. */
  async #isolate(client: pg.PoolClient, group: readonly Pending[]): Promise<void> {
    if (group.length > 1) {
      const middle = group.length >> 1;
      await this.#store(client, group.slice(0, middle));
      await this.#store(client, group.slice(middle));
      return;
    }
    const [pending] = group as [Pending];
    if (pending.allOrNothing || pending.events.length === 1) pending.resolve(pending.events.map(() => "invalid"));
    else pending.resolve(await this.#storeHalves(client, pending));
  }

  async #storeHalves(client: pg.PoolClient, pending: Pending): Promise<Verdict[]> {
    const middle = pending.events.length >> 1;
    const verdicts: Verdict[] = [];
    for (const [from, to] of [
      [0, middle],
      [middle, pending.events.length],
    ] as const) {
      const { promise, resolve, reject } = Promise.withResolvers<readonly Verdict[]>();
      const events = pending.events.slice(from, to);
      await this.#store(client, [{ ...pending, events, keys: pending.keys.slice(from, to), resolve, reject }]);
      verdicts.push(...(await promise));
    }
    return verdicts;
  }

  /** The positions of events that were stored before, or that their own submission repeats. */
  async #insert(
    client: pg.PoolClient,
    submissions: readonly Pending[],
    isCopied: boolean,
  ): Promise<ReadonlySet<number>> {
    const group: GroupPart[] = [];
    for (const submission of submissions) {
      const streamIds = await this.#streams.resolve(client, submission.organizationId, submission.events);
      group.push({ ...submission, streamIds });
    }
    if (isCopied) {
      await copyNew(client, group);
      return NONE;
    }
    if (this.#lookFirst > 0) this.#lookFirst -= 1;
    return new Set(await insertUnseen(client, group));
  }

  #answer(group: readonly Pending[], duplicates: ReadonlySet<number>): void {
    let position = 0;
    for (const { events, resolve } of group) {
      const start = position;
      position += events.length;
      const verdictOf = (index: number) => (duplicates.has(start + index) ? "duplicate" : "accepted");
      resolve(duplicates === NONE ? events.map(() => "accepted" as const) : events.map((_, index) => verdictOf(index)));
    }
  }
}
