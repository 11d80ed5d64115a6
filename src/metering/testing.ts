/** Metering without HTTP, for its own tests: events in as the writer takes them, folding when it is asked for. */
import assert from "node:assert/strict";
import type { AggregationType } from "../catalog/index.ts";
import { newId } from "../kernel/ids.ts";
import type { Database } from "../storage/database.ts";
import { type FolderOptions, foldBatch, foldWanted } from "./fold/folder.ts";
import { type Run, recountMoments } from "./fold/recount.ts";
import { EventWriter } from "./ingest/writer.ts";
import type { UsageRequest } from "./model.ts";
import { microsOf, type ReadEvent, readEvent } from "./rules/event.ts";
import { keyOf } from "./rules/key.ts";
import type { Accepted } from "./usage/testing.ts";

export interface SentEvent extends Accepted {
  readonly subscription: string;
  readonly transaction: string;
}

/** One organization's events, as they were accepted, by subscription. */
export class MeteringBench {
  readonly organizationId = newId();
  readonly accepted = new Map<string, Accepted[]>();
  readonly #database: Database;
  readonly #code: string;
  readonly #writer: EventWriter;
  readonly #seen = new Set<string>();

  constructor(database: Database, code: string) {
    this.#database = database;
    this.#code = code;
    this.#writer = new EventWriter(database.pool, { connections: 2, groupEvents: 100, queueEvents: 10_000 });
  }

  async open(): Promise<void> {
    await this.#database.pool.query(
      "insert into organizations (id, name, slug, document_number_prefix, created_at, updated_at) values ($1, 'T', $2, 'T', now(), now())",
      [this.organizationId, this.organizationId],
    );
  }

  acceptedOf(subscription: string): readonly Accepted[] {
    return this.accepted.get(subscription) ?? [];
  }

  /** One request of events, of which those that were sent before are refused. */
  async send(events: readonly SentEvent[]): Promise<void> {
    const nameOf = ({ subscription, transaction }: SentEvent) => `${subscription}/${transaction}`;
    const fresh = events.filter(
      (event, index) => events.findIndex((other) => nameOf(other) === nameOf(event)) === index,
    );
    const read = fresh.map(({ subscription, transaction, micros, properties, amount_cents }) =>
      readEvent(
        {
          transaction_id: transaction,
          external_subscription_id: subscription,
          code: this.#code,
          timestamp: `${micros / 1_000_000n}.${String(micros % 1_000_000n).padStart(6, "0")}`,
          properties,
          precise_total_amount_cents: amount_cents,
        },
        microsOf(Temporal.Instant.fromEpochMilliseconds(0)),
      ),
    ) as ReadEvent[];
    const verdicts = await this.#writer.write({
      keys: read.map((event) => keyOf(this.organizationId, event.externalSubscriptionId, event.transactionId)),
      organizationId: this.organizationId,
      events: read,
      createdMicros: "0",
      allOrNothing: false,
    });
    for (const [index, event] of fresh.entries()) {
      assert.equal(verdicts[index], this.#seen.has(nameOf(event)) ? "duplicate" : "accepted");
      if (verdicts[index] !== "accepted") continue;
      this.#seen.add(nameOf(event));
      this.accepted.set(event.subscription, [...this.acceptedOf(event.subscription), event]);
    }
  }

  /** Takes an accepted event back, as a void does. */
  async void(subscription: string, index: number): Promise<void> {
    const event = this.acceptedOf(subscription)[index];
    if (event === undefined) return;
    const client = await this.#database.pool.connect();
    try {
      await client.query("begin");
      const { rows } = await client.query<{
        id: string;
        stream_id: bigint;
        timestamp: Temporal.Instant;
        ordinal: bigint;
      }>(
        `select e.id, e.stream_id, e.timestamp, e.ordinal from events e join streams s on s.id = e.stream_id
         where s.organization_id = $1 and s.external_subscription_id = $2 and e.transaction_id = $3`,
        [this.organizationId, subscription, (event as SentEvent).transaction],
      );
      const { id, stream_id, timestamp, ordinal } = rows[0] as (typeof rows)[number];
      await client.query("update streams set voided_events = voided_events + 1 where id = $1", [stream_id]);
      await client.query(
        `insert into event_voids (event_id, organization_id, stream_id, timestamp, ordinal, root_transaction_id, voided_at)
         values ($1, $2, $3, $4, $5, 't', 'epoch')`,
        [id, this.organizationId, stream_id, timestamp.toString(), ordinal],
      );
      const run: Run = async <R>(text: string, values: readonly unknown[]) => {
        const found = await client.query(text, [...values]);
        return { rows: found.rows as R[] };
      };
      await recountMoments(run, [{ stream_id, timestamp }]);
      await client.query("commit");
    } finally {
      client.release();
    }
    this.accepted.set(subscription, this.acceptedOf(subscription).toSpliced(index, 1));
  }

  async fold(options: FolderOptions): Promise<void> {
    await foldBatch(this.#database.pool, options);
    await foldWanted(this.#database.pool, options);
  }
}

export async function prepareLog({ pool }: Database): Promise<void> {
  await pool.query("select ensure_event_partitions(now() - interval '1 day', 1)");
}

/** Folds streams from their first event on, under what these requests read. */
export const FOLD_EVERYTHING = (
  { organizationId }: MeteringBench,
  requests: readonly UsageRequest[],
): FolderOptions => ({
  batchEvents: 1_000,
  thresholds: { rawEventsMax: 0, dayGrainEventsMax: 2 },
  findMetered: async () =>
    requests.map(({ code, field_name }) => ({
      organization_id: organizationId,
      code,
      measure: "numbers" as const,
      field_name,
    })),
});

export type Sent = readonly [at: string, properties: Record<string, unknown>];

/** An organization whose subscription "s" sent these events under the code "m". */
export async function benchWith(database: Database, events: readonly Sent[]): Promise<MeteringBench> {
  const bench = new MeteringBench(database, "m");
  await bench.open();
  await bench.send(
    events.map(([at, properties], index) => ({
      subscription: "s",
      transaction: `t${index}`,
      micros: Temporal.Instant.from(at).epochNanoseconds / 1000n,
      properties,
    })),
  );
  return bench;
}

/** Metered usage of the property "v" in May 2024, but for `some`. */
export function requestOf(
  bench: MeteringBench,
  aggregation_type: AggregationType,
  some: Partial<UsageRequest>,
): UsageRequest {
  return {
    organization_id: bench.organizationId,
    external_subscription_id: "s",
    code: "m",
    aggregation_type,
    field_name: aggregation_type === "count_agg" ? null : "v",
    from: Temporal.Instant.from("2024-05-01T00:00:00Z"),
    to: Temporal.Instant.from("2024-06-01T00:00:00Z"),
    buckets: [{ conditions: {}, group_by: [] }],
    history: null,
    proration: null,
    weighted: null,
    custom: null,
    up_to: null,
    ...some,
  };
}
