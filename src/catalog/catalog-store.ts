/** The catalog's version: every write of an organization's catalog goes through here first. */
import { sql } from "kysely";
import type { Tx } from "../storage/database.ts";

/**
 * Counts a write to the organization's catalog. The row stays locked until the transaction ends, so that writers of one
 * organization go one after another: call it before anything is read that the write depends on.
 */
export async function claimCatalog(tx: Tx, organizationId: string): Promise<void> {
  await tx
    .updateTable("organizations")
    .set({ catalog_version: sql`catalog_version + 1` })
    .where("id", "=", organizationId)
    .execute();
}
