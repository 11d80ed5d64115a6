/** Asking VIES in the background, as often as it takes (1.9 of the subscriptions spec). */
import type { App } from "../../app.ts";
import { findOrganization, loadBillingEntity, type PeriodicWork } from "../../identity/index.ts";
import {
  type DomainEvent,
  enqueue,
  enqueueEach,
  enqueueForEach,
  type Job,
  job,
  type Owner,
  ofOrganization,
  publish,
  type Schedule,
} from "../../jobs/index.ts";
import { machineNow, presentOf } from "../../kernel/clock.ts";
import { inTransaction, type Tx } from "../../storage/database.ts";
import { customerEvent } from "../present.ts";
import { lockCustomerById, updateCustomer } from "../store.ts";
import { readVatNumber, type VatNumber } from "./number.ts";
import { presentAnswer, presentError } from "./present.ts";
import { RETRY_STEPS, retryAt, vatByCountry, vatOfNumber } from "./rules.ts";
import {
  type CheckNamed,
  dropCheck,
  dueChecks,
  findOpenCheck,
  nextAttemptAt,
  openCheck,
  organizationsToAskFor,
  postpone,
  writeAnswer,
} from "./store.ts";
import { askVies, type ViesAnswer } from "./vies.ts";

/** A number that no member could have issued is nobody's: VIES is not asked. */
const NOBODYS = { status: "invalid", details: null } as const;

/** VIES was switched off since the question was opened. */
const UNASKED = { status: "unasked" } as const;

type Answer = ViesAnswer | typeof NOBODYS | typeof UNASKED;

/** One attempt at an answer. What was asked anew meanwhile is left to the newer question. */
export const checkVatNumber: Job<CheckNamed> = job("customers.check_vat_number", async (named, { app }) => {
  const check = await findOpenCheck(app.db, named);
  if (check === null) return;
  const organization = await findOrganization(app.db, named.organization_id);
  const number = readVatNumber(check.tax_identification_number);
  const answer = await answerTo(app, number);
  if (answer.status === "unavailable") {
    app.logger.warn({ ...named, error: answer.error }, "VIES gave no answer");
  }
  const now = presentOf(organization);
  await inTransaction(app.db, (tx) => settle(app, tx, organization, named, { number, answer, now }));
});

async function answerTo({ config: { viesUrl } }: App, number: VatNumber | null): Promise<Answer> {
  if (number === null) return NOBODYS;
  return viesUrl === null ? UNASKED : askVies(viesUrl, number);
}

interface Settling {
  readonly number: VatNumber | null;
  readonly answer: Answer;
  readonly now: Temporal.Instant;
}

/** Stores the answer and the tax that follows from it, or when to ask again; whoever listens is told. */
async function settle(
  app: App,
  tx: Tx,
  owner: Owner,
  named: CheckNamed,
  { number, answer, now }: Settling,
): Promise<void> {
  const customer = await lockCustomerById(tx, named.organization_id, named.customer_id);
  const check = await findOpenCheck(tx, named);
  if (check === null) return;
  const entity = customer && (await loadBillingEntity(tx, named.organization_id, customer.billing_entity_id));
  if (customer === null || entity === null || !entity.eu_tax_management) {
    await dropCheck(tx, named.organization_id, named.customer_id);
    return;
  }
  if (answer.status === "unavailable") {
    const attempts = check.attempts + 1;
    await postpone(tx, named, { attempts, error: answer.error, next_attempt_at: retryAt(attempts, now) });
    await publish(app, tx, owner, [told(customer.id, presentError(answer.error))], now);
    return;
  }
  const events: DomainEvent[] = [];
  if (answer.status === "unasked") await dropCheck(tx, named.organization_id, customer.id);
  else {
    await writeAnswer(tx, named, answer.status, answer.details, now);
    events.push(told(customer.id, presentAnswer(number, answer)));
  }
  const isValid = answer.status === "valid" && number !== null;
  const eu_tax_code = isValid ? vatOfNumber(number.country, customer, entity) : vatByCountry(customer, entity);
  if (eu_tax_code !== customer.eu_tax_code) {
    await updateCustomer(tx, named.organization_id, customer.id, { eu_tax_code, updated_at: now });
    events.push(customerEvent("customer.updated", customer.id, { changed: ["eu_tax_code"] }));
  }
  await publish(app, tx, owner, events, now);
}

const told = (customerId: string, payload: DomainEvent["payload"]) =>
  customerEvent("customer.vies_check", customerId, payload);

/** What an upsert decided to ask: see VatDecision. */
export async function askAbout(
  tx: Tx,
  owner: Owner,
  customerId: string,
  ask: string | null | undefined,
  now: Temporal.Instant,
): Promise<void> {
  if (ask === undefined) return;
  if (ask === null) return dropCheck(tx, owner.id, customerId);
  const check_id = await openCheck(tx, owner.id, customerId, ask, now);
  if (check_id === null) return;
  await enqueue(tx, owner, checkVatNumber, { organization_id: owner.id, customer_id: customerId, check_id });
}

interface OfOrganization {
  readonly organization_id: string;
}

export const askViesAgain: Job<OfOrganization> = job(
  "customers.ask_vies_again",
  async ({ organization_id }, { app }) => {
    const organization = await findOrganization(app.db, organization_id);
    const due = dueChecks(organization_id, presentOf(organization), checkVatNumber);
    await enqueueEach(app.db, organization, checkVatNumber, due);
  },
);

export const askViesAgainEverywhere: Job = job("customers.ask_vies_again_everywhere", async (_payload, { app }) => {
  const ids = await organizationsToAskFor(app.db, machineNow());
  await enqueueForEach(app.db, askViesAgain, ids.map(ofOrganization));
});

export const viesSchedule: Schedule = { pattern: "*/5 * * * *", job: askViesAgainEverywhere };

/**
 * A part of the work `retries`. A clock that is advanced stops for the first attempts only: an outage is not over sooner
 * because a sandbox's time flies.
 */
export const viesWork: PeriodicWork = {
  name: "retries",
  job: askViesAgain,
  async nextDueAt({ db }, organizationId, after, until) {
    const at = await nextAttemptAt(db, organizationId, RETRY_STEPS);
    if (at === null) return null;
    const due = Temporal.Instant.compare(at, after) > 0 ? at : nextHour(after);
    return Temporal.Instant.compare(due, until) <= 0 ? due : null;
  },
};

const nextHour = (after: Temporal.Instant) =>
  after.round({ smallestUnit: "hour", roundingMode: "floor" }).add({ hours: 1 });
