/** Explanations as the API shows them: every decimal as a text, with all its digits. Pure. */
import { DateTime, DecimalText, Meta, nullable, t, Uuid } from "../../http/schemas.ts";
import { dec, toWire } from "../../kernel/decimal.ts";
import { inMajorUnits } from "../../kernel/money.ts";
import { type Page, pageMeta } from "../../kernel/pages.ts";
import { toInclusiveEnd, toMilliseconds, toSeconds } from "../../kernel/wire.ts";
import type { CountedEvents } from "../../metering/index.ts";
import type { CountedFees } from "./counted-fees.ts";
import type { FeeExplanation } from "./fee.ts";
import type { Explanation } from "./model.ts";
import { counted, currencyUnit, inMoney } from "./words.ts";

const Amount = nullable(DecimalText);

const Events = t.Object({
  total_count: t.Integer({ description: "All events that were looked at." }),
  counted_count: t.Integer({ description: "Those that have what the metric counts." }),
  carried_count: t.Integer({ description: "Of the counted ones, those before the period (recurring metrics)." }),
  late_count: nullable(t.Integer({ description: "Received after the fee was made: they are not in it." })),
  first_at: nullable(DateTime),
  last_at: nullable(DateTime),
  page: t.Array(
    t.Object({
      lago_id: Uuid,
      transaction_id: t.String(),
      timestamp: DateTime,
      value: nullable(t.String()),
      counted: t.Boolean(),
      carried: t.Boolean(),
      properties: t.Record(t.String(), t.Unknown()),
    }),
  ),
  meta: Meta,
});

const Fees = t.Object(
  {
    total_count: t.Integer(),
    total_amount_cents: t.Integer({ description: "Of all of them, before coupons and taxes." }),
    page: t.Array(
      t.Object({
        lago_id: Uuid,
        lago_invoice_id: nullable(Uuid),
        fee_type: t.String(),
        amount_cents: t.Integer(),
        from_datetime: DateTime,
        to_datetime: DateTime,
      }),
    ),
    meta: Meta,
  },
  { description: "Those that count towards a minimum commitment; null for other fees." },
);

const explanation = {
  title: t.String(),
  amount_cents: t.Integer(),
  amount_currency: t.String(),
  from_datetime: nullable(DateTime),
  to_datetime: nullable(DateTime),
  lago_plan_id: nullable(Uuid),
  plan_version: nullable(t.Integer()),
  charge: nullable(
    t.Object({
      lago_id: Uuid,
      code: t.String(),
      charge_model: t.String(),
      billable_metric_code: t.String(),
      aggregation_type: t.String(),
      filter: nullable(t.Record(t.String(), t.Array(t.String()))),
      grouped_by: t.Record(t.String(), nullable(t.String())),
      properties: t.Record(t.String(), t.Unknown()),
    }),
  ),
  units: t.Array(t.Object({ step: t.String(), units: DecimalText, text: t.String() })),
  parts: t.Array(
    t.Object({
      kind: t.String(),
      tier: nullable(t.Object({ from_value: t.Unknown(), to_value: t.Unknown() })),
      quantity: Amount,
      price: Amount,
      amount: DecimalText,
      text: t.String(),
    }),
  ),
  amounts: t.Array(
    t.Object({ step: t.String(), amount: DecimalText, unit: t.String(), difference: DecimalText, text: t.String() }),
  ),
  reproduced: t.Boolean({ description: "Whether counting anew gives the same amount." }),
  events: nullable(Events),
  text: t.Array(t.String(), { description: "All of it in words, line by line." }),
};

export const UsageExplanationAnswer = t.Object({ explanation: t.Object(explanation) });
export const FeeExplanationAnswer = t.Object({
  explanation: t.Object({ lago_fee_id: Uuid, ...explanation, counted_fees: nullable(Fees) }),
});

export function presentFeeExplanation(explained: FeeExplanation, page: Page) {
  const { fee, counted_fees: fees } = explained;
  return {
    explanation: {
      lago_fee_id: fee.id,
      ...presented(explained, page),
      counted_fees: fees && presentFees(fees, page),
    },
  };
}

