/** The syntax of VAT numbers, by the prefix that VIES knows a country by. Pure; whether a number is anybody's only VIES knows. */

const SYNTAX: Readonly<Record<string, RegExp>> = {
  AT: /^U\d{8}$/,
  BE: /^[01]\d{9}$/,
  BG: /^\d{9,10}$/,
  CY: /^\d{8}[A-Z]$/,
  CZ: /^\d{8,10}$/,
  DE: /^\d{9}$/,
  DK: /^\d{8}$/,
  EE: /^\d{9}$/,
  EL: /^\d{9}$/,
  ES: /^([A-Z]\d{7}[A-Z0-9]|\d{8}[A-Z])$/,
  FI: /^\d{8}$/,
  FR: /^[A-HJ-NP-Z0-9]{2}\d{9}$/,
  HR: /^\d{11}$/,
  HU: /^\d{8}$/,
  IE: /^(\d[A-Z0-9+*]\d{5}[A-Z]|\d{7}[A-W][A-I])$/,
  IT: /^\d{11}$/,
  LT: /^(\d{9}|\d{12})$/,
  LU: /^\d{8}$/,
  LV: /^\d{11}$/,
  MT: /^\d{8}$/,
  NL: /^[A-Z0-9+*]{10}\d{2}$/,
  PL: /^\d{10}$/,
  PT: /^\d{9}$/,
  RO: /^\d{2,10}$/,
  SE: /^\d{12}$/,
  SI: /^\d{8}$/,
  SK: /^\d{10}$/,
  // Northern Ireland.
  XI: /^(\d{9}|\d{12}|GD\d{3}|HA\d{3})$/,
};

export interface VatNumber {
  /** Two letters: those of the country, but EL for Greece and XI for Northern Ireland. */
  readonly prefix: string;
  /** Without the prefix. */
  readonly number: string;
  /** As addresses have it. */
  readonly country: string;
}

/** Null where no member issues such numbers. Spaces, dots and dashes say nothing. */
export function readVatNumber(text: string | null): VatNumber | null {
  const compact = (text ?? "").replace(/[\s.-]/g, "").toUpperCase();
  const letters = compact.slice(0, 2);
  const prefix = letters === "GR" ? "EL" : letters;
  const number = compact.slice(2);
  if (!SYNTAX[prefix]?.test(number)) return null;
  return { prefix, number, country: prefix === "EL" ? "GR" : prefix };
}
