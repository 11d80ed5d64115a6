/** Starts, ends and expirations that are due: decisions 1 to 1c say what becomes of late ones. */
import type { App } from "../app.ts";
import type { Plan } from "../catalog/index.ts";
import type { Organization } from "../identity/index.ts";
import { floorToMicrosecond, floorToMillisecond, localDayNumber, startOfDayNumber } from "../kernel/calendar.ts";
import type { Tx } from "../storage/database.ts";
import { beginLinks } from "./begin.ts";
import { setDues } from "./dues-store.ts";
import { endActive } from "./end.ts";
import { expireRules, holdBack } from "./gate.ts";
import type { Subscription } from "./model.ts";
import { activeExternalIds } from "./store.ts";

export interface DueFacts {
  readonly subscription: Subscription;
  readonly plan: Plan;
  readonly timezone: string;
}

/** `now` on the local day of `due`; later than that, the beginning of that day. */
export function effectiveAt(due: Temporal.Instant, now: Temporal.Instant, timezone: string): Temporal.Instant {
  const day = localDayNumber(due, timezone);
  return day < localDayNumber(now, timezone) ? startOfDayNumber(day, timezone) : now;
}

/** Begins those that wait for their own start. One whose external id an active one has meanwhile waits another day. */
export async function activateDue(
  app: App,
  tx: Tx,
  organization: Organization,
  due: readonly DueFacts[],
  now: Temporal.Instant,
): Promise<void> {
  const waiting = due.filter(
    ({ subscription: { status, previous_subscription_id } }) =>
      status === "pending" && previous_subscription_id === null,
  );
  const taken = await activeExternalIds(
    tx,
    organization.id,
    waiting.map(({ subscription }) => subscription.external_id),
  );
  const free = waiting.filter(({ subscription: { external_id } }) => {
    if (taken.has(external_id)) return false;
    taken.add(external_id);
    return true;
  });
  const applicants = free.map((each) => ({
    ...each,
    started_at: floorToMillisecond(effectiveAt(each.subscription.subscription_at, now, each.timezone)),
  }));
  const beginnings = (await holdBack(app, tx, organization, applicants, now)).map((each) => ({
    ...each,
    bills_start: true,
  }));
  await beginLinks(app, tx, organization, beginnings, now);
  const blocked = waiting.filter((each) => !free.includes(each));
  for (const { subscription } of blocked) {
    app.logger.warn(
      { organization_id: organization.id, subscription_id: subscription.id },
      "an active subscription has its external id",
    );
  }
  await setDues(
    tx,
    organization.id,
    blocked.map(({ subscription: { id, customer_id } }) => ({
      subscription_id: id,
      customer_id,
      kind: "activation",
      due_at: now.add({ hours: 24 }),
    })),
  );
}

/** Ends those whose last day has come. */
export async function terminateDue(
  app: App,
  tx: Tx,
  organization: Organization,
  due: readonly DueFacts[],
  now: Temporal.Instant,
): Promise<void> {
  const endings = due.flatMap(({ subscription, plan, timezone }) => {
    const { id, status, ending_at, on_termination_credit_note, on_termination_invoice } = subscription;
    if (status !== "active" || ending_at === null) return [];
    return {
      id,
      terminated_at: floorToMicrosecond(effectiveAt(ending_at, now, timezone)),
      terminated_by: "ending_at" as const,
      on_termination_credit_note: plan.pay_in_advance ? (on_termination_credit_note ?? "credit") : null,
      on_termination_invoice,
    };
  });
  await endActive(app, tx, organization, endings, now);
}

/** Cancels those whose activation rules were not met in time. */
export async function expireDue(
  app: App,
  tx: Tx,
  organization: Organization,
  due: readonly DueFacts[],
  now: Temporal.Instant,
): Promise<void> {
  await expireRules(
    app,
    tx,
    organization,
    due.map(({ subscription }) => subscription),
    now,
  );
}
