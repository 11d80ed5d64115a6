/** Amounts and parts in words. Pure. */
import { exponentOf } from "../../kernel/currency.ts";
import { type Dec, round } from "../../kernel/decimal.ts";
import type { PricePart } from "../../rating/index.ts";
import type { ExplainedPart } from "./model.ts";

/** What amounts are written in: a currency, or the credits of a pricing unit. */
export interface MoneyUnit {
  readonly name: string;
  readonly places: number;
}

export const currencyUnit = (currency: string): MoneyUnit => ({ name: currency, places: exponentOf(currency) });

/** Every digit, at least those of the unit: "12.50 EUR", "0.0025 EUR". */
export function inMoney(amount: Dec, { name, places }: MoneyUnit): string {
  const isShort = round(amount, places).eq(amount);
  return `${isShort ? amount.toFixed(places) : plain(amount)} ${name}`;
}

/** Without zeros at the end. */
export function plain(value: Dec): string {
  const text = value.toFixed();
  return text.includes(".") ? text.replace(/0+$/, "").replace(/\.$/, "") : text;
}

export const counted = (quantity: Dec | number, one: string, many = `${one}s`): string => {
  const text = typeof quantity === "number" ? String(quantity) : plain(quantity);
  return `${text} ${text === "1" ? one : many}`;
};

function tierName(tier: PricePart["tier"]): string {
  if (tier === null) return "";
  const { from_value, to_value } = tier;
  return to_value === null ? `Tier from ${from_value}: ` : `Tier ${from_value} to ${to_value}: `;
}

const NOUNS: { readonly [K in PricePart["kind"]]?: readonly [string, string] } = {
  units: ["unit", "units"],
  packages: ["package", "packages"],
  rate: ["unit", "units"],
  fixed_amount: ["event", "events"],
  minimum: ["event at the minimum", "events at the minimum"],
  maximum: ["event at the maximum", "events at the maximum"],
  free_units: ["unit", "units"],
  free_events: ["event", "events"],
};

const AMOUNTS: { readonly [K in PricePart["kind"]]?: string } = {
  event_amounts: "Sent with the events",
  min_max: "Up to the event's minimum, or down to its maximum",
  script: "Added up by the metric's script",
  not_below_zero: "Less than nothing is not charged",
  without_units: "Without units nothing is due",
};

function wordsOf(part: PricePart, money: MoneyUnit): string {
  const { kind, quantity, price, amount } = part;
  const total = inMoney(amount, money);
  if (quantity === null || price === null) return `${AMOUNTS[kind] ?? kind}: ${total}`;
  if (kind === "flat_fee") return `flat fee ${total}`;
  const amountOf = counted(quantity, ...(NOUNS[kind] ?? ["unit", "units"]));
  if (kind === "free_units" || kind === "free_events") return `${amountOf} free`;
  return `${amountOf} × ${kind === "rate" ? `${plain(price)} %` : inMoney(price, money)} = ${total}`;
}

export function inWords(part: PricePart, money: MoneyUnit): ExplainedPart {
  return { ...part, text: `${tierName(part.tier)}${wordsOf(part, money)}` };
}
