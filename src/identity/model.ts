/** Organizations and the entities that bill in their name, as rows. */
import type { Insertable, Selectable, Updateable } from "kysely";
import type { BillingEntitiesTable, OrganizationsTable } from "../storage/tables.ts";

export type OrganizationRow = Selectable<OrganizationsTable>;

/** Who bills: every setting that a customer may inherit lives here. */
export type BillingEntity = Selectable<BillingEntitiesTable>;
export type NewBillingEntity = Insertable<BillingEntitiesTable>;
export type BillingEntityChange = Updateable<BillingEntitiesTable>;
