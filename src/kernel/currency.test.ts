import assert from "node:assert/strict";
import { test } from "node:test";
import { CURRENCIES, exponentOf, isCurrency } from "./currency.ts";

test("0.2 of the metering spec: every code has the decimals of ISO 4217, not those that locales show", () => {
  assert.equal(new Set(CURRENCIES).size, CURRENCIES.length, "each code once");
  const byExponent = Map.groupBy(CURRENCIES, exponentOf);
  assert.deepEqual(byExponent.get(0)?.join(" "), "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF");
  assert.deepEqual(byExponent.get(3)?.join(" "), "BHD JOD KWD");
  assert.deepEqual(byExponent.get(4), ["CLF"]);
  assert.deepEqual([...byExponent.keys()].sort(), [0, 2, 3, 4]);
  for (const code of ["EUR", "HUF", "IDR", "COP", "PKR", "LAK", "MGA", "MRO"]) assert.equal(exponentOf(code), 2, code);
  // The public contract leaves out four of them.
  for (const code of ["BHD", "IRR", "JOD", "KWD", "ZMW"]) assert.ok(isCurrency(code), code);
  for (const code of ["", "eur", "EURO", "XXX"]) assert.ok(!isCurrency(code), code);
});
