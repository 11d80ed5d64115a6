/**
 * Charging events that wait in the queue, a batch in one transaction: their streams are locked, what came before them is read,
 * their fees are computed one after another, and fees, invoices, marks and levels are written as the events leave the queue. So an
 * event is charged once whoever runs, and a crash at any point leaves it charged or waiting.
 */
import type { App } from "../../app.ts";
import { type Owner, publish } from "../../jobs/index.ts";
import { messageOf } from "../../kernel/failure.ts";
import { newId } from "../../kernel/ids.ts";
import {
  type ClaimOptions,
  claimQueuedEvents,
  type QueuedEvent,
  setStreamAside,
  settleQueuedEvents,
  streamsWaiting,
} from "../../metering/index.ts";
import { inTransaction, type Tx } from "../../storage/database.ts";
import { isOfTheDatabase } from "../billing/batch.ts";
import { insertFees, type NewFee } from "../billing/insert-fees.ts";
import { feeCreated, writeInvoices } from "../billing/write.ts";
import { holdVoids } from "../corrections.ts";
import { dayOf } from "../rules/dates.ts";
import { matchEvents } from "./match.ts";
import type { Charging } from "./model.ts";
import { type LoadedPast, loadPast } from "./past.ts";
import { type Book, distinctValue, openBook, valueKey } from "./rules/book.ts";
import { countsLevel, countsValues } from "./rules/counted.ts";
import { chargeEvent, type EventFee } from "./rules/event-fees.ts";
import { eventInvoice } from "./rules/event-invoices.ts";
import { bucketName, markName } from "./scope-window.ts";
import { chargedBefore, saveLevels, saveMarks, saveValues } from "./store.ts";

/** Charges what waits longest; answers how much that was: 0 when nothing is left that nobody else holds, the limit or more when there may be more. */
export async function chargeBatch(
  app: App,
  owner: Owner,
  now: Temporal.Instant,
  options: ClaimOptions,
): Promise<number> {
  return inTransaction(app.db, async (tx) => {
    await holdVoids(tx, owner.id);
    const claimed = await claimQueuedEvents(tx, owner.id, now, options);
    if (claimed.rows.length === 0) return 0;
    await chargeEvents(app, tx, owner, claimed.events, now);
    await settleQueuedEvents(tx, owner.id, claimed);
    return Math.max(claimed.rows.length, claimed.cut === null ? 0 : options.limit);
  });
}

async function chargeEvents(
  app: App,
  tx: Tx,
  owner: Owner,
  events: readonly QueuedEvent[],
  now: Temporal.Instant,
): Promise<void> {
  const matched = await matchEvents(tx, owner.id, events);
  if (matched.length === 0) return;
  const before = await chargedBefore(
    tx,
    owner.id,
    matched.map(({ event }) => event.transaction_id),
  );
  const chargings = matched.filter(
    ({ event, facts, charge }) => !before.has(`${event.transaction_id}/${facts.subscription.id}/${charge.id}`),
  );
  if (chargings.length === 0) return;
  const past = await loadPast(tx, owner.id, chargings);
  const book = openBook(past);
  const fees = chargings.map((charging) => chargeEvent(book, charging));
  await saveBook(tx, owner.id, chargings, book, past);
  await writeFees(app, tx, owner, fees, now);
}

/** One of each key, whichever: they are named alike. */
const byKey = (chargings: readonly Charging[], keyOf: (one: Charging) => string) =>
  new Map(chargings.map((one) => [keyOf(one), one]));

async function saveBook(
  tx: Tx,
  organizationId: string,
  chargings: readonly Charging[],
  book: Book,
  past: LoadedPast,
): Promise<void> {
  const marked = byKey(chargings, ({ mark_key }) => mark_key);
  await saveMarks(
    tx,
    organizationId,
    [...marked].flatMap(([key, one]) => {
      const marks = book.marks.get(key);
      return marks === undefined ? [] : [{ ...markName(one), group: one.group, marks }];
    }),
  );
  const counted = chargings.filter(({ charge }) => countsLevel(charge));
  const nameOf = (one: Charging) => ({ scope_id: past.scopes.get(one.level_key)?.id as bigint, ...bucketName(one) });
  await saveLevels(
    tx,
    [...byKey(counted, ({ level_key }) => level_key)].flatMap(([key, one]) => {
      const entered = book.levels.get(key);
      const level = { ...entered, ...past.scriptLevels.get(key) };
      if (entered === undefined) return [];
      return [{ ...nameOf(one), group: one.group, level: { ...entered, ...level, allowances: entered.allowances } }];
    }),
  );
  const distinct = counted.filter(({ charge }) => countsValues(charge));
  await saveValues(
    tx,
    [...byKey(distinct, (one) => valueKey(one, distinctValue(one)))].flatMap(([key, one]) => {
      const state = book.values.get(key);
      return state === undefined ? [] : [{ ...nameOf(one), value: distinctValue(one), state }];
    }),
  );
}

