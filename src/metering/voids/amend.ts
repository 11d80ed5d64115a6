/** Amending an event: a void, and a new event in its place. */
import { CompiledQuery } from "kysely";
import type { Organization } from "../../identity/index.ts";
import { type DomainEvent, publish } from "../../jobs/index.ts";
import { invalid, Refusal, refuseIfAny } from "../../kernel/failure.ts";
import { type DbOrTx, inTransaction, type Tx, violatedConstraint } from "../../storage/database.ts";
import { type GroupPart, insertUnseen, type Statements } from "../ingest/insert.ts";
import { StreamCache } from "../ingest/streams.ts";
import { StaleCatalog } from "../ingest/versions.ts";
import { withComputed } from "../rules/computed.ts";
import { microsOf, type ReadEvent, readEvent } from "../rules/event.ts";
import { keyOf } from "../rules/key.ts";
import { evaluatedBy, isRefused, refusalDetails, withCatalog } from "../service.ts";
import { amendedId, amendedInput, type Correction } from "./rules.ts";
import { type Asking, type Corrections, eventOf, takeOut, voided } from "./service.ts";
import { type LoggedEvent, takenKeys } from "./store.ts";

const NO_PARTITION = "23514";

export interface Amended {
  readonly original: LoggedEvent;
  readonly event: ReadEvent;
  readonly key: string;
}

/** How often the next free transaction id is looked for, twice as many at a time. */
const NAMING_ROUNDS = 12;

/**
 * Voids the event and stores another in its place, with what `given` says anew, in one transaction. Its transaction id is the one given, or
 * the original's with ~1, ~2, …; that of the original stays taken. Refusals as of a void, and those of a new event.
 */
export async function amendEvent(
  corrections: Corrections,
  asking: Asking,
  transactionId: string,
  { external_subscription_id, reason }: Correction,
  given: Readonly<Record<string, unknown>>,
): Promise<Amended> {
  const { metering } = corrections;
  const { organization, now } = asking;
  const original = await eventOf(metering.app.db, organization, transactionId, external_subscription_id);
  const createdMicros = microsOf(now);
  const input = amendedInput(given, original);
  const names =
    input.transaction_id === null ? namesOf(metering.app.db, organization, original) : [input.transaction_id];
  for await (const transaction_id of names) {
    const read = readEvent({ ...input, transaction_id }, createdMicros);
    if (Array.isArray(read)) refuseIfAny(read);
    const amended = await store(corrections, asking, original, read as ReadEvent, reason);
    if (amended !== "duplicate") return amended;
    if (input.transaction_id !== null) throw invalid("transaction_id", "value_already_exist");
  }
  throw invalid("transaction_id", "value_is_mandatory");
}

/** Free names for what takes an event's place, in order; one may be taken by a rival before it is used. */
async function* namesOf(db: DbOrTx, { id }: Organization, original: LoggedEvent): AsyncGenerator<string> {
  let first = 1;
  for (let round = 0; round < NAMING_ROUNDS; round++) {
    const names = Array.from({ length: 8 << round }, (_, index) =>
      amendedId(original.root_transaction_id, first + index),
    );
    first += names.length;
    const keys = names.map((name) => keyOf(id, original.external_subscription_id, name));
    const taken = await takenKeys(db, keys);
    yield* names.filter((_, index) => !taken.has(keys[index] as string));
  }
}

async function store(
  corrections: Corrections,
  asking: Asking,
  original: LoggedEvent,
  read: ReadEvent,
  reason: string | null,
): Promise<Amended | "duplicate"> {
  const { app } = corrections.metering;
  const { organization, now } = asking;
  // Not in the transaction: a stream that is made stays, whatever becomes of the rest.
  const streamIds = await new StreamCache().resolve(app.pool, organization.id, [read]);
  const key = keyOf(organization.id, read.externalSubscriptionId, read.transactionId);
  const why = { reason, replacement_id: key };
  return withCatalog(corrections.metering, organization, async (catalog) => {
    const event = withComputed(read, catalog.computed);
    if (isRefused(event)) throw new Refusal("validation_errors", refusalDetails(event));
    const part: GroupPart = {
      ...{ organizationId: organization.id, events: [event], keys: [key], streamIds },
      ...{ createdMicros: microsOf(now), allOrNothing: true },
      ...evaluatedBy(corrections.metering, catalog),
    };
    try {
      return await inTransaction(app.db, async (tx) => {
        await takeOut(corrections, asking, tx, original, why);
        const taken = await insertUnseen(statementsOf(tx), [part]);
        if (taken.length > 0) throw new Taken();
        const told = [voided(original, asking, why), amended(event, key, original)];
        await publish(app, tx, organization, told, now);
        return { original, event, key };
      });
    } catch (error) {
      if (error instanceof Taken || violatedConstraint(error)?.startsWith("event_keys")) return "duplicate" as const;
      if (error instanceof StaleCatalog) return "stale" as const;
      if ((error as { code?: unknown }).code !== NO_PARTITION) throw error;
      // A month that nothing was received in yet: the next attempt finds its place.
      await app.pool.query("select ensure_event_partitions(clock_timestamp(), 1)");
      return "stale" as const;
    }
  });
}

/** The new event's transaction id was taken meanwhile: nothing of the correction was done. */
class Taken extends Error {}

function statementsOf(tx: Tx): Statements {
  return { query: ({ text, values }) => tx.executeQuery(CompiledQuery.raw(text, values)) };
}

function amended(event: ReadEvent, key: string, original: LoggedEvent): DomainEvent {
  const { transactionId: transaction_id, code, externalSubscriptionId: external_subscription_id } = event;
  return {
    ...{ kind: "event.amended", subject_type: "event", subject_id: key },
    payload: { transaction_id, code, external_subscription_id, amended_id: original.id },
  };
}
