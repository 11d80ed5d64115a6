/** What can be done with billable metrics. */
import type { App } from "../app.ts";
import type { Organization } from "../identity/index.ts";
import { publish } from "../jobs/index.ts";
import { invalid, Refusal, refuseIfAny } from "../kernel/failure.ts";
import { newId } from "../kernel/ids.ts";
import { type DbOrTx, inTransaction, type Tx } from "../storage/database.ts";
import { claimCatalog } from "./catalog-store.ts";
import { scriptProblem } from "./custom/fold-custom.ts";
import { filtersOfMetric, trimFilters } from "./filters-store.ts";
import { deleteMetric, findMetric, insertMetric, isMetricUsed, plansOfMetric, updateMetric } from "./metrics-store.ts";
import type { BillableMetric } from "./model.ts";
import { loadPlans } from "./plans-store.ts";
import { filterTrimming } from "./rules/charge-filter-trimming.ts";
import { type MetricInput, readChangedMetric, readNewMetric } from "./rules/metric.ts";
import { canonical } from "./rules/plan-version.ts";
import { appendVersions } from "./versions-store.ts";

/** A metric by code; Refusal billable_metric_not_found. */
export async function getMetric(db: DbOrTx, organizationId: string, code: string): Promise<BillableMetric> {
  const metric = await findMetric(db, organizationId, code);
  if (metric === null) throw new Refusal("billable_metric_not_found");
  return metric;
}

function tell(
  app: App,
  tx: Tx,
  organization: Organization,
  what: "created" | "updated" | "deleted",
  { id, code }: BillableMetric,
  now: Temporal.Instant,
  payload: object = {},
): Promise<void> {
  const subject = { subject_type: "billable_metric", subject_id: id };
  const event = { kind: `billable_metric.${what}`, ...subject, payload: { code, ...payload } };
  return publish(app, tx, organization, [event], now);
}

const taken = () => invalid("code", "value_already_exist");

export async function createMetric(
  app: App,
  organization: Organization,
  input: MetricInput,
  now: Temporal.Instant,
): Promise<BillableMetric> {
  const { terms, problems } = readNewMetric(input);
  refuseIfAny(problems);
  await refuseBrokenScript(terms.custom_aggregator);
  return inTransaction(app.db, async (tx) => {
    await claimCatalog(tx, organization.id);
    const metric = await insertMetric(tx, organization.id, newId(), terms, now);
    if (metric === "duplicate") throw taken();
    await tell(app, tx, organization, "created", metric, now);
    return metric;
  });
}

export async function changeMetric(
  app: App,
  organization: Organization,
  code: string,
  input: MetricInput,
  now: Temporal.Instant,
): Promise<BillableMetric> {
  await refuseBrokenScript(input.custom_aggregator);
  return inTransaction(app.db, async (tx) => {
    await claimCatalog(tx, organization.id);
    const before = await getMetric(tx, organization.id, code);
    const isUsed = await isMetricUsed(tx, organization.id, before.id);
    const { terms, problems } = readChangedMetric(input, before, isUsed);
    refuseIfAny(problems);
    const metric = await updateMetric(tx, organization.id, before.id, terms, now);
    if (metric === "duplicate") throw taken();
    const planIds = await followMetric(tx, organization.id, before, metric, now);
    await tell(app, tx, organization, "updated", metric, now, { plan_ids: planIds });
    return metric;
  });
}

/** 422 with the reason. Run before the transaction: a sandbox may take seconds over a hopeless script. */
async function refuseBrokenScript(script: string | null | undefined): Promise<void> {
  const reason = script == null || script.trim() === "" ? null : await scriptProblem(script);
  if (reason !== null) throw new Refusal("validation_errors", { custom_aggregator: ["invalid_script", reason] });
}

/**
 * Takes out of charges' filters what the metric no longer admits, and versions the plans concerned: beside its filters and its
 * script, a metric that prices something is locked in all that prices. Answers these plans.
 */
async function followMetric(
  tx: Tx,
  organizationId: string,
  before: BillableMetric,
  after: BillableMetric,
  now: Temporal.Instant,
): Promise<string[]> {
  const hasNewFilters = canonical(before.filters) !== canonical(after.filters);
  const hasNewScript = before.custom_aggregator !== after.custom_aggregator;
  if (!hasNewFilters && !hasNewScript) return [];
  const filters = hasNewFilters ? await filtersOfMetric(tx, organizationId, after.id) : [];
  const ofScript = hasNewScript ? await plansOfMetric(tx, organizationId, after.id) : [];
  const planIds = [...new Set([...filters.map(({ plan_id }) => plan_id), ...ofScript])];
  await trimFilters(tx, organizationId, filterTrimming(filters, after.filters), now);
  const plans = await loadPlans(tx, organizationId, planIds);
  await appendVersions(tx, organizationId, [...plans.values()], now);
  return planIds;
}

/** Takes the metric and every charge on it out of the catalog (1.3 of the metering spec); the event carries the plans concerned. */
export async function removeMetric(
  app: App,
  organization: Organization,
  code: string,
  now: Temporal.Instant,
): Promise<BillableMetric> {
  return inTransaction(app.db, async (tx) => {
    await claimCatalog(tx, organization.id);
    const metric = await getMetric(tx, organization.id, code);
    const planIds = await deleteMetric(tx, organization.id, metric.id, now);
    const plans = await loadPlans(tx, organization.id, planIds);
    await appendVersions(tx, organization.id, [...plans.values()], now);
    await tell(app, tx, organization, "deleted", metric, now, { plan_ids: planIds });
    return metric;
  });
}