async function writeFees(
  app: App,
  tx: Tx,
  owner: Owner,
  fees: readonly EventFee[],
  now: Temporal.Instant,
): Promise<void> {
  const today = dayOf(now);
  const standalone = fees
    .filter(({ fee }) => !fee.invoiceable)
    .map(
      ({ charging, fee }): NewFee => ({
        id: newId(),
        owner: charging.facts,
        fee,
        invoice_id: null,
        true_up_parent_fee_id: null,
        event_transaction_id: charging.event.transaction_id,
      }),
    );
  await insertFees(tx, owner.id, standalone, now);
  await publish(app, tx, owner, standalone.map(feeCreated), now);
  const invoiced = fees.filter(({ fee }) => fee.invoiceable);
  await writeInvoices(
    app,
    tx,
    owner,
    invoiced.map((fee) => eventInvoice(fee, today)),
    now,
  );
}

/** Events in one transaction: more would not be faster, and let others wait. */
const BATCH_EVENTS = 500;

/** What this process is at work on, by organization. */
interface Drain {
  /** Whether more has come in since it looked last. */
  hasMore: boolean;
  /** Whether there was more than a batch could take. */
  hasBacklog: boolean;
}

const drains = new Map<string, Drain>();

/**
 * Whether this process is charging the organization's events already and will look again: a few events that come in meanwhile
 * are left to its next batch, as batches of a few cost the most. Only a backlog is worth another worker.
 */
export function isLeftToRunning(organizationId: string): boolean {
  const running = drains.get(organizationId);
  if (running === undefined) return false;
  running.hasMore = true;
  return !running.hasBacklog;
}

/** Charges everything that waits in the organization; answers why streams were set aside. */
export async function chargeOrganization(app: App, owner: Owner, present: () => Temporal.Instant): Promise<string[]> {
  const own: Drain = { hasMore: false, hasBacklog: false };
  if (drains.has(owner.id)) return drain(app, owner, present, own);
  drains.set(owner.id, own);
  try {
    return await drain(app, owner, present, own);
  } finally {
    drains.delete(owner.id);
  }
}

/** Whoever holds a stream looks again when it is done, so that what came in meanwhile is charged as well. */
async function drain(app: App, owner: Owner, present: () => Temporal.Instant, own: Drain): Promise<string[]> {
  const failures: string[] = [];
  for (;;) {
    const now = present();
    own.hasMore = false;
    try {
      const done = await chargeBatch(app, owner, now, { limit: BATCH_EVENTS });
      if (done === 0 && !own.hasMore) return failures;
      own.hasBacklog = done >= BATCH_EVENTS;
    } catch (error) {
      if (isOfTheDatabase(error)) throw error;
      app.logger.info({ organization_id: owner.id, err: error }, "a batch of events is charged stream by stream");
      failures.push(...(await chargeApart(app, owner, now)));
    }
  }
}

/** Stream by stream, and event by event where one cannot be charged: it alone waits, with what follows it in its stream. */
async function chargeApart(app: App, owner: Owner, now: Temporal.Instant): Promise<string[]> {
  const failures: string[] = [];
  for (const streamId of await streamsWaiting(app.db, owner.id, now, BATCH_EVENTS)) {
    const failure = await chargeStream(app, owner, now, streamId);
    if (failure !== null) failures.push(failure);
  }
  return failures;
}

async function chargeStream(app: App, owner: Owner, now: Temporal.Instant, streamId: bigint): Promise<string | null> {
  for (let limit = BATCH_EVENTS; ; ) {
    try {
      if ((await chargeBatch(app, owner, now, { limit, streamId })) === 0) return null;
    } catch (error) {
      if (isOfTheDatabase(error)) throw error;
      if (limit === 1) {
        const reason = messageOf(error);
        await setStreamAside(app.db, owner.id, streamId, reason, now);
        app.logger.error(
          { organization_id: owner.id, stream: streamId, err: error },
          "events in advance are set aside",
        );
        return reason;
      }
      limit = limit > 20 ? 20 : 1;
    }
  }
}
