import assert from "node:assert/strict";
import { test } from "node:test";
import { EU_COUNTRIES, euTaxesOn, euTerritoryCode } from "./eu-vat.ts";

const ratesOn = (day: string) => new Map(euTaxesOn(Temporal.PlainDate.from(day)).map(({ code, rate }) => [code, rate]));

test("1.9: the table of standard rates", () => {
  const table = `AT 20 BE 21 BG 20 CY 19 CZ 21 DE 19 DK 25 EE 24 ES 21 FI 25.5 FR 20 GR 24 HR 25 HU 27 IE 23 IT 22 LT 21
    LU 17 LV 21 MT 18 NL 21 PL 23 PT 23 RO 21 SE 25 SI 22 SK 23`.split(/\s+/);
  const rates = ratesOn("2026-01-01");
  assert.equal(table.length, 2 * EU_COUNTRIES.length);
  for (const [index, country] of EU_COUNTRIES.entries()) {
    const row = [country, rates.get(`lago_eu_${country.toLowerCase()}_standard`)];
    assert.deepEqual(row, table.slice(2 * index, 2 * index + 2));
  }
});

test("1.9: a rate holds from its day on", () => {
  for (const [country, day, before, after] of [
    ["ee", "2025-07-01", "22", "24"],
    ["fi", "2024-09-01", "24", "25.5"],
    ["ro", "2025-08-01", "19", "21"],
    ["sk", "2025-01-01", "20", "23"],
  ] as const) {
    const eve = Temporal.PlainDate.from(day).subtract({ days: 1 }).toString();
    const code = `lago_eu_${country}_standard`;
    assert.deepEqual([ratesOn(eve).get(code), ratesOn(day).get(code)], [before, after], country);
  }
});

test("1.9: the table of territories, by zipcode", () => {
  const rates = ratesOn("2026-01-01");
  for (const [country, zipcode, name, rate] of [
    ["AT", "6691", "jungholz", "19"],
    ["AT", "6992", "mittelberg", "19"],
    ["DE", "78266", "busingen_am_hochrhein", "0"],
    ["DE", "27498", "heligoland", "0"],
    ["ES", "35001", "canary_islands", "0"],
    ["ES", "38 611", "canary_islands", "0"],
    ["ES", "51005", "ceuta", "0"],
    ["ES", "51081", "ceuta", "0"],
    ["ES", "52006", "melilla", "0"],
    ["ES", "52070", "melilla", "0"],
    ["FI", "22100", "aland_islands", "0"],
    ["FI", "AX-22100", "aland_islands", "0"],
    ["FR", "97100", "guadeloupe", "8.5"],
    ["FR", "97 2 00", "martinique", "8.5"],
    ["FR", "97300", "guyane", "0"],
    ["FR", "97400", "reunion", "8.5"],
    ["FR", "97600", "mayotte", "0"],
    ["GR", "63086", "mount_athos", "0"],
    ["IT", "22061", "campione_d_italia", "0"],
    ["IT", "23041", "livigno", "0"],
    ["PT", "9000-001", "madeira", "22"],
    ["PT", "9500-100", "azores", "18"],
  ] as const) {
    const code = `lago_eu_${country.toLowerCase()}_exception_${name}`;
    assert.equal(euTerritoryCode(country, zipcode), code, `${country} ${zipcode}`);
    assert.equal(rates.get(code), rate, code);
  }
  for (const [country, zipcode] of [
    ["AT", "1010"],
    ["ES", "51006"],
    ["ES", "28001"],
    ["FR", "75018"],
    ["FR", "97500"],
    ["DE", "97100"],
    ["US", "97100"],
    ["FR", null],
    ["FR", ""],
  ] as const) {
    assert.equal(euTerritoryCode(country, zipcode), null, `${country} ${zipcode}`);
  }
});

test("every tax has a code of its own", () => {
  const codes = euTaxesOn(Temporal.PlainDate.from("2026-01-01")).map(({ code }) => code);
  assert.equal(new Set(codes).size, codes.length);
  assert.equal(codes.length, 27 + 18 + 2);
});
