/** From events to what they are charged by: subscriptions, plans and customers of a batch come by a fixed number of queries. */
import type { Charge } from "../../catalog/index.ts";
import type { QueuedEvent } from "../../metering/index.ts";
import type { DbOrTx } from "../../storage/database.ts";
import { historyStarts, linksByExternalId } from "../../subscriptions/index.ts";
import { loadFacts } from "../billing/gather.ts";
import type { BillingFacts } from "../rules/due-periods.ts";
import { groupHash } from "../usage/weighted-levels.ts";
import type { Charging } from "./model.ts";
import { chargesInAdvance, chargingOf, linkAt } from "./rules/matching.ts";

interface Matched {
  readonly event: QueuedEvent;
  readonly facts: BillingFacts;
  readonly charges: readonly Charge[];
}

/** In order of the events, then of the plan's charges. Events of no subscription are none of anybody's. */
export async function matchEvents(
  db: DbOrTx,
  organizationId: string,
  events: readonly QueuedEvent[],
): Promise<Charging[]> {
  const externalIds = new Set(events.flatMap(({ external_subscription_id }) => external_subscription_id ?? []));
  if (externalIds.size === 0) return [];
  const links = await linksByExternalId(db, organizationId, [...externalIds]);
  const linked = events.flatMap((event) => {
    const link = linkAt(links.get(event.external_subscription_id ?? "") ?? [], event.timestamp);
    return link === null ? [] : [{ event, link }];
  });
  const used = new Map(linked.map(({ link }) => [link.id, link]));
  if (used.size === 0) return [];
  const facts = await loadFacts(db, organizationId, [...used.values()]);
  const matched = linked.map(({ event, link }): Matched => {
    const ofLink = facts.get(link.id) as BillingFacts;
    return { event, facts: ofLink, charges: chargesInAdvance(ofLink.plan, event.code) };
  });
  const history = await historiesOf(db, organizationId, matched);
  return matched.flatMap(({ event, facts: ofLink, charges }) =>
    charges.flatMap((charge) => {
      const history_from = history.get(ofLink.subscription.id) ?? null;
      return chargingOf(ofLink, charge, event, { history_from, hashOf: groupHash }) ?? [];
    }),
  );
}

/** Only recurring charges look back. */
async function historiesOf(db: DbOrTx, organizationId: string, matched: readonly Matched[]) {
  const recurring = matched.filter(({ charges }) => charges.some(({ billable_metric }) => billable_metric.recurring));
  const subscriptions = new Set(recurring.map(({ facts }) => facts.subscription.id));
  return historyStarts(db, organizationId, [...subscriptions]);
}
