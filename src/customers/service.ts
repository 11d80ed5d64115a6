/** Customers: made, changed, found, deleted. */
import { isDeepStrictEqual } from "node:util";
import type { Static } from "typebox";
import type { App } from "../app.ts";
import {
  type BillingEntity,
  findBillingEntities,
  findBillingEntity,
  findDefaultBillingEntity,
  findOrganization,
  loadBillingEntity,
  type Organization,
  takeNumbers,
} from "../identity/index.ts";
import { publish } from "../jobs/index.ts";
import { invalid, type Problem, Refusal, refuseIfAny } from "../kernel/failure.ts";
import { newId } from "../kernel/ids.ts";
import type { Page } from "../kernel/pages.ts";
import { type Db, type DbOrTx, inTransaction, type Tx } from "../storage/database.ts";
import { findCustomer } from "./billed.ts";
import { askAbout } from "./eu-vat/jobs.ts";
import { decideVat } from "./eu-vat/rules.ts";
import type { CustomerFilters } from "./filters.ts";
import type { BilledCustomer, CustomerChange, CustomerRow, CustomerView } from "./model.ts";
import { customerEvent, presentCustomer } from "./present.ts";
import { readCustomer, readExternalId, slugOf } from "./rules.ts";
import type { CustomerInput } from "./schemas.ts";
import {
  columnsOf,
  findView,
  insertCustomer,
  listViews,
  loadViews,
  lockOrClaim,
  setBlankCurrency,
  setUsed,
  updateCustomer,
} from "./store.ts";

/** Makes the customer of an external id, or changes what the request names (1.3 of the subscriptions spec). */
export async function upsertCustomer(
  app: App,
  organization: Organization,
  input: Static<typeof CustomerInput>,
  now: Temporal.Instant,
): Promise<CustomerView> {
  return inTransaction(app.db, (tx) => upsertCustomerIn(app, tx, organization, input, now));
}

/** As upsertCustomer, in the caller's transaction. */
export async function upsertCustomerIn(
  app: App,
  tx: Tx,
  organization: Organization,
  input: Static<typeof CustomerInput>,
  now: Temporal.Instant,
): Promise<CustomerView> {
  const entity = await entityNamed(tx, organization.id, input.billing_entity_code);
  const externalIdProblems: Problem[] = [];
  const externalId = readExternalId(input.external_id, externalIdProblems);
  refuseIfAny(externalIdProblems);
  const current = await lockOrClaim(tx, organization.id, externalId);
  const { change, problems } = readCustomer(input, current, { newId, now });
  refuseIfAny(problems);
  // No tax exists yet, so any code is an unknown one.
  if (input.tax_codes && input.tax_codes.length > 0) throw new Refusal("tax_not_found");
  const canAskVies = app.config.viesUrl !== null;
  if (current === null) await createCustomer(app, tx, organization, { externalId, change, entity, canAskVies, now });
  else await changeCustomer(app, tx, organization, { current, change, entity, now });
  return viewOf(tx, organization.id, externalId);
}

/** Null where the request names none. */
async function entityNamed(
  tx: Tx,
  organizationId: string,
  code: string | null | undefined,
): Promise<BillingEntity | null> {
  if (code === undefined || code === null) return null;
  const entity = await findBillingEntity(tx, organizationId, code);
  if (entity === null) throw new Refusal("billing_entity_not_found");
  return entity;
}

interface Creation {
  readonly externalId: string;
  readonly change: CustomerChange;
  /** The default one where null. */
  readonly entity: BillingEntity | null;
  /** Whether a VAT number can be checked. */
  readonly canAskVies: boolean;
  readonly now: Temporal.Instant;
}

/** The sequential id is taken in the customer's own transaction: no gap, whoever creates at once. */
async function createCustomer(
  app: Pick<App, "reactions">,
  tx: Tx,
  organization: Organization,
  { externalId, change, entity, canAskVies, now }: Creation,
): Promise<void> {
  const billingEntity = entity ?? (await findDefaultBillingEntity(tx, organization.id));
  if (billingEntity === null) throw new Refusal("billing_entity_not_found");
  const { document_number_prefix } = await findOrganization(tx, organization.id);
  const numbers = await takeNumbers(tx, organization.id, "customer", [{ scope: "", count: 1 }]);
  const sequentialId = numbers.get("") as bigint;
  const id = newId();
  const { country = null, zipcode = null, tax_identification_number = null } = change;
  const facts = { country, zipcode, tax_identification_number };
  const { ask, ...vat } = decideVat(facts, billingEntity, null, { canAsk: canAskVies });
  const written = await insertCustomer(tx, {
    ...columnsOf({ ...change, ...vat }),
    organization_id: organization.id,
    id,
    external_id: externalId,
    billing_entity_id: billingEntity.id,
    sequential_id: sequentialId,
    slug: slugOf(document_number_prefix, sequentialId),
    created_at: now,
    updated_at: now,
  });
  if (written === "external_id_taken") throw invalid("external_id", "value_already_exist");
  await askAbout(tx, organization, id, ask, now);
  await publish(app, tx, organization, [customerEvent("customer.created", id)], now);
}

