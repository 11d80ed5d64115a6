import assert from "node:assert/strict";
import { test } from "node:test";
import { readVatNumber } from "./number.ts";
import {
  decideVat,
  retryAt,
  type StoredVat,
  type VatDecision,
  type VatFacts,
  vatByCountry,
  vatOfNumber,
} from "./rules.ts";

const french = { id: "fr", country: "FR", eu_tax_management: true };
const facts = (country: string | null, zipcode: string | null = null, number: string | null = null): VatFacts => ({
  country,
  zipcode,
  tax_identification_number: number,
});
const decide = (of: VatFacts, stored: StoredVat | null = null, entity = french) =>
  decideVat(of, entity, stored, { canAsk: true });

const VALID = "FR40303265045";

test("1.9: the order of the rules for a new customer", () => {
  const chosen = (eu_tax_code: string): VatDecision => ({ eu_tax_code, ask: null });
  for (const [of, expected] of [
    // 1: territories; France's only with a number that could be one.
    [facts("ES", "35001"), chosen("lago_eu_es_exception_canary_islands")],
    [facts("ES", "35001", "ESB12345678"), chosen("lago_eu_es_exception_canary_islands")],
    [facts("FR", "97400", VALID), chosen("lago_eu_fr_exception_reunion")],
    [facts("FR", "97400"), chosen("lago_eu_fr_standard")],
    [facts("FR", "97400", "FR1"), { ask: "FR1" }],
    // 2: a number is asked about, whatever it looks like.
    [facts("IT", "00146", "IT12345678901"), { ask: "IT12345678901" }],
    [facts("US", null, "US-111"), { ask: "US-111" }],
    [facts(null, null, VALID), { ask: VALID }],
    // 3 to 5: by country.
    [facts(null), chosen("lago_eu_fr_standard")],
    [facts(null, "97400", " "), chosen("lago_eu_fr_standard")],
    [facts("IT", "00146"), chosen("lago_eu_it_standard")],
    [facts("GR"), chosen("lago_eu_gr_standard")],
    [facts("US"), chosen("lago_eu_tax_exempt")],
    [facts("GB"), chosen("lago_eu_tax_exempt")],
    [facts("CH"), chosen("lago_eu_tax_exempt")],
  ] as const) {
    assert.deepEqual(decide(of), expected, JSON.stringify(of));
  }
});

test("where VIES is not asked a number counts for nothing", () => {
  const decision = decideVat(facts("IT", null, "IT12345678901"), french, null, { canAsk: false });
  assert.deepEqual(decision, { eu_tax_code: "lago_eu_it_standard", ask: null });
});

test("1.9: an update decides anew where country, zipcode, number or entity change, or nothing was decided", () => {
  const stored = { ...facts("IT", "00146"), billing_entity_id: "fr", eu_tax_code: "lago_eu_it_standard" };
  assert.deepEqual(decide(facts("IT", "00146"), stored), {});
  assert.deepEqual(decide(facts("DE", "00146"), stored).eu_tax_code, "lago_eu_de_standard");
  assert.deepEqual(decide(facts("IT", "23041"), stored).eu_tax_code, "lago_eu_it_exception_livigno");
  // Until there is an answer the old tax stays.
  assert.deepEqual(decide(facts("IT", "00146", "IT12345678901"), stored), { ask: "IT12345678901" });
  assert.deepEqual(decide(facts("IT", "00146"), { ...stored, eu_tax_code: null }), {
    eu_tax_code: "lago_eu_it_standard",
    ask: null,
  });
  const withNumber = { ...stored, tax_identification_number: "IT12345678901" };
  assert.deepEqual(decide(facts("IT", "00146"), withNumber).ask, null);
});

test("1.9: a move to another billing entity decides anew, or takes the tax away", () => {
  const number = "IT12345678901";
  const stored = { ...facts("IT", null, number), billing_entity_id: "other", eu_tax_code: "lago_eu_reverse_charge" };
  assert.deepEqual(decide(facts("IT", null, number), stored), { eu_tax_code: null, ask: number });
  const plain = { id: "us", country: "US", eu_tax_management: false };
  assert.deepEqual(decide(facts("IT", null, number), stored, plain), { eu_tax_code: null, ask: null });
  assert.deepEqual(decide(facts("DE"), { ...stored, billing_entity_id: "us" }, plain), {});
  assert.deepEqual(decide(facts("DE"), null, plain), {});
});

test("1.9: what a number is worth that VIES knows", () => {
  assert.equal(vatOfNumber("IT", facts("IT", "00146"), french), "lago_eu_reverse_charge");
  assert.equal(vatOfNumber("XI", facts("GB"), french), "lago_eu_reverse_charge");
  assert.equal(vatOfNumber("FR", facts("FR"), french), "lago_eu_fr_standard");
  assert.equal(vatOfNumber("FR", facts("FR", "75018"), french), "lago_eu_fr_standard");
  assert.equal(vatOfNumber("FR", facts(null, "97 400"), french), "lago_eu_fr_exception_reunion");
  const greek = { id: "gr", country: "GR", eu_tax_management: true };
  assert.equal(vatOfNumber(readVatNumber("EL123456789")?.country ?? "", facts("GR"), greek), "lago_eu_gr_standard");
  assert.equal(vatByCountry(facts("US"), french), "lago_eu_tax_exempt");
});

test("numbers are known by the syntax of their country", () => {
  for (const text of [
    "ATU12345678 BE0123456789 BG123456789 CY12345678X CZ12345678 DE123456789 DK12345678 EE123456789 EL123456789",
    "ESB12345678 ESX1234567X FI12345678 FR40303265045 FRXX123456789 HR12345678901 HU12345678 IE1234567WA IE1X23456X",
    "IT12345678901 LT123456789 LT123456789012 LU12345678 LV12345678901 MT12345678 NL123456789B01 PL1234567890",
    "PT123456789 RO12 SE123456789012 SI12345678 SK1234567890 XI123456789 XIGD123 GR123456789",
  ].flatMap((line) => line.split(" "))) {
    assert.notEqual(readVatNumber(text), null, text);
  }
  for (const text of [
    "",
    " ",
    "US-111",
    "FR1",
    "DE12345678",
    "DE1234567890",
    "12345678901",
    "ES123456789",
    "constructor",
    "DEABCDEFGHI",
    "GB123456789",
  ]) {
    assert.equal(readVatNumber(text), null, text);
  }
  const number = { prefix: "FR", number: "40303265045", country: "FR" };
  assert.deepEqual(readVatNumber(" fr 40.303-265 045 "), number);
  assert.deepEqual(readVatNumber("gr123456789"), { prefix: "EL", number: "123456789", country: "GR" });
});

test("1.9: VIES is asked again after 5, 5, 10, 20, 40 minutes, then every hour", () => {
  const now = Temporal.Instant.from("2024-01-01T00:00:00Z");
  const minutes = Array.from({ length: 8 }, (_, index) =>
    retryAt(index + 1, now)
      .since(now)
      .total("minutes"),
  );
  assert.deepEqual(minutes, [5, 5, 10, 20, 40, 60, 60, 60]);
});
