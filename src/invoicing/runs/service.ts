/** Trying customers again that are set aside. */
import type { App } from "../../app.ts";
import type { Organization } from "../../identity/index.ts";
import { enqueue } from "../../jobs/index.ts";
import { Refusal } from "../../kernel/failure.ts";
import { newId } from "../../kernel/ids.ts";
import { inTransaction } from "../../storage/database.ts";
import { retries } from "../billing/jobs.ts";
import { retryNow } from "./reading.ts";

/**
 * All that are set aside (null), or these: they are tried again at once, in the background. Answers how many they are;
 * 404 `billing_failure_not_found` where one is not set aside, and then none is tried.
 */
export async function retrySetAside(
  app: App,
  organization: Organization,
  externalCustomerIds: readonly string[] | null,
  now: Temporal.Instant,
): Promise<number> {
  return inTransaction(app.db, async (tx) => {
    const chosen = new Set(await retryNow(tx, organization.id, externalCustomerIds, now));
    if (externalCustomerIds?.some((id) => !chosen.has(id))) throw new Refusal("billing_failure_not_found");
    if (chosen.size > 0)
      await enqueue(tx, organization, retries, { organization_id: organization.id, run_id: newId() });
    return chosen.size;
  });
}
