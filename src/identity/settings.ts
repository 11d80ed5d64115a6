/** Organizations' settings and billing entities: read, created, changed. */
import { isDeepStrictEqual } from "node:util";
import type { Static } from "typebox";
import type { App } from "../app.ts";
import { publish } from "../jobs/index.ts";
import { invalid, type Problem, Refusal, refuseIfAny } from "../kernel/failure.ts";
import { newId } from "../kernel/ids.ts";
import { inTransaction, type Tx } from "../storage/database.ts";
import type { Organization } from "./authenticate.ts";
import type { BillingEntity, BillingEntityChange, OrganizationRow } from "./model.ts";
import { prefixOf } from "./organizations.ts";
import { readName, readSettings } from "./rules.ts";
import type { BillingEntityInput, BillingEntityUpdate, OrganizationInput } from "./schemas.ts";
import {
  findBillingEntity,
  findDefaultBillingEntity,
  findOrganization,
  insertBillingEntity,
  lockBillingEntity,
  updateBillingEntity,
  updateOrganization,
} from "./settings-store.ts";
import { readSlug } from "./slug.ts";

export interface OrganizationSettings {
  readonly organization: OrganizationRow;
  readonly entity: BillingEntity;
}

/** An organization's settings are those of the billing entity that shares its id. */
export async function readOrganization({ db }: App, { id }: Organization): Promise<OrganizationSettings> {
  const organization = await findOrganization(db, id);
  const entity = await db
    .selectFrom("billing_entities")
    .selectAll()
    .where("organization_id", "=", id)
    .where("id", "=", id)
    .executeTakeFirstOrThrow();
  return { organization, entity };
}

export async function changeOrganization(
  app: App,
  organization: Organization,
  input: Static<typeof OrganizationInput>,
  now: Temporal.Instant,
): Promise<OrganizationSettings> {
  return inTransaction(app.db, async (tx) => {
    const current = await lockBillingEntity(tx, organization.id, { id: organization.id });
    if (current === null) throw new Refusal("organization_not_found");
    const { change, problems } = readSettings("organization", input, current);
    const found = [...problems];
    const slug = typeof input.slug === "string" ? readSlug(input.slug, found) : undefined;
    refuseIfAny(found);
    refuseTaxes(input.tax_codes);
    const prefix = change.document_number_prefix;
    const written = await updateOrganization(tx, organization.id, {
      ...(slug === undefined ? {} : { slug }),
      ...(prefix === undefined ? {} : { document_number_prefix: prefix }),
      updated_at: now,
    });
    if (written === "slug_taken") throw invalid("slug", "value_already_exist");
    const entity = await applyChange(app, tx, organization, current, change, now);
    return { organization: await findOrganization(tx, organization.id), entity };
  });
}

export interface ShownBillingEntity {
  readonly entity: BillingEntity;
  readonly isDefault: boolean;
}

export async function readBillingEntity({ db }: App, { id }: Organization, code: string): Promise<ShownBillingEntity> {
  const entity = await findBillingEntity(db, id, code);
  if (entity === null) throw new Refusal("billing_entity_not_found");
  return { entity, isDefault: (await findDefaultBillingEntity(db, id))?.id === entity.id };
}

export async function createBillingEntity(
  app: App,
  organization: Organization,
  input: Static<typeof BillingEntityInput>,
  now: Temporal.Instant,
): Promise<ShownBillingEntity> {
  const problems: Problem[] = [];
  const code = readName("code", input.code, problems);
  const name = readName("name", input.name, problems);
  const settings = readSettings("billing_entity", input, null);
  refuseIfAny([...problems, ...settings.problems]);
  refuseTaxes(input.tax_codes);
  const id = newId();
  return inTransaction(app.db, async (tx) => {
    const entity = await insertBillingEntity(tx, {
      document_number_prefix: prefixOf(name, id),
      ...settings.change,
      organization_id: organization.id,
      id,
      code,
      name,
      created_at: now,
      updated_at: now,
    });
    if (entity === "code_taken") throw invalid("code", "value_already_exist");
    const event = { kind: "billing_entity.created", subject_type: "billing_entity", subject_id: id };
    await publish(app, tx, organization, [event], now);
    return { entity, isDefault: (await findDefaultBillingEntity(tx, organization.id))?.id === id };
  });
}

export async function changeBillingEntity(
  app: App,
  organization: Organization,
  code: string,
  input: Static<typeof BillingEntityUpdate>,
  now: Temporal.Instant,
): Promise<ShownBillingEntity> {
  return inTransaction(app.db, async (tx) => {
    const current = await lockBillingEntity(tx, organization.id, { code });
    if (current === null) throw new Refusal("billing_entity_not_found");
    const problems: Problem[] = [];
    const name = input.name === undefined ? current.name : readName("name", input.name, problems);
    const settings = readSettings("billing_entity", input, current);
    refuseIfAny([...problems, ...settings.problems]);
    refuseTaxes(input.tax_codes);
    const entity = await applyChange(app, tx, organization, current, { ...settings.change, name }, now);
    return { entity, isDefault: (await findDefaultBillingEntity(tx, organization.id))?.id === entity.id };
  });
}

/** Writes what differs, and tells the later rooms which settings those were: a time zone moves billing days. */
async function applyChange(
  app: App,
  tx: Tx,
  organization: Organization,
  current: BillingEntity,
  change: BillingEntityChange,
  now: Temporal.Instant,
): Promise<BillingEntity> {
  const changed = Object.entries(change)
    .filter(([column, value]) => !isDeepStrictEqual(value, current[column as keyof BillingEntity]))
    .map(([column]) => column);
  if (changed.length === 0) return current;
  const entity = await updateBillingEntity(tx, organization.id, current.id, { ...change, updated_at: now });
  const event = { kind: "billing_entity.updated", subject_type: "billing_entity", subject_id: current.id };
  await publish(app, tx, organization, [{ ...event, payload: { changed } }], now);
  return entity;
}

/** No tax exists yet, so any code is an unknown one. */
function refuseTaxes(codes: readonly string[] | null | undefined): void {
  if (codes && codes.length > 0) throw new Refusal("tax_not_found");
}