export function presentExplanation(explained: Explanation, page: Page) {
  return { explanation: presented(explained, page) };
}

function presented(explained: Explanation, page: Page) {
  const { window, plan, events, units, parts, amounts, currency } = explained;
  return {
    title: explained.title,
    amount_cents: explained.amount_cents,
    amount_currency: currency,
    from_datetime: window === null ? null : toSeconds(window.from),
    to_datetime: window === null ? null : toInclusiveEnd(window.to),
    lago_plan_id: plan?.id ?? null,
    plan_version: plan?.version_no ?? null,
    charge: presentLine(explained),
    units: units.map((each) => ({ ...each, units: toWire(each.units) })),
    parts: parts.map(({ kind, tier, quantity, price, amount, text }) => ({
      kind,
      tier,
      quantity: quantity && toWire(quantity),
      price: price && toWire(price),
      amount: toWire(amount),
      text,
    })),
    amounts: amounts.map(({ step, amount, unit, difference, text }) => ({
      step,
      amount: toWire(amount),
      unit,
      difference: toWire(difference),
      text,
    })),
    reproduced: explained.is_reproduced,
    events: events && presentEvents(events, page),
    text: textOf(explained),
  };
}

function presentLine({ line }: Explanation) {
  if (line === null) return null;
  const { charge, bucket, grouped_by } = line;
  return {
    lago_id: charge.id,
    code: charge.code,
    charge_model: charge.charge_model,
    billable_metric_code: charge.billable_metric.code,
    aggregation_type: charge.billable_metric.aggregation_type,
    filter: bucket.filter?.values ?? null,
    grouped_by,
    properties: bucket.properties,
  };
}

function presentEvents({ total, counted: own, carried, late, first_at, last_at, events }: CountedEvents, page: Page) {
  return {
    total_count: total,
    counted_count: own,
    carried_count: carried,
    late_count: late,
    first_at: first_at && toMilliseconds(first_at),
    last_at: last_at && toMilliseconds(last_at),
    page: events.map((event) => ({
      lago_id: event.id,
      transaction_id: event.transaction_id,
      timestamp: toMilliseconds(event.timestamp),
      value: event.value,
      counted: event.counts,
      carried: event.is_carried,
      properties: event.properties,
    })),
    meta: pageMeta(page, total),
  };
}

function presentFees({ by_type, total, page: fees }: CountedFees, page: Page) {
  return {
    total_count: total,
    total_amount_cents: by_type.reduce((sum, { amount_cents }) => sum + amount_cents, 0n),
    page: fees.map(({ id, invoice_id, fee_type, amount_cents, from_at, to_at }) => ({
      lago_id: id,
      lago_invoice_id: invoice_id,
      fee_type,
      amount_cents,
      from_datetime: toSeconds(from_at),
      to_datetime: toInclusiveEnd(to_at),
    })),
    meta: pageMeta(page, total),
  };
}

/** Title and amount, the period, the events, then every step. */
function textOf(explained: Explanation): string[] {
  const { title, amount_cents, currency, window, events, units, parts, amounts } = explained;
  const amount = inMoney(inMajorUnits(dec(amount_cents), currency), currencyUnit(currency));
  return [
    `${title}: ${amount}`,
    ...(window === null ? [] : [`From ${toSeconds(window.from)} to ${toInclusiveEnd(window.to)}`]),
    ...(events === null ? [] : eventsText(events, explained.is_reproduced)),
    ...[...units, ...parts, ...amounts].map(({ text }) => text),
  ];
}

function eventsText({ total, counted: own, carried, late, first_at, last_at }: CountedEvents, isReproduced: boolean) {
  const lines = [`${counted(own, "event")} counted${carried > 0 ? `, ${carried} of them before the period` : ""}`];
  if (first_at !== null && last_at !== null)
    lines[0] += `, the first at ${toMilliseconds(first_at)}, the last at ${toMilliseconds(last_at)}`;
  if (total > own) lines.push(`${counted(total - own, "event")} without what the metric counts`);
  if (!isReproduced && late !== null && late > 0)
    lines.push(`${counted(late, "event")} came in after this was billed: not in it`);
  return lines;
}
