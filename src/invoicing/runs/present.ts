/** Runs of billing and who is set aside, as the API shows them. */
import { toMilliseconds, toSeconds } from "../../kernel/wire.ts";
import type { BillingFailure, BillingRun, BillingRunError } from "./model.ts";
import { LATELY_SECONDS } from "./reading.ts";

type Json = Record<string, unknown>;

const secondsBetween = (from: Temporal.Instant, to: Temporal.Instant) =>
  Math.max(to.since(from).total("seconds"), 0.001);

function statusOf({ finished_at, is_alive }: BillingRun): "running" | "finished" | "interrupted" {
  if (finished_at !== null) return "finished";
  return is_alive ? "running" : "interrupted";
}

/** Customers a second: of the last minute while it runs, of the whole run once it is finished. */
function rateOf(run: BillingRun, now: Temporal.Instant): number {
  const { started_at, finished_at, customers_due, customers_done_lately } = run;
  if (finished_at !== null) return customers_due / secondsBetween(started_at, finished_at);
  return customers_done_lately / Math.min(secondsBetween(started_at, now), LATELY_SECONDS);
}

const YEAR_SECONDS = 31_536_000;

/** `now`: the machine's. */
export function presentRun(run: BillingRun, now: Temporal.Instant): Json {
  const status = statusOf(run);
  const rate = rateOf(run, now);
  const left = (run.customers_due - run.customers_done) / rate;
  const isTold = status === "running" && left < YEAR_SECONDS;
  return {
    lago_id: run.id,
    kind: run.kind,
    status,
    due_until: toSeconds(run.due_until),
    started_at: toMilliseconds(run.started_at),
    finished_at: run.finished_at === null ? null : toMilliseconds(run.finished_at),
    estimated_finish_at: isTold ? toSeconds(now.add({ seconds: Math.ceil(left) })) : null,
    customers_per_second: Math.round(rate * 10) / 10,
    batches_count: run.batches,
    batches_done_count: run.batches_done,
    customers_due_count: run.customers_due,
    customers_done_count: run.customers_done,
    customers_billed_count: run.customers_billed,
    customers_set_aside_count: run.customers_set_aside,
    customers_skipped_count: run.customers_done - run.customers_billed - run.customers_set_aside,
    invoices_count: run.invoices,
  };
}

type Failed = Pick<
  BillingFailure,
  "customer_id" | "external_customer_id" | "customer_name" | "error" | "attempts" | "failed_at" | "retry_at"
>;

export function presentFailure(failed: Failed): Json {
  return {
    lago_customer_id: failed.customer_id,
    external_customer_id: failed.external_customer_id,
    customer_name: failed.customer_name,
    error: failed.error,
    attempts: failed.attempts,
    failed_at: toSeconds(failed.failed_at),
    retry_at: toSeconds(failed.retry_at),
  };
}

export function presentRunError(error: BillingRunError): Json {
  return { ...presentFailure(error), set_aside: error.is_set_aside };
}
