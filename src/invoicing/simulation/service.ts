/**
 * The next invoices of a subscription, without writing any: what falls due is told by the rules of the run upon schedules in memory, its
 * usage is read as a run reads it, and planned by the run's own plan; which is then not applied.
 */
import { setImmediate } from "node:timers/promises";
import type { App } from "../../app.ts";
import type { Organization } from "../../identity/index.ts";
import { isBefore } from "../../kernel/calendar.ts";
import type { DbOrTx } from "../../storage/database.ts";
import type { Standing } from "../../subscriptions/index.ts";
import { gatherPeriods, loadFacts } from "../billing/gather.ts";
import { isBilledOnce } from "../billing/store.ts";
import type { PlannedFee } from "../model.ts";
import type { RatedPeriod } from "../rules/charge-fees.ts";
import { committedPeriod, countsTowards, periodFees } from "../rules/commitment.ts";
import { dayOf } from "../rules/dates.ts";
import type { BillingFacts } from "../rules/due-periods.ts";
import { planInvoices } from "../rules/plan-invoices.ts";
import { firstUnitsInvoice, withFixedCharges } from "./fixed-charges.ts";
import type { Assumption, Horizon, SimulatedInvoice, Simulation, Step, StoppedBy, Subject } from "./model.ts";
import { expectedPeriod } from "./rules/expected-usage.ts";
import { timeline } from "./rules/timeline.ts";

/** What is simulated of a subscription that stands so. `is_new`: it was just begun, and its start is not billed yet. */
export async function subjectOf(
  db: DbOrTx,
  organizationId: string,
  { subscription, schedules, next, before, changes_at, units }: Standing,
  { is_new }: { readonly is_new: boolean },
): Promise<Subject> {
  const links = [subscription, ...(next === null ? [] : [next.subscription])];
  const known = await loadFacts(db, organizationId, before === null ? links : [...links, before.subscription]);
  const factsOf = ({ id }: { readonly id: string }) => known.get(id) as BillingFacts;
  const owesEnd =
    is_new &&
    before !== null &&
    !(await isBilledOnce(db, organizationId, before.subscription.id, "subscription_terminating"));
  const line = {
    facts: factsOf(subscription),
    schedules,
    next: next === null ? null : { ...factsOf(next.subscription), initial_started_at: next.initial_started_at },
    before: owesEnd ? { facts: factsOf(before.subscription), schedules: before.schedules } : null,
    is_new,
  };
  return { line, changes_at, units };
}

/** More steps than this are not looked at: those of ten years of weekly billing. */
const STEPS_MAX = 600;

interface Limit {
  readonly at: Temporal.Instant;
  readonly why: StoppedBy;
}

interface Taken {
  readonly steps: readonly Step[];
  readonly stopped: StoppedBy | null;
}

/** The steps taken so far and, up to the limit, as many more as it takes until `billing` of them bill something. */
function takeSteps(clock: Iterator<Step>, { steps: before }: Taken, limit: Limit, billing: number): Taken {
  const steps = [...before];
  for (let missing = billing; missing > 0; ) {
    const { done, value } = clock.next();
    if (done) return { steps, stopped: "ending" };
    if (isBefore(limit.at, value.now)) return { steps, stopped: limit.why };
    steps.push(value);
    if (value.work.periods.length > 0 || value.begins !== null) missing--;
    if (steps.length >= STEPS_MAX) return { steps, stopped: "periods" };
  }
  return { steps, stopped: null };
}

/**
 * The invoices that would come from `now` on, the oldest first; those that come to nothing and would be closed unseen are left out.
 * A scheduled change ends it: what follows from that is told once it was done.
 */
export async function simulate(
  app: App,
  organization: Organization,
  subject: Subject,
  assumption: Assumption,
  { until, periods }: Horizon,
  now: Temporal.Instant,
): Promise<Simulation> {
  const { line, changes_at } = subject;
  const limit: Limit =
    changes_at !== null && isBefore(changes_at, until)
      ? { at: changes_at, why: "scheduled_change" }
      : { at: until, why: "until" };
  const clock = timeline(line, now);
  let taken: Taken = { steps: [], stopped: null };
  let invoices: SimulatedInvoice[] = [];
  while (invoices.length < periods && taken.stopped === null) {
    taken = takeSteps(clock, taken, limit, periods - invoices.length);
    invoices = await planSteps(app, organization.id, subject, { steps: taken.steps, assumption, now });
  }
  const shown = invoices.slice(0, periods);
  const stopped_by = invoices.length >= periods ? "periods" : (taken.stopped ?? "periods");
  return {
    subscription: line.facts.subscription,
    invoices: shown,
    stopped_by,
    simulated_until: endOf(stopped_by, shown, taken, limit) ?? now,
  };
}

function endOf(stoppedBy: StoppedBy, shown: readonly SimulatedInvoice[], { steps }: Taken, { at }: Limit) {
  if (stoppedBy === "until" || stoppedBy === "scheduled_change") return at;
  return stoppedBy === "periods" ? shown.at(-1)?.at : steps.at(-1)?.now;
}

interface Planning {
  readonly steps: readonly Step[];
  readonly assumption: Assumption;
  readonly now: Temporal.Instant;
}

/** All periods are read at once, as those of a batch are; then planned step by step, each after what the ones before have billed. */
async function planSteps(
  app: App,
  organizationId: string,
  { line, units }: Subject,
  { steps, assumption, now }: Planning,
): Promise<SimulatedInvoice[]> {
  const { customer } = line.facts;
  const own = line.is_new ? units : null;
  const periods = steps.flatMap(({ work }) => work.periods);
  const rated = await gatherPeriods(app, organizationId, periods);
  const invoices: SimulatedInvoice[] = [];
  let place = 0;
  for (const { now: at, work, begins } of steps) {
    const today = dayOf(at);
    const ofStep = rated.slice(place, place + work.periods.length).map((each) => {
      const expected = expectedPeriod(each, assumption, now);
      return afterEarlier(withFixedCharges(expected, own, invoices), invoices);
    });
    place += work.periods.length;
    if (begins !== null) invoices.push({ at, invoice: firstUnitsInvoice(begins, units, today) });
    if (ofStep.length === 0) continue;
    const planned = planInvoices(customer, ofStep, today(customer.timezone));
    invoices.push(...planned.map((invoice) => ({ at, invoice })));
    // Other requests have their turn.
    await setImmediate();
  }
  return invoices.filter(({ invoice }) => invoice.status === "finalized");
}

/** What earlier invoices bill counts towards a commitment as if it was stored. */
function afterEarlier(rated: RatedPeriod, earlier: readonly SimulatedInvoice[]): RatedPeriod {
  const closed = committedPeriod(rated.period);
  if (closed === null) return rated;
  const { window } = closed;
  const { id } = rated.period.subscription;
  const own = earlier.flatMap(({ invoice }) => invoice.periods).filter(({ subscription }) => subscription.id === id);
  const fees: PlannedFee[] = own.flatMap(({ fees, standalone_fees }) => [...fees, ...standalone_fees]);
  const billed = periodFees(
    rated.billed_before,
    fees.filter((fee) => countsTowards(fee, window)),
  );
  const isInvoiced = own.some(
    ({ windows: { subscription: billedWindow } }) =>
      !isBefore(billedWindow.from, window.from) && isBefore(billedWindow.from, window.to),
  );
  return { ...rated, billed_before: { ...billed, is_invoiced: billed.is_invoiced || isInvoiced } };
}
