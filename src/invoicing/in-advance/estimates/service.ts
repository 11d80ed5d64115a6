/** What an event would cost, were it sent now: nothing of it stays. */
import type { App } from "../../../app.ts";
import {
  bucketOfEvent,
  type Charge,
  type ChargeBucket,
  chargeBuckets,
  findMetric,
  type IngestCatalog,
  loadIngestCatalog,
} from "../../../catalog/index.ts";
import { invalid, Refusal } from "../../../kernel/failure.ts";
import { newId } from "../../../kernel/ids.ts";
import { computedProperties, holdStream, numberIn, textIn } from "../../../metering/index.ts";
import type { DbOrTx, Tx } from "../../../storage/database.ts";
import { historyStarts, linksByExternalId } from "../../../subscriptions/index.ts";
import { loadFacts } from "../../billing/gather.ts";
import type { BillingFacts } from "../../rules/due-periods.ts";
import { groupHash } from "../../usage/weighted-levels.ts";
import type { Charging, PricedEvent } from "../model.ts";
import { loadPast } from "../past.ts";
import { openBook } from "../rules/book.ts";
import { chargeEvent, type EventFee } from "../rules/event-fees.ts";
import { type InstantPrice, instantPrice, isInstant } from "../rules/instant-price.ts";
import { chargesInAdvance, chargingOf } from "../rules/matching.ts";
import { checkTimestamp, type EstimateInput, nameIn, readEstimated } from "./request.ts";

/** The active subscriptions of external ids, with what bills them. 404 `subscription_not_found`. */
async function activeFacts(
  db: DbOrTx,
  organizationId: string,
  externalIds: readonly (string | null)[],
): Promise<Map<string, BillingFacts>> {
  const names = [...new Set(externalIds)].filter((id) => id !== null);
  const links = await linksByExternalId(db, organizationId, names);
  const active = names.flatMap((id) => (links.get(id) ?? []).find(({ status }) => status === "active") ?? []);
  if (externalIds.includes(null) || active.length < names.length) throw new Refusal("subscription_not_found");
  const facts = await loadFacts(db, organizationId, active);
  return new Map(active.map(({ id, external_id }) => [external_id, facts.get(id) as BillingFacts]));
}

const NUMERIC: readonly string[] = ["sum_agg", "max_agg", "latest_agg"];
const NO_CHARGE = () => invalid("code", "does_not_match_an_instant_charge");

/**
 * The fees that the event would have now, by every charge in advance on it, as if it came after all that was charged so far.
 * Refusals in this order: subscription_not_found; timestamp invalid_format; billable_metric_not_found; properties
 * value_is_not_valid_number; code does_not_match_an_instant_charge; an expression that fails.
 */
export async function estimateFees(
  app: App,
  organizationId: string,
  input: EstimateInput,
  now: Temporal.Instant,
): Promise<EventFee[]> {
  const externalId = nameIn(input, "external_subscription_id");
  const facts = await activeFacts(app.db, organizationId, [externalId]);
  checkTimestamp(input);
  const code = nameIn(input, "code");
  const metric = code === null ? null : await findMetric(app.db, organizationId, code);
  if (code === null || metric === null) throw new Refusal("billable_metric_not_found");
  const given = readEstimated(input);
  const { aggregation_type, field_name } = metric;
  if (NUMERIC.includes(aggregation_type) && field_name !== null && metric.expression === null) {
    const isAbsent = textIn(given.properties, field_name) === null;
    if (!isAbsent && numberIn(given.properties, field_name) === null)
      throw invalid("properties", "value_is_not_valid_number");
  }
  const ofSubscription = facts.get(externalId ?? "") as BillingFacts;
  const charges = chargesInAdvance(ofSubscription.plan, code);
  if (charges.length === 0) throw NO_CHARGE();
  const catalog = await loadIngestCatalog(app.db, organizationId);
  const properties = computedProperties(catalog, { code, timestamp: now, properties: given.properties });
  const sent = {
    ...given,
    properties,
    code,
    transaction_id: nameIn(input, "transaction_id") ?? newId(),
    timestamp: now,
  };
  const tx = await app.db.startTransaction().execute();
  try {
    return await chargedNow(tx, organizationId, ofSubscription, charges, sent);
  } finally {
    await tx.rollback().execute();
  }
}

