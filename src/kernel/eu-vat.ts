/** VAT of the European Union: rates and territories with rules of their own (the tables of 1.9 of the subscriptions spec). */

interface Rate {
  /** Per cent. */
  readonly rate: string;
  /** A day, from its beginning in UTC; absent: as long as anybody asks. */
  readonly from?: string;
}

interface Territory {
  /** As its tax is called, e.g. "Canary Islands". */
  readonly name: string;
  /** Looked for anywhere in a zipcode without spaces. */
  readonly zipcode: RegExp;
  readonly rate: string;
}

interface Country {
  /** The latest that has begun holds. */
  readonly standard: readonly Rate[];
  readonly territories?: readonly Territory[];
}

const always = (rate: string): Country => ({ standard: [{ rate }] });

const COUNTRIES: Readonly<Record<string, Country>> = {
  AT: {
    standard: [{ rate: "20" }],
    territories: [
      { name: "Jungholz", zipcode: /6691/, rate: "19" },
      { name: "Mittelberg", zipcode: /699[123]/, rate: "19" },
    ],
  },
  BE: always("21"),
  BG: always("20"),
  CY: always("19"),
  CZ: always("21"),
  DE: {
    standard: [{ rate: "19" }],
    territories: [
      { name: "Büsingen am Hochrhein", zipcode: /78266/, rate: "0" },
      { name: "Heligoland", zipcode: /27498/, rate: "0" },
    ],
  },
  DK: always("25"),
  EE: {
    standard: [{ rate: "24", from: "2025-07-01" }, { rate: "22", from: "2024-01-01" }, { rate: "20" }],
  },
  ES: {
    standard: [{ rate: "21" }],
    territories: [
      { name: "Canary Islands", zipcode: /35\d{3}|38\d{3}/, rate: "0" },
      { name: "Ceuta", zipcode: /5100[1-5]|5107[0-1]|51081/, rate: "0" },
      { name: "Melilla", zipcode: /5200[0-6]|5207[0-1]|52081/, rate: "0" },
    ],
  },
  FI: {
    standard: [{ rate: "25.5", from: "2024-09-01" }, { rate: "24" }],
    territories: [{ name: "Aland Islands", zipcode: /22\d{3,}/, rate: "0" }],
  },
  FR: {
    standard: [{ rate: "20" }],
    territories: [
      { name: "Guadeloupe", zipcode: /971\d{2,}/, rate: "8.5" },
      { name: "Martinique", zipcode: /972\d{2,}/, rate: "8.5" },
      { name: "Guyane", zipcode: /973\d{2,}/, rate: "0" },
      { name: "Reunion", zipcode: /974\d{2,}/, rate: "8.5" },
      { name: "Mayotte", zipcode: /976\d{2,}/, rate: "0" },
    ],
  },
  GR: { standard: [{ rate: "24" }], territories: [{ name: "Mount Athos", zipcode: /63086/, rate: "0" }] },
  HR: always("25"),
  HU: always("27"),
  IE: always("23"),
  IT: {
    standard: [{ rate: "22" }],
    territories: [
      { name: "Campione d'Italia", zipcode: /22061/, rate: "0" },
      { name: "Livigno", zipcode: /23041/, rate: "0" },
    ],
  },
  LT: always("21"),
  LU: { standard: [{ rate: "17", from: "2024-01-01" }, { rate: "16" }] },
  LV: always("21"),
  MT: always("18"),
  NL: always("21"),
  PL: always("23"),
  PT: {
    standard: [{ rate: "23" }],
    territories: [
      { name: "Madeira", zipcode: /9[0-4]\d{2,}/, rate: "22" },
      { name: "Azores", zipcode: /9[5-9]\d{2,}/, rate: "18" },
    ],
  },
  RO: { standard: [{ rate: "21", from: "2025-08-01" }, { rate: "19" }] },
  SE: always("25"),
  SI: always("22"),
  SK: { standard: [{ rate: "23", from: "2025-01-01" }, { rate: "20" }] },
};

/** The members, as upper-case ISO codes: Greece is GR, also where its VAT numbers begin with EL. */
export const EU_COUNTRIES: readonly string[] = Object.keys(COUNTRIES);

export const EU_REVERSE_CHARGE = "lago_eu_reverse_charge";
export const EU_TAX_EXEMPT = "lago_eu_tax_exempt";

export const euStandardCode = (country: string): string => `lago_eu_${country.toLowerCase()}_standard`;

const wordsOf = (name: string): string =>
  name
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_");

/** The tax of the country's territory that the zipcode lies in; null where it lies in none. */
export function euTerritoryCode(country: string, zipcode: string | null): string | null {
  const compact = (zipcode ?? "").replace(/\s/g, "");
  const territory = COUNTRIES[country]?.territories?.find((each) => each.zipcode.test(compact));
  return territory === undefined ? null : codeOfTerritory(country, territory.name);
}

const codeOfTerritory = (country: string, name: string) =>
  `lago_eu_${country.toLowerCase()}_exception_${wordsOf(name)}`;

/** A tax that EU VAT management keeps in an organization. */
export interface EuTax {
  readonly code: string;
  readonly name: string;
  /** Per cent, as a decimal text. */
  readonly rate: string;
}

/** All of them, with the rates that hold on `day`. */
export function euTaxesOn(day: Temporal.PlainDate): EuTax[] {
  const hasBegun = ({ from }: Rate) => from === undefined || Temporal.PlainDate.compare(from, day) <= 0;
  const taxes = Object.entries(COUNTRIES).flatMap(([country, { standard, territories = [] }]): EuTax[] => [
    { code: euStandardCode(country), name: `${country} Standard`, rate: standard.find(hasBegun)?.rate ?? "0" },
    ...territories.map(({ name, rate }) => ({
      code: codeOfTerritory(country, name),
      name: `${country} ${name}`,
      rate,
    })),
  ]);
  return [
    ...taxes,
    { code: EU_REVERSE_CHARGE, name: "Reverse charge", rate: "0" },
    { code: EU_TAX_EXEMPT, name: "Tax exempt", rate: "0" },
  ];
}
