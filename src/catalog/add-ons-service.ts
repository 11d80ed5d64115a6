/** What can be done with add-ons. */
import type { App } from "../app.ts";
import type { Organization } from "../identity/index.ts";
import { invalid, Refusal, refuseIfAny } from "../kernel/failure.ts";
import { newId } from "../kernel/ids.ts";
import { type DbOrTx, inTransaction } from "../storage/database.ts";
import { deleteAddOn, findAddOns, insertAddOn, updateAddOn } from "./add-ons-store.ts";
import { claimCatalog } from "./catalog-store.ts";
import type { AddOn } from "./model.ts";
import { loadPlans } from "./plans-store.ts";
import { type AddOnInput, readAddOn, readNewAddOn } from "./rules/add-on.ts";
import { appendVersions } from "./versions-store.ts";

/** An add-on by code; Refusal add_on_not_found. */
export async function getAddOn(db: DbOrTx, organizationId: string, code: string): Promise<AddOn> {
  const addOn = (await findAddOns(db, organizationId, [], [code])).byCode.get(code);
  if (addOn === undefined) throw new Refusal("add_on_not_found");
  return addOn;
}

const taken = () => invalid("code", "value_already_exist");

/** No tax exists yet, so each code names an unknown one. */
function refuseTaxes({ tax_codes }: AddOnInput): void {
  if ((tax_codes ?? []).length > 0) throw new Refusal("tax_not_found");
}

export async function createAddOn(
  app: App,
  organization: Organization,
  input: AddOnInput,
  now: Temporal.Instant,
): Promise<AddOn> {
  const { terms, problems } = readNewAddOn(input);
  refuseIfAny(problems);
  return inTransaction(app.db, async (tx) => {
    await claimCatalog(tx, organization.id);
    const addOn = await insertAddOn(tx, organization.id, newId(), terms, now);
    if (addOn === "duplicate") throw taken();
    refuseTaxes(input);
    return addOn;
  });
}

export async function changeAddOn(
  app: App,
  organization: Organization,
  code: string,
  input: AddOnInput,
  now: Temporal.Instant,
): Promise<AddOn> {
  return inTransaction(app.db, async (tx) => {
    await claimCatalog(tx, organization.id);
    const before = await getAddOn(tx, organization.id, code);
    const { terms, problems } = readAddOn(input, before);
    refuseIfAny(problems);
    const addOn = await updateAddOn(tx, organization.id, before.id, terms, now);
    if (addOn === "duplicate") throw taken();
    refuseTaxes(input);
    return addOn;
  });
}

/** Takes the add-on and every fixed charge on it out of the catalog; fees keep what they are for. */
export async function removeAddOn(
  app: App,
  organization: Organization,
  code: string,
  now: Temporal.Instant,
): Promise<AddOn> {
  return inTransaction(app.db, async (tx) => {
    await claimCatalog(tx, organization.id);
    const addOn = await getAddOn(tx, organization.id, code);
    const planIds = await deleteAddOn(tx, organization.id, addOn.id, now);
    const plans = await loadPlans(tx, organization.id, planIds);
    await appendVersions(tx, organization.id, [...plans.values()], now);
    return addOn;
  });
}
