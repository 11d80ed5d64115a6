/** Fixed charges in a simulation: units that nothing has recorded yet, and what its own earlier invoices have paid. Pure. */
import { ownUnitsOf, type UnitOverrides } from "../../catalog/index.ts";
import { ZERO } from "../../kernel/decimal.ts";
import { currentFixedChargesWindow, firstUnitsAt, termsOf } from "../../subscriptions/index.ts";
import type { PlannedInvoice } from "../model.ts";
import type { RatedPeriod } from "../rules/charge-fees.ts";
import type { DayIn } from "../rules/dates.ts";
import type { BillingFacts } from "../rules/due-periods.ts";
import { unitsFee } from "../rules/fixed-charge-fees.ts";
import { unitsInvoice } from "../rules/units-invoice.ts";
import type { SimulatedInvoice } from "./model.ts";

/** `own`: units that a proposal has of its own, which are stored nowhere. */
export function withFixedCharges(
  rated: RatedPeriod,
  own: UnitOverrides | null,
  earlier: readonly SimulatedInvoice[],
): RatedPeriod {
  const { fixed_charges: facts } = rated;
  if (facts === null) return rated;
  return {
    ...rated,
    fixed_charges: {
      ...facts,
      recordsOf(subscriptionId, charge) {
        const records = facts.recordsOf(subscriptionId, charge);
        const units = own === null ? null : ownUnitsOf(own, subscriptionId, charge.id);
        return units === null ? records : records.map((record) => ({ ...record, units }));
      },
      paidFor(subscriptionId, charge, window) {
        const paid = earlier
          .flatMap(({ invoice }) => invoice.periods)
          .filter(({ subscription }) => subscription.id === subscriptionId)
          .flatMap(({ fees }) => fees)
          .find(
            ({ fixed_charge_id, from, to, pay_in_advance }) =>
              fixed_charge_id === charge.id && pay_in_advance && from.equals(window.from) && to.equals(window.to),
          );
        return facts.paidFor(subscriptionId, charge, window) ?? paid?.units ?? null;
      },
    },
  };
}

/** The invoice of the first units in advance of what begins without a fee. */
export function firstUnitsInvoice(facts: BillingFacts, own: UnitOverrides, today: DayIn): PlannedInvoice {
  const { subscription, plan, customer } = facts;
  const { timezone } = customer;
  const terms = termsOf(subscription, plan, timezone);
  const at = firstUnitsAt(terms.started_at);
  const window = currentFixedChargesWindow(terms, at);
  const fees = plan.fixed_charges
    .filter(({ pay_in_advance }) => pay_in_advance)
    .map((charge) => {
      const units = ownUnitsOf(own, subscription.id, charge.id) ?? charge.units;
      return unitsFee({ charge, units, at, paid: ZERO, window, timezone, currency: plan.amount_currency });
    });
  return unitsInvoice(facts, { terms, at, fees, isStart: true }, today);
}
