/** Correcting usage: an event is taken out of it. The log itself never changes. */
import { CompiledQuery } from "kysely";
import type { Organization } from "../../identity/index.ts";
import { type DomainEvent, publish } from "../../jobs/index.ts";
import { invalid, Refusal } from "../../kernel/failure.ts";
import { type DbOrTx, inTransaction, type Tx } from "../../storage/database.ts";
import { recountMoments } from "../fold/recount.ts";
import type { Metering } from "../service.ts";
import type { Correction } from "./rules.ts";
import { claimStream, findNamesakes, insertVoid, type LoggedEvent } from "./store.ts";

/**
 * Whether a final invoice or a fee in advance contains the event: then it can no longer be corrected. A later room knows;
 * asked in the transaction of the correction, after its stream is claimed.
 */
export type IsEventBilled = (
  db: DbOrTx,
  organizationId: string,
  event: Pick<
    LoggedEvent,
    "transaction_id" | "external_subscription_id" | "code" | "timestamp" | "created_at" | "received_at"
  >,
) => Promise<boolean>;

/** What corrections need beside metering itself. */
export interface Corrections {
  readonly metering: Metering;
  readonly isEventBilled: IsEventBilled;
}

/** Who asks for it, and when. */
export interface Asking {
  readonly organization: Organization;
  readonly apiKeyId: string;
  readonly now: Temporal.Instant;
}

/**
 * The event of that transaction id.
 * @throws Refusal event_not_found; 422 external_subscription_id where events of several subscriptions have it and none is given.
 */
export async function eventOf(
  db: DbOrTx,
  { id }: Organization,
  transactionId: string,
  subscription: string | null,
): Promise<LoggedEvent> {
  const found = await findNamesakes(db, id, transactionId, subscription);
  const [first] = found;
  if (first === undefined) throw new Refusal("event_not_found");
  if (found.some((event) => event.external_subscription_id !== first.external_subscription_id))
    throw invalid("external_subscription_id", "value_is_mandatory");
  return first;
}

/** Takes the event out of all usage, at once; answers its id. Refusals: event_not_found, event_already_voided, event_already_billed. */
export async function voidEvent(
  corrections: Corrections,
  asking: Asking,
  transactionId: string,
  { external_subscription_id, reason }: Correction,
): Promise<string> {
  const { app } = corrections.metering;
  const event = await eventOf(app.db, asking.organization, transactionId, external_subscription_id);
  await inTransaction(app.db, async (tx) => {
    await takeOut(corrections, asking, tx, event, { reason, replacement_id: null });
    await publish(app, tx, asking.organization, [voided(event, asking, { reason, replacement_id: null })], asking.now);
  });
  return event.id;
}

/** Voids the event in the caller's transaction and counts again what was added up of it. */
export async function takeOut(
  { isEventBilled }: Corrections,
  { organization, apiKeyId, now }: Asking,
  tx: Tx,
  event: LoggedEvent,
  { reason, replacement_id }: Why,
): Promise<void> {
  await claimStream(tx, event.stream_id);
  const outcome = await insertVoid(tx, organization.id, event, { reason, api_key_id: apiKeyId, replacement_id }, now);
  if (outcome === "duplicate") throw new Refusal("event_already_voided");
  if (await isEventBilled(tx, organization.id, event)) throw new Refusal("event_already_billed");
  const run = <R>(text: string, values: readonly unknown[]) => tx.executeQuery<R>(CompiledQuery.raw(text, [...values]));
  await recountMoments(run, [event]);
}

export interface Why {
  readonly reason: string | null;
  /** The event that takes its place. */
  readonly replacement_id: string | null;
}

/** What is told of a void. */
export function voided(event: LoggedEvent, { apiKeyId }: Asking, why: Why): DomainEvent {
  const { transaction_id, code, external_subscription_id, timestamp } = event;
  return {
    ...{ kind: "event.voided", subject_type: "event", subject_id: event.id },
    payload: {
      ...{ transaction_id, code, external_subscription_id, timestamp: timestamp.toString() },
      ...{ ...why, api_key_id: apiKeyId },
    },
  };
}
