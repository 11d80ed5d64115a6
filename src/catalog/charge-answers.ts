/** The answers about the charges and filters of one plan, whichever route asks. */
import { offsetOf, type Page, pageMeta } from "../kernel/pages.ts";
import { chargeNamed, newestFirst } from "./charges-service.ts";
import { filterNamed } from "./filters-service.ts";
import { presentCharge, presentFilter } from "./present.ts";
import type { StoredPlan } from "./stored.ts";

/** A page of a plan's charges, newest first. */
export function answerCharges({ charges }: StoredPlan, page: Page) {
  const from = offsetOf(page);
  const shown = newestFirst(charges).slice(from, from + page.perPage);
  return { charges: shown.map(presentCharge), meta: pageMeta(page, charges.length) };
}

/** 404 `charge_not_found`. */
export function answerCharge(plan: StoredPlan, code: string) {
  return { charge: presentCharge(chargeNamed(plan, code)) };
}

/** A page of a charge's filters in their order; 404 `charge_not_found`. */
export function answerFilters(plan: StoredPlan, chargeCode: string, page: Page) {
  const charge = chargeNamed(plan, chargeCode);
  const from = offsetOf(page);
  const shown = charge.filters.slice(from, from + page.perPage);
  return {
    filters: shown.map((filter) => presentFilter({ charge, filter })),
    meta: pageMeta(page, charge.filters.length),
  };
}

/** 404 `charge_not_found`, `charge_filter_not_found`. */
export function answerFilter(plan: StoredPlan, chargeCode: string, id: string) {
  const charge = chargeNamed(plan, chargeCode);
  return { filter: presentFilter({ charge, filter: filterNamed(charge, id) }) };
}
