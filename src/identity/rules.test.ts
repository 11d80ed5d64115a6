import assert from "node:assert/strict";
import { test } from "node:test";
import { detailsOf } from "../kernel/failure.ts";
import { covers, readPermissions } from "./permissions.ts";
import { readSettings } from "./rules.ts";
import type { SettingsInput } from "./schemas.ts";

const french = { country: "FR", eu_tax_management: false };

test("what is wrong with a setting is said by its field", () => {
  const rows: readonly [SettingsInput, Record<string, string[]>][] = [
    [{ country: "XX" }, { country: ["not_a_valid_country_code"] }],
    [{ default_currency: "eur" }, { default_currency: ["value_is_invalid"] }],
    [{ timezone: "Mars/Olympus" }, { timezone: ["invalid_timezone"] }],
    [{ timezone: "+02:00" }, { timezone: ["invalid_timezone"] }],
    [{ timezone: "PST" }, { timezone: ["invalid_timezone"] }],
    [{ email: "a@b.co,nope" }, { email: ["invalid_email_format"] }],
    [{ net_payment_term: -1 }, { net_payment_term: ["value_is_out_of_range"] }],
    [{ document_numbering: "per_organization" }, { document_numbering: ["value_is_invalid"] }],
    [{ document_number_prefix: "" }, { document_number_prefix: ["value_is_too_short"] }],
    [{ document_number_prefix: "ABCDEFGHIJK" }, { document_number_prefix: ["value_is_too_long"] }],
    [{ email_settings: ["invoice.finalized", "other"] }, { email_settings: ["unsupported_value"] }],
    [{ billing_configuration: { invoice_footer: "x".repeat(601) } }, { invoice_footer: ["value_is_too_long"] }],
    [{ billing_configuration: { document_locale: "xx" } }, { document_locale: ["not_a_valid_language_code"] }],
    [{ billing_configuration: { invoice_grace_period: -1 } }, { invoice_grace_period: ["value_is_out_of_range"] }],
    [{ billing_configuration: { invoice_grace_period: 3 } }, { invoice_grace_period: ["not_supported_yet"] }],
    [
      { billing_configuration: { subscription_invoice_issuing_date_anchor: "x" } },
      { subscription_invoice_issuing_date_anchor: ["value_is_invalid"] },
    ],
    [
      { billing_configuration: { subscription_invoice_issuing_date_adjustment: "x" } },
      { subscription_invoice_issuing_date_adjustment: ["value_is_invalid"] },
    ],
    [{ eu_tax_management: true }, { eu_tax_management: ["billing_entity_must_be_in_eu"] }],
    [{ eu_tax_management: true, country: "fr" }, { eu_tax_management: ["not_supported_yet"] }],
    [{ einvoicing: "true" }, { einvoicing: ["country_must_be_present"] }],
    [{ einvoicing: true, country: "US" }, { einvoicing: ["country_not_supported"] }],
    [{ einvoicing: true, country: "DE" }, { einvoicing: ["not_supported_yet"] }],
    [{ logo: "data:image/png;base64,AA" }, { logo: ["not_supported_yet"] }],
    [{ invoice_custom_section_codes: ["a"] }, { invoice_custom_section_codes: ["not_supported_yet"] }],
  ];
  for (const [input, details] of rows) {
    const { problems } = readSettings("billing_entity", input, null);
    assert.deepEqual(detailsOf(problems), details, JSON.stringify(input));
  }
});

test("absent keys assign nothing, null clears what may be empty, and the off state of later features is fine", () => {
  assert.deepEqual(readSettings("billing_entity", {}, french), { change: {}, problems: [] });
  const { change, problems } = readSettings(
    "billing_entity",
    {
      city: null,
      email: null,
      legal_name: null,
      default_currency: null,
      timezone: null,
      net_payment_term: null,
      document_numbering: null,
      document_number_prefix: null,
      finalize_zero_amount_invoice: null,
      email_settings: null,
      billing_configuration: { invoice_footer: null, document_locale: null, invoice_grace_period: null },
      eu_tax_management: false,
      einvoicing: "false",
      logo: "",
      webhook_url: null,
      invoice_custom_section_codes: [],
    },
    french,
  );
  assert.deepEqual(problems, []);
  assert.deepEqual(change, { city: null, email: null, legal_name: null, email_settings: [], invoice_footer: null });
});

test("EU VAT management stays with an entity of the Union, and can be switched off", () => {
  const on = { country: "FR", eu_tax_management: true };
  const read = (input: SettingsInput) => readSettings("billing_entity", input, on);
  assert.deepEqual(read({ country: "DE", eu_tax_management: true }), { change: { country: "DE" }, problems: [] });
  assert.deepEqual(read({ eu_tax_management: "false" }), { change: { eu_tax_management: false }, problems: [] });
  assert.deepEqual(detailsOf(read({ country: "US" }).problems), {
    eu_tax_management: ["billing_entity_must_be_in_eu"],
  });
  assert.deepEqual(read({ country: "US", eu_tax_management: false }).problems, []);
});

test("values are kept in their own spelling", () => {
  const { change } = readSettings(
    "organization",
    {
      country: "fr",
      email: " a@b.co , c@d.org ",
      timezone: "europe/paris",
      city: "  ",
      legal_name: "A\u0000B",
      document_numbering: "per_organization",
      document_number_prefix: "abc-1",
      email_settings: ["invoice.finalized", "invoice.finalized"],
    },
    null,
  );
  assert.deepEqual(change, {
    country: "FR",
    email: "a@b.co,c@d.org",
    timezone: "Europe/Paris",
    city: null,
    legal_name: "AB",
    document_numbering: "per_billing_entity",
    document_number_prefix: "ABC-1",
    email_settings: ["invoice.finalized"],
  });
});

test("permissions name known resources and modes only, and nobody hands out more than they have", () => {
  const problems: { field: string; code: string }[] = [];
  assert.deepEqual(readPermissions({ plan: ["write", "read", "read"], tax: [] }, problems), {
    plan: ["read", "write"],
    tax: [],
  });
  assert.deepEqual(problems, []);
  readPermissions({ plans: ["read"], constructor: ["read"], plan: ["delete"] }, problems);
  assert.deepEqual(detailsOf(problems), { permissions: ["forbidden_keys", "forbidden_values"] });

  const own = { plan: ["read", "write"], tax: ["read"] } as const;
  assert.equal(covers(null, null), true);
  assert.equal(covers(own, null), false);
  assert.equal(covers(own, { plan: ["write"] }), true);
  assert.equal(covers(own, { tax: ["write"] }), false);
  assert.equal(covers(own, { customer: [] }), true);
});