type SentEvent = Omit<PricedEvent, "stream_id" | "stream_voids" | "external_subscription_id">;

async function chargedNow(
  tx: Tx,
  organizationId: string,
  facts: BillingFacts,
  charges: readonly Charge[],
  sent: SentEvent,
): Promise<EventFee[]> {
  const { id, external_id } = facts.subscription;
  const stream = await holdStream(tx, organizationId, external_id, sent.code);
  const event: PricedEvent = { ...sent, ...stream, external_subscription_id: external_id };
  const history_from = (await historyStarts(tx, organizationId, [id])).get(id) ?? null;
  const chargings: Charging[] = charges.flatMap(
    (charge) => chargingOf(facts, charge, event, { history_from, hashOf: groupHash }) ?? [],
  );
  const book = openBook(await loadPast(tx, organizationId, chargings));
  return chargings.map((charging) => chargeEvent(book, charging));
}

/** What an event costs by itself, by one charge. */
export interface InstantFee extends InstantPrice {
  readonly facts: BillingFacts;
  readonly charge: Charge;
  readonly bucket: ChargeBucket;
  readonly transaction_id: string;
}

interface InstantEvent {
  readonly facts: BillingFacts;
  readonly input: EstimateInput;
}

function instantFees(catalog: IngestCatalog, { facts, input }: InstantEvent, now: Temporal.Instant): InstantFee[] {
  const code = nameIn(input, "code") ?? "";
  const charges = chargesInAdvance(facts.plan, code).filter(isInstant);
  if (charges.length === 0) return [];
  const given = readEstimated(input);
  const properties = computedProperties(catalog, { code, timestamp: now, properties: given.properties });
  const transaction_id = nameIn(input, "transaction_id") ?? newId();
  return charges.map((charge): InstantFee => {
    const bucket = bucketOfEvent(chargeBuckets(charge), properties);
    return { ...{ facts, charge, bucket, transaction_id }, ...instantPrice(charge, bucket, properties) };
  });
}

/** 404 `subscription_not_found`; 422 where no charge in advance with such a price counts the event. */
export async function estimateInstantFees(
  app: App,
  organizationId: string,
  input: EstimateInput,
  now: Temporal.Instant,
): Promise<InstantFee[]> {
  const externalId = nameIn(input, "external_subscription_id");
  const facts = (await activeFacts(app.db, organizationId, [externalId])).get(externalId ?? "") as BillingFacts;
  const fees = instantFees(await loadIngestCatalog(app.db, organizationId), { facts, input }, now);
  if (fees.length === 0) throw NO_CHARGE();
  return fees;
}

/** As estimateInstantFees; events that no charge counts have no fee, as long as their plan has some such charge. */
export async function estimateInstantFeesOfMany(
  app: App,
  organizationId: string,
  inputs: readonly EstimateInput[],
  now: Temporal.Instant,
): Promise<InstantFee[]> {
  const bySubscription = Map.groupBy(inputs, (input) => nameIn(input, "external_subscription_id"));
  const facts = await activeFacts(app.db, organizationId, [...bySubscription.keys()]);
  if ([...facts.values()].some(({ plan }) => !plan.charges.some(isInstant))) throw NO_CHARGE();
  const catalog = await loadIngestCatalog(app.db, organizationId);
  return [...bySubscription].flatMap(([externalId, own]) => {
    const ofSubscription = facts.get(externalId ?? "") as BillingFacts;
    return own.flatMap((input) => instantFees(catalog, { facts: ofSubscription, input }, now));
  });
}
