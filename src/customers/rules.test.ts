import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { detailsOf } from "../kernel/failure.ts";
import { readMetadata } from "./metadata.ts";
import type { CustomerRow, MetadataEntry } from "./model.ts";
import { readCustomer, readExternalId, slugOf } from "./rules.ts";
import type { CustomerFields } from "./schemas.ts";

const making = {
  newId: () => "00000000-0000-7000-8000-000000000001",
  now: Temporal.Instant.from("2024-01-01T00:00:00Z"),
};
const used = { used: true, account_type: "customer", metadata: [] } as unknown as CustomerRow;

test("what is wrong with a field is said by its name", () => {
  const rows: readonly [CustomerFields, Record<string, string[]>][] = [
    [{ name: "n".repeat(256) }, { name: ["value_is_too_long"] }],
    [{ email: "nope" }, { email: ["invalid_email_format"] }],
    [{ email: "a@b.co, nope@" }, { email: ["invalid_email_format"] }],
    [{ country: "XX" }, { country: ["not_a_valid_country_code"] }],
    [{ shipping_address: { country: "XX" } }, { shipping_country: ["not_a_valid_country_code"] }],
    [{ currency: "EURO" }, { currency: ["value_is_invalid"] }],
    [{ timezone: "Paris" }, { timezone: ["invalid_timezone"] }],
    [{ timezone: "" }, { timezone: ["invalid_timezone"] }],
    [{ customer_type: "person" }, { customer_type: ["value_is_invalid"] }],
    [{ account_type: "person" }, { account_type: ["value_is_invalid"] }],
    [{ net_payment_term: -1 }, { net_payment_term: ["value_is_out_of_range"] }],
    [{ finalize_zero_amount_invoice: "true" }, { finalize_zero_amount_invoice: ["invalid_value"] }],
    [{ billing_configuration: { document_locale: "english" } }, { document_locale: ["not_a_valid_language_code"] }],
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
    [{ billing_configuration: { payment_provider: "stripe" } }, { payment_provider: ["not_supported_yet"] }],
    [{ integration_customers: [{ integration_type: "xero" }] }, { integration_customers: ["not_supported_yet"] }],
    [{ invoice_custom_section_codes: ["a"] }, { invoice_custom_section_codes: ["not_supported_yet"] }],
    [{ applied_dunning_campaign_code: "d" }, { applied_dunning_campaign_code: ["not_supported_yet"] }],
    [
      { skip_invoice_custom_sections: "true", invoice_custom_section_codes: ["a"] },
      { invoice_custom_sections: ["skip_sections_and_selected_ids_sent_together"] },
    ],
    [
      { country: "XX", currency: "x" },
      { country: ["not_a_valid_country_code"], currency: ["value_is_invalid"] },
    ],
  ];
  for (const [input, details] of rows) {
    assert.deepEqual(detailsOf(readCustomer(input, null, making).problems), details, JSON.stringify(input));
  }
});

test("metadata's count, the zero-amount policy and the count of integrations are judged first, each alone", () => {
  const twice = [{ integration_type: "xero" }, { integration_type: "xero" }];
  const all: CustomerFields = {
    metadata: Array.from({ length: 6 }, (_, index) => ({ key: `k${index}`, value: "v" })),
    finalize_zero_amount_invoice: "never",
    integration_customers: twice,
    country: "XX",
  };
  const details = (input: CustomerFields) => detailsOf(readCustomer(input, null, making).problems);
  assert.deepEqual(details(all), { metadata: ["invalid_count"] });
  assert.deepEqual(details({ ...all, metadata: [] }), { finalize_zero_amount_invoice: ["invalid_value"] });
  assert.deepEqual(details({ integration_customers: twice, country: "XX" }), {
    integration_customers: ["invalid_count_per_integration_type"],
  });
});

test("absent keys assign nothing, null clears, and the off state of later features is fine", () => {
  assert.deepEqual(readCustomer({}, null, making), { change: {}, problems: [] });
  const cleared: CustomerFields = {
    name: null,
    email: null,
    country: null,
    currency: null,
    timezone: null,
    customer_type: null,
    account_type: null,
    net_payment_term: null,
    finalize_zero_amount_invoice: null,
    shipping_address: { city: null },
    billing_configuration: {
      invoice_grace_period: null,
      document_locale: null,
      payment_provider: null,
      sync: false,
      sync_with_provider: "false",
      provider_payment_methods: [],
    },
    metadata: [],
    integration_customers: [],
    skip_invoice_custom_sections: false,
    invoice_custom_section_codes: [],
  };
  const { change, problems } = readCustomer(cleared, null, making);
  assert.deepEqual(problems, []);
  assert.deepEqual(change, {
    name: null,
    email: null,
    country: null,
    currency: null,
    timezone: null,
    customer_type: null,
    net_payment_term: null,
    finalize_zero_amount_invoice: "inherit",
    shipping_city: null,
    invoice_grace_period: null,
    document_locale: null,
    skip_invoice_custom_sections: false,
    metadata: [],
  });
});

