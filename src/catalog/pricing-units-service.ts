/** What can be done with pricing units. */
import type { App } from "../app.ts";
import type { Organization } from "../identity/index.ts";
import { publish } from "../jobs/index.ts";
import { invalid, Refusal, refuseIfAny } from "../kernel/failure.ts";
import { newId } from "../kernel/ids.ts";
import { type DbOrTx, inTransaction, type Tx } from "../storage/database.ts";
import { claimCatalog } from "./catalog-store.ts";
import type { PricingUnit } from "./model.ts";
import {
  deletePricingUnit,
  findPricingUnit,
  insertPricingUnit,
  pricingUnitsByCode,
  updatePricingUnit,
} from "./pricing-units-store.ts";
import type { UnitsByCode } from "./rules/applied-unit.ts";
import type { ChargeInput } from "./rules/charge.ts";
import { type PricingUnitInput, readChangedPricingUnit, readNewPricingUnit } from "./rules/pricing-unit.ts";

/** A pricing unit by code; Refusal pricing_unit_not_found. */
export async function getPricingUnit(db: DbOrTx, organizationId: string, code: string): Promise<PricingUnit> {
  const unit = await findPricingUnit(db, organizationId, code);
  if (unit === null) throw new Refusal("pricing_unit_not_found");
  return unit;
}

/** The units that charges name. */
export function unitsOf(db: DbOrTx, organizationId: string, charges: readonly ChargeInput[]): Promise<UnitsByCode> {
  return pricingUnitsByCode(
    db,
    organizationId,
    charges.flatMap(({ applied_pricing_unit }) => applied_pricing_unit?.code || []),
  );
}

function tell(
  app: App,
  tx: Tx,
  organization: Organization,
  what: "created" | "updated" | "deleted",
  { id, code }: PricingUnit,
  now: Temporal.Instant,
): Promise<void> {
  const subject = { subject_type: "pricing_unit", subject_id: id };
  return publish(app, tx, organization, [{ kind: `pricing_unit.${what}`, ...subject, payload: { code } }], now);
}

export async function createPricingUnit(
  app: App,
  organization: Organization,
  input: PricingUnitInput,
  now: Temporal.Instant,
): Promise<PricingUnit> {
  const { terms, problems } = readNewPricingUnit(input);
  refuseIfAny(problems);
  return inTransaction(app.db, async (tx) => {
    await claimCatalog(tx, organization.id);
    const unit = await insertPricingUnit(tx, organization.id, newId(), terms, now);
    if (unit === "duplicate") throw invalid("code", "value_already_exist");
    await tell(app, tx, organization, "created", unit, now);
    return unit;
  });
}

export async function changePricingUnit(
  app: App,
  organization: Organization,
  code: string,
  input: PricingUnitInput,
  now: Temporal.Instant,
): Promise<PricingUnit> {
  return inTransaction(app.db, async (tx) => {
    await claimCatalog(tx, organization.id);
    const before = await getPricingUnit(tx, organization.id, code);
    const { terms, problems } = readChangedPricingUnit(input, before);
    refuseIfAny(problems);
    const unit = await updatePricingUnit(tx, organization.id, before.id, terms, now);
    await tell(app, tx, organization, "updated", unit, now);
    return unit;
  });
}

/** No new charge can be priced in it any more; those that are stay so. */
export async function removePricingUnit(
  app: App,
  organization: Organization,
  code: string,
  now: Temporal.Instant,
): Promise<PricingUnit> {
  return inTransaction(app.db, async (tx) => {
    await claimCatalog(tx, organization.id);
    const unit = await getPricingUnit(tx, organization.id, code);
    await deletePricingUnit(tx, organization.id, unit.id, now);
    await tell(app, tx, organization, "deleted", unit, now);
    return unit;
  });
}
