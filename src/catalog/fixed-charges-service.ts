/** Fixed charges of top-level plans, one by one (10.3 of the metering spec). */
import type { App } from "../app.ts";
import type { Organization } from "../identity/index.ts";
import { invalid, Refusal, refuseIfAny } from "../kernel/failure.ts";
import { newId } from "../kernel/ids.ts";
import type { Tx } from "../storage/database.ts";
import { changeParts, type PlanChange, refuseTaxes } from "./charges-service.ts";
import { addOnsOf } from "./fixed-charge-changes.ts";
import { type FixedChargeWrites, writeFixedCharges } from "./fixed-charges-store.ts";
import { type FixedChargeInput, readChangedFixedCharge, readNewFixedCharge } from "./rules/fixed-charge.ts";
import { type UnitsChange, unitsChanges } from "./rules/units-changes.ts";
import type { StoredFixedCharge, StoredPlan } from "./stored.ts";

/** By code; 404 `fixed_charge_not_found`. */
export function fixedChargeNamed({ fixed_charges }: StoredPlan, code: string): StoredFixedCharge {
  const charge = fixed_charges.find((each) => each.code === code);
  if (charge === undefined) throw new Refusal("fixed_charge_not_found");
  return charge;
}

function refuseTaken({ fixed_charges }: StoredPlan, code: string | null, ownId: string | null): void {
  if (fixed_charges.some((charge) => charge.code === code && charge.id !== ownId))
    throw invalid("code", "value_already_exist");
}

/** Answers what the plan's subscriptions are told of. */
async function write(
  tx: Tx,
  organizationId: string,
  plan: StoredPlan,
  writes: FixedChargeWrites,
  now: Temporal.Instant,
): Promise<readonly UnitsChange[]> {
  await writeFixedCharges(tx, organizationId, writes, now);
  return unitsChanges(new Map(plan.fixed_charges.map((charge) => [charge.id, charge])), writes);
}

function withId({ fixed_charges }: StoredPlan, id: string): StoredFixedCharge {
  const charge = fixed_charges.find((each) => each.id === id);
  if (charge === undefined) throw new Error(`fixed charge ${id} is not there after its own change`);
  return charge;
}

/** Unlike a plan's list, this makes no code from the add-on's. */
export async function createFixedCharge(
  app: App,
  organization: Organization,
  change: PlanChange,
  input: FixedChargeInput,
): Promise<StoredFixedCharge> {
  const id = newId();
  const { after } = await changeParts(app, organization, change, async (tx, plan) => {
    const addOn = (await addOnsOf(tx, organization.id, [input], "add_on_not_found"))(input);
    if (addOn === undefined) throw invalid("add_on", "value_is_mandatory");
    const { terms, problems } = readNewFixedCharge(input, addOn);
    const missing = terms.code === null ? [{ field: "code", code: "value_is_mandatory" }] : [];
    refuseIfAny([...problems, ...missing]);
    refuseTaken(plan, terms.code, null);
    refuseTaxes(input);
    const written = {
      ...terms,
      code: terms.code ?? "",
      applies_at_once: input.apply_units_immediately ?? false,
    };
    const inserted = [{ id, planId: plan.id, parentId: null, terms: written }];
    return write(tx, organization.id, plan, { inserted, changed: new Map(), goneIds: [] }, change.now);
  });
  return withId(after, id);
}

export async function changeFixedCharge(
  app: App,
  organization: Organization,
  change: PlanChange,
  code: string,
  input: FixedChargeInput,
): Promise<StoredFixedCharge> {
  let id = "";
  const { after } = await changeParts(app, organization, change, async (tx, plan) => {
    const charge = fixedChargeNamed(plan, code);
    const { terms, problems } = readChangedFixedCharge(input, charge, plan.attached);
    refuseIfAny(problems);
    refuseTaken(plan, terms.code, charge.id);
    refuseTaxes(input);
    const written = {
      ...terms,
      code: terms.code ?? charge.code,
      applies_at_once: input.apply_units_immediately ?? false,
    };
    const changed = new Map([[charge.id, written]]);
    id = charge.id;
    return write(tx, organization.id, plan, { inserted: [], changed, goneIds: [] }, change.now);
  });
  return withId(after, id);
}

/** Takes a fixed charge off the plan; fees that it has made stay. */
export async function removeFixedCharge(
  app: App,
  organization: Organization,
  change: PlanChange,
  code: string,
): Promise<StoredFixedCharge> {
  const { before } = await changeParts(app, organization, change, async (tx, plan) => {
    const goneIds = [fixedChargeNamed(plan, code).id];
    return write(tx, organization.id, plan, { inserted: [], changed: new Map(), goneIds }, change.now);
  });
  return fixedChargeNamed(before, code);
}
