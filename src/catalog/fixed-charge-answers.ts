/** The answers about the fixed charges of one plan, whichever route asks. */
import type { Dec } from "../kernel/decimal.ts";
import { offsetOf, type Page, pageMeta } from "../kernel/pages.ts";
import { newestFirst } from "./charges-service.ts";
import { fixedChargeNamed } from "./fixed-charges-service.ts";
import { presentFixedCharge } from "./present-plan-parts.ts";
import type { StoredFixedCharge, StoredPlan } from "./stored.ts";

/** Units that a subscription has of its own; null: those of the plan. */
export type OwnUnits = (fixedChargeId: string) => Dec | null;

const ofPlan: OwnUnits = () => null;

function present(charge: StoredFixedCharge, ownUnits: OwnUnits) {
  return presentFixedCharge(charge, ownUnits(charge.id) ?? charge.units);
}

/** A page of a plan's fixed charges, newest first. */
export function answerFixedCharges({ fixed_charges }: StoredPlan, page: Page, ownUnits = ofPlan) {
  const from = offsetOf(page);
  const shown = newestFirst(fixed_charges).slice(from, from + page.perPage);
  return {
    fixed_charges: shown.map((charge) => present(charge, ownUnits)),
    meta: pageMeta(page, fixed_charges.length),
  };
}

/** 404 `fixed_charge_not_found`. */
export function answerFixedCharge(plan: StoredPlan, code: string, ownUnits = ofPlan) {
  return { fixed_charge: present(fixedChargeNamed(plan, code), ownUnits) };
}
