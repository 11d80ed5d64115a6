/** Charge properties: which keys a model keeps, what is wrong with them, and what they are by default (4.4, 4.5 of the metering spec). */
import { dec } from "../../kernel/decimal.ts";
import type { ChargeModel, ChargeProperties } from "../model.ts";
import { readAmount, readInteger } from "./amounts.ts";
import { readPresentationGroupKeys, readPricingGroupKeys } from "./group-keys.ts";
import { readRanges } from "./ranges.ts";

type Given = Readonly<Record<string, unknown>>;

export interface PropertiesReading {
  /** Only the keys of the model, numbers in their kept form. */
  readonly properties: ChargeProperties;
  /** One per failed check; all are reported under `properties`. */
  readonly codes: readonly string[];
}

/** Collects what is kept and what is wrong, key by key. */
interface Sheet {
  readonly given: Given;
  readonly kept: Record<string, unknown>;
  readonly codes: string[];
}

const isBlank = (value: unknown): boolean => value === null || value === undefined || value === "";

function keep(sheet: Sheet, key: string, value: unknown, code: string): void {
  if (value === null) sheet.codes.push(code);
  else sheet.kept[key] = value;
}

function amount(sheet: Sheet, key: string, code: string): void {
  keep(sheet, key, readAmount(sheet.given[key]), code);
}

function ranges(sheet: Sheet, key: string, prices: Readonly<Record<string, string>>): void {
  const { kept, codes } = readRanges(sheet.given[key], key, prices);
  sheet.kept[key] = kept;
  sheet.codes.push(...codes);
}

function percentage(sheet: Sheet): void {
  const { given } = sheet;
  const isGiven = (key: string) => given[key] !== null && given[key] !== undefined;
  amount(sheet, "rate", "invalid_rate");
  if (isGiven("fixed_amount")) amount(sheet, "fixed_amount", "invalid_fixed_amount");
  if (isGiven("free_units_per_events")) {
    const count = readInteger(given.free_units_per_events, 1);
    keep(sheet, "free_units_per_events", count, "invalid_free_units_per_events");
  }
  if (isGiven("free_units_per_total_aggregation")) {
    amount(sheet, "free_units_per_total_aggregation", "invalid_free_units_per_total_aggregation");
  }
  for (const key of ["per_transaction_max_amount", "per_transaction_min_amount"]) {
    if (!isBlank(given[key])) amount(sheet, key, "invalid_amount");
  }
  const { per_transaction_min_amount: least, per_transaction_max_amount: most } = sheet.kept;
  if (typeof least === "string" && typeof most === "string" && dec(least).gt(dec(most))) {
    sheet.codes.push("per_transaction_max_lower_than_per_transaction_min");
  }
}

const models = {
  standard: (sheet) => amount(sheet, "amount", "invalid_amount"),
  graduated: (sheet) =>
    ranges(sheet, "graduated_ranges", { per_unit_amount: "invalid_amount", flat_amount: "invalid_amount" }),
  package: (sheet) => {
    amount(sheet, "amount", "invalid_amount");
    keep(sheet, "free_units", readInteger(sheet.given.free_units, 0), "invalid_free_units");
    keep(sheet, "package_size", readInteger(sheet.given.package_size, 1), "invalid_package_size");
  },
  percentage,
  volume: (sheet) =>
    ranges(sheet, "volume_ranges", { per_unit_amount: "invalid_amount", flat_amount: "invalid_amount" }),
  graduated_percentage: (sheet) =>
    ranges(sheet, "graduated_percentage_ranges", { rate: "invalid_rate", flat_amount: "invalid_amount" }),
  dynamic: () => {},
  custom: () => {},
} as const satisfies Record<ChargeModel, (sheet: Sheet) => void>;

const CUSTOM_PROPERTIES_LENGTH_MAX = 65_536;

/** What a custom aggregation is given: an object, or the text of one; anything unreadable is empty. */
function readCustomProperties(given: unknown): unknown {
  try {
    const text = typeof given === "string" ? given : JSON.stringify(given);
    if (text.length > CUSTOM_PROPERTIES_LENGTH_MAX || text.includes("\\u0000")) return {};
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === "object" && parsed !== null ? parsed : {};
  } catch {
    return {};
  }
}

export interface PropertiesFacts {
  readonly isCustomMetric: boolean;
}

/** Reads the properties given for a model. Null and empty optional values are left out of what is kept. */
export function readProperties(
  model: ChargeModel,
  given: Given,
  { isCustomMetric }: PropertiesFacts,
): PropertiesReading {
  const sheet: Sheet = { given, kept: {}, codes: [] };
  models[model](sheet);
  const pricing = readPricingGroupKeys(given.pricing_group_keys ?? given.grouped_by);
  const presentation = readPresentationGroupKeys(given.presentation_group_keys);
  if (pricing.kept !== null) sheet.kept.pricing_group_keys = pricing.kept;
  if (presentation.kept !== null) sheet.kept.presentation_group_keys = presentation.kept;
  if (isCustomMetric && !isBlank(given.custom_properties)) {
    sheet.kept.custom_properties = readCustomProperties(given.custom_properties);
  }
  return { properties: sheet.kept, codes: [...sheet.codes, ...pricing.codes, ...presentation.codes] };
}

const openTier = { from_value: 0, to_value: null };

/** What a charge costs whose properties were not given: nothing. */
export const defaultProperties = {
  standard: { amount: "0" },
  graduated: { graduated_ranges: [{ ...openTier, per_unit_amount: "0", flat_amount: "0" }] },
  package: { package_size: 1, amount: "0", free_units: 0 },
  percentage: { rate: "0" },
  volume: { volume_ranges: [{ ...openTier, per_unit_amount: "0", flat_amount: "0" }] },
  graduated_percentage: {
    graduated_percentage_ranges: [{ ...openTier, rate: "0", fixed_amount: "0", flat_amount: "0" }],
  },
  dynamic: {},
  custom: {},
} as const satisfies Record<ChargeModel, ChargeProperties>;