test("a used customer's account type is fixed: another one is ignored", () => {
  assert.deepEqual(readCustomer({ account_type: "partner" }, used, making), { change: {}, problems: [] });
  assert.deepEqual(readCustomer({ account_type: "nobody" }, used, making), { change: {}, problems: [] });
});

test("no dunning reaches a partner; for others that is asked for", () => {
  const unused = { ...used, used: false };
  const partner = { ...unused, account_type: "partner" };
  const change = (input: CustomerFields, current: CustomerRow | null) => readCustomer(input, current, making).change;
  const off = { exclude_from_dunning_campaign: false };
  const on = { exclude_from_dunning_campaign: true };
  assert.deepEqual(change({ account_type: "partner" }, null), { account_type: "partner", ...on });
  assert.deepEqual(change({ account_type: "customer" }, partner), { account_type: "customer", ...off });
  assert.deepEqual(change({ exclude_from_dunning_campaign: "false" }, partner), on);
  assert.deepEqual(change({ exclude_from_dunning_campaign: "true" }, unused), on);
  assert.deepEqual(change({ exclude_from_dunning_campaign: "false" }, { ...used, account_type: "partner" }), on);
  assert.deepEqual(change({ name: "n" }, partner), { name: "n" });
});

test("values are kept in their own spelling", () => {
  const { change } = readCustomer(
    { country: "fr", email: " a@b.co ,c@d.org", timezone: "asia/kolkata", city: " ", name: "A\u0000\ud800" },
    null,
    making,
  );
  assert.deepEqual(change, {
    country: "FR",
    email: "a@b.co,c@d.org",
    timezone: "Asia/Kolkata",
    city: null,
    name: "A\ufffd",
  });
  assert.equal(readExternalId("  c 1 ", []), "c 1");
  assert.equal(slugOf("ACM-1", 7n), "ACM-1-007");
  assert.equal(slugOf("ACM-1", 1234n), "ACM-1-1234");
});

const stored: readonly MetadataEntry[] = [
  {
    id: "a0000000-0000-7000-8000-000000000000",
    key: "po",
    value: "1",
    display_in_invoice: true,
    created_at: "2023-01-01T00:00:00Z",
  },
  {
    id: "b0000000-0000-7000-8000-000000000000",
    key: "site",
    value: "x",
    display_in_invoice: false,
    created_at: "2023-01-01T00:00:00Z",
  },
];

test("sent metadata is the whole set: known ids are updated, others made, the rest is gone", () => {
  const problems: { field: string; code: string }[] = [];
  const [first, second] = stored as [MetadataEntry, MetadataEntry];
  const entries = readMetadata(
    [
      { id: second.id.toUpperCase(), value: "y" },
      { id: "unknown", key: "new", value: "z", display_in_invoice: "true" },
    ],
    stored,
    making,
    problems,
  );
  assert.deepEqual(problems, []);
  assert.deepEqual(entries, [
    { ...second, value: "y" },
    { id: making.newId(), key: "new", value: "z", display_in_invoice: true, created_at: making.now.toString() },
  ]);
  assert.equal(
    entries.some(({ id }) => id === first.id),
    false,
  );
});

test("metadata keys are there, short and unique, values are there and short", () => {
  const details = (...input: { id?: string; key?: string; value?: string }[]) => {
    const problems: { field: string; code: string }[] = [];
    readMetadata(input, stored, making, problems);
    return detailsOf(problems);
  };
  assert.deepEqual(details({ key: "k".repeat(20), value: "v".repeat(100) }), {});
  assert.deepEqual(details({ key: "k".repeat(21), value: "v" }), { key: ["value_is_too_long"] });
  assert.deepEqual(details({ key: "k", value: "v".repeat(101) }), { value: ["value_is_too_long"] });
  assert.deepEqual(details({ value: "v" }), { key: ["value_is_mandatory"] });
  assert.deepEqual(details({ key: "k" }), { value: ["value_is_mandatory"] });
  assert.ok(details({ key: "k", value: "1" }, { key: "k", value: "2" }).key?.includes("value_already_exist"));
  assert.deepEqual(details({ id: stored[0]?.id ?? "", key: "a" }, { id: stored[0]?.id ?? "", key: "b" }), {
    id: ["value_already_exist"],
  });
});

test("an upsert assigns only columns that its keys name", () => {
  const texts = fc.dictionary(
    fc.constantFrom("name", "firstname", "phone", "url", "city", "legal_name", "zipcode"),
    fc.option(fc.string({ maxLength: 50 }), { nil: null }),
    { noNullPrototype: true },
  );
  fc.assert(
    fc.property(texts, (input) => {
      const { change, problems } = readCustomer(input, null, making);
      assert.deepEqual(problems, []);
      assert.deepEqual(Object.keys(change).sort(), Object.keys(input).sort());
    }),
  );
});