interface Change {
  readonly current: CustomerRow;
  readonly change: CustomerChange;
  readonly entity: BillingEntity | null;
  readonly now: Temporal.Instant;
}

/** Writes what differs, and tells the later rooms which columns those were: a time zone moves billing days. */
async function changeCustomer(
  app: App,
  tx: Tx,
  organization: Organization,
  { current, change, entity, now }: Change,
): Promise<void> {
  const billingEntity = entity ?? (await loadBillingEntity(tx, organization.id, current.billing_entity_id));
  if (billingEntity === null) throw new Error(`customer ${current.id} lacks its billing entity`);
  const canAsk = app.config.viesUrl !== null;
  const { ask, ...vat } = decideVat({ ...current, ...change }, billingEntity, current, { canAsk });
  await askAbout(tx, organization, current.id, ask, now);
  const wanted: CustomerChange = { ...change, ...vat, billing_entity_id: billingEntity.id };
  const changed = Object.entries(wanted)
    .filter(([column, value]) => !isDeepStrictEqual(value, current[column as keyof CustomerRow]))
    .map(([column]) => column);
  if (changed.length === 0) return;
  await updateCustomer(tx, organization.id, current.id, { ...wanted, updated_at: now });
  await publish(app, tx, organization, [customerEvent("customer.updated", current.id, { changed })], now);
}

/** The living customer of an external id; 404 `customer_not_found`. */
export async function viewOf(db: DbOrTx, organizationId: string, externalId: string): Promise<CustomerView> {
  const customer = await findView(db, organizationId, externalId);
  if (customer === null) throw new Refusal("customer_not_found");
  return customer;
}

/** 404 where a billing entity of the filter is unknown. */
export async function listCustomers(
  db: Db,
  organizationId: string,
  filters: CustomerFilters,
  page: Page,
): Promise<{ customers: CustomerView[]; count: number }> {
  const codes = new Set(filters.billing_entity_codes);
  const known = codes.size === 0 ? null : await findBillingEntities(db, organizationId, [...codes]);
  if (known !== null && known.size < codes.size) throw new Refusal("billing_entity_not_found");
  return listViews(db, organizationId, filters, page);
}

/**
 * The customer of an external id, made in the given billing entity (else the default one) where there is none:
 * creating a subscription may name a customer who is not there yet. Give `app` so that the reactions to
 * `customer.created` follow. Refuses a blank or too long external id (422) and an unknown billing entity (404).
 */
export async function findOrCreateCustomer(
  tx: Tx,
  organization: Organization,
  externalId: string,
  billingEntityCode: string | null,
  now: Temporal.Instant,
  app: Pick<App, "reactions"> = { reactions: new Map() },
): Promise<BilledCustomer> {
  const problems: Problem[] = [];
  const name = readExternalId(externalId, problems);
  refuseIfAny(problems);
  const known = await findCustomer(tx, organization.id, name);
  if (known !== null) return known;
  const entity = await entityNamed(tx, organization.id, billingEntityCode);
  if ((await lockOrClaim(tx, organization.id, name)) === null) {
    const creation = { externalId: name, change: {}, entity, canAskVies: false, now };
    await createCustomer(app, tx, organization, creation);
  }
  const created = await findCustomer(tx, organization.id, name);
  if (created === null) throw new Refusal("customer_not_found");
  return created;
}

/** A customer's currency is the first one that it needed (1.5 of the subscriptions spec). */
export async function setCurrencyIfBlank(
  tx: Tx,
  organizationId: string,
  customerId: string,
  currency: string,
): Promise<void> {
  await setBlankCurrency(tx, organizationId, customerId, currency);
}

/**
 * From the first subscription or invoice on, a customer's external id and account type are fixed. The row stays locked
 * until the transaction ends: nobody deletes it meanwhile. 404 where it has been deleted already.
 */
export async function markCustomerUsed(tx: Tx, organizationId: string, customerId: string): Promise<void> {
  if (!(await setUsed(tx, organizationId, customerId))) throw new Refusal("customer_not_found");
}

/** The JSON of customers as other resources show them, by id; deleted ones too. */
export async function presentCustomersOf(
  db: DbOrTx,
  organizationId: string,
  ids: readonly string[],
): Promise<Map<string, Record<string, unknown>>> {
  const customers = await loadViews(db, organizationId, ids);
  return new Map(customers.map((customer) => [customer.id, presentCustomer(customer)]));
}
