/** Metadata of a plan (10.9 of the metering spec). */
import type { App } from "../app.ts";
import type { Organization } from "../identity/index.ts";
import { Refusal, refuseIfAny } from "../kernel/failure.ts";
import { type Metadata, mergedMetadata, readMetadata, withoutKey } from "../kernel/metadata.ts";
import { inTransaction } from "../storage/database.ts";
import { claimCatalog } from "./catalog-store.ts";
import { setMetadata } from "./plan-parts-store.ts";
import { lockPlan } from "./plans-store.ts";

export type MetadataChange =
  /** Null: nothing is left. */
  | { readonly kind: "replace"; readonly given: Readonly<Record<string, unknown>> | null }
  /** Null changes nothing. */
  | { readonly kind: "merge"; readonly given: Readonly<Record<string, unknown>> | null }
  | { readonly kind: "remove_key"; readonly key: string };

/** 422, or 404 `metadata_not_found` where a key is to go and there is no metadata. */
function changed(before: Metadata | null, change: MetadataChange): Metadata | null {
  if (change.kind === "remove_key") {
    if (before === null) throw new Refusal("metadata_not_found");
    return withoutKey(before, change.key);
  }
  if (change.given === null) return change.kind === "merge" ? before : null;
  const { metadata, problems } = readMetadata(change.given);
  refuseIfAny(problems);
  if (change.kind === "replace") return metadata;
  const merged = readMetadata(mergedMetadata(before, metadata));
  refuseIfAny(merged.problems);
  return merged.metadata;
}

/** Answers the metadata as it is then. 404 `plan_not_found`. */
export async function changePlanMetadata(
  app: App,
  organization: Organization,
  planCode: string,
  change: MetadataChange,
  now: Temporal.Instant,
): Promise<Metadata | null> {
  return inTransaction(app.db, async (tx) => {
    await claimCatalog(tx, organization.id);
    const plan = await lockPlan(tx, organization.id, planCode);
    if (plan === null) throw new Refusal("plan_not_found");
    const metadata = changed(plan.metadata, change);
    await setMetadata(tx, organization.id, plan.id, metadata, now);
    return metadata;
  });
}
