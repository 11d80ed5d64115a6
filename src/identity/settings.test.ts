import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openDatabase } from "../storage/database.ts";
import { clientOf, startTestServer, type TestServer } from "../testing/server.ts";

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server.close());

test("an organization begins with a default billing entity that shares its id", async () => {
  const organization = await server.organization();
  const { organization: shown } = await organization.must("GET", "/organizations");
  assert.equal(shown.lago_id, organization.organizationId);
  assert.equal(shown.default_currency, "EUR");
  assert.equal(shown.document_number_prefix, `TES-${organization.organizationId.slice(-4).toUpperCase()}`);
  const { billing_entities } = await organization.must("GET", "/billing_entities");
  assert.equal(billing_entities.length, 1);
  assert.deepEqual(
    [billing_entities[0].lago_id, billing_entities[0].code, billing_entities[0].is_default],
    [organization.organizationId, "test", true],
  );
});

test("an organization's settings are those of its default billing entity", async () => {
  const organization = await server.organization();
  const settings = {
    country: "FR",
    address_line1: "1 rue",
    address_line2: "b",
    city: "Paris",
    state: "IDF",
    zipcode: "75001",
    email: "billing@acme.co",
    legal_name: "Acme SA",
    legal_number: "552",
    tax_identification_number: "FR1",
    timezone: "Europe/Paris",
    default_currency: "USD",
    net_payment_term: 30,
    email_settings: ["invoice.finalized", "payment_receipt.created"],
    document_number_prefix: "ACM-1",
    finalize_zero_amount_invoice: false,
  };
  const billing_configuration = { invoice_footer: "Merci", invoice_grace_period: 0, document_locale: "fr" };
  const { organization: changed } = await organization.must("PUT", "/organizations", {
    organization: { ...settings, document_numbering: "per_organization", billing_configuration, name: "ignored" },
  });
  assert.equal(changed.name, "Test");
  assert.equal(changed.document_numbering, "per_organization");
  for (const [field, value] of Object.entries(settings)) assert.deepEqual(changed[field], value, field);
  assert.deepEqual(changed.billing_configuration, billing_configuration);

  const { billing_entity } = await organization.must("GET", "/billing_entities/test");
  for (const [field, value] of Object.entries(settings)) assert.deepEqual(billing_entity[field], value, field);
  assert.equal(billing_entity.document_numbering, "per_billing_entity");
  assert.equal(billing_entity.invoice_footer, "Merci");
  assert.deepEqual([billing_entity.taxes, billing_entity.selected_invoice_custom_sections], [[], []]);

  await organization.must("PUT", "/billing_entities/test", { billing_entity: { city: null, timezone: "UTC" } });
  const { organization: again } = await organization.must("GET", "/organizations");
  assert.deepEqual([again.city, again.timezone, again.country], [null, "UTC", "FR"]);
});

test("a slug is unique on the platform, and its rules are those of a path", async () => {
  const [one, other] = [await server.organization(), await server.organization()];
  const { organization } = await one.must("PUT", "/organizations", { organization: { slug: " Acme-Corp " } });
  assert.equal(organization.slug, "acme-corp");
  for (const [slug, code] of [
    ["acme-corp", "value_already_exist"],
    ["api", "value_is_reserved"],
    ["x", "value_is_too_short"],
  ] as const) {
    const answer = await other.call("PUT", "/organizations", { organization: { slug, city: "Lost" } });
    assert.deepEqual([answer.status, answer.body.error_details], [422, { slug: [code] }]);
  }
  assert.equal((await other.must("GET", "/organizations")).organization.city, null);
});

test("billing entities are listed oldest first, whatever the clock says, and codes are unique", async () => {
  const organization = await server.organization();
  await organization.at("2020-01-01T00:00:00Z");
  const create = (billing_entity: object) => organization.call("POST", "/billing_entities", { billing_entity });
  const created = await create({
    code: " fr ",
    name: "Acme France",
    country: "fr",
    billing_configuration: { subscription_invoice_issuing_date_anchor: "current_period_end" },
  });
  assert.equal(created.status, 200);
  const { billing_entity } = created.body;
  assert.deepEqual(
    [billing_entity.code, billing_entity.is_default, billing_entity.country, billing_entity.created_at],
    ["fr", false, "FR", "2020-01-01T00:00:00Z"],
  );
  assert.equal(billing_entity.subscription_invoice_issuing_date_anchor, "current_period_end");
  assert.equal(billing_entity.document_number_prefix, `ACM-${billing_entity.lago_id.slice(-4).toUpperCase()}`);
  const { billing_entities } = await organization.must("GET", "/billing_entities");
  assert.deepEqual(
    billing_entities.map(({ code, is_default }: { code: string; is_default: boolean }) => [code, is_default]),
    [
      ["test", true],
      ["fr", false],
    ],
  );
  for (const [body, details] of [
    [{ code: "fr", name: "Again" }, { code: ["value_already_exist"] }],
    [{ name: "N" }, { code: ["value_is_mandatory"] }],
    [
      { code: " ", name: "" },
      { code: ["value_is_mandatory"], name: ["value_is_mandatory"] },
    ],
    [{ code: "c".repeat(256), name: "N" }, { code: ["value_is_too_long"] }],
    [{ code: 1, name: "N" }, { code: ["value_is_invalid"] }],
  ] as const) {
    const answer = await create(body);
    assert.deepEqual([answer.status, answer.body.error_details], [422, details], JSON.stringify(body));
  }
  const unknownTax = await create({ code: "x", name: "X", tax_codes: ["vat"] });
  assert.deepEqual([unknownTax.status, unknownTax.body.code], [404, "tax_not_found"]);
});

test("a billing entity keeps its code, and refuses what is not there yet", async () => {
  const organization = await server.organization();
  const change = (billing_entity: object) => organization.call("PUT", "/billing_entities/test", { billing_entity });
  const renamed = await change({ code: "other", name: "Renamed", document_number_prefix: "new", tax_codes: [] });
  assert.deepEqual(
    [
      renamed.body.billing_entity.code,
      renamed.body.billing_entity.name,
      renamed.body.billing_entity.document_number_prefix,
    ],
    ["test", "Renamed", "NEW"],
  );
  for (const [body, status, code] of [
    [{ name: null }, 422, "validation_errors"],
    [{ billing_configuration: { invoice_grace_period: 3 } }, 422, "validation_errors"],
    [{ net_payment_term: "30" }, 422, "validation_errors"],
    [{ tax_codes: ["vat"] }, 404, "tax_not_found"],
  ] as const) {
    const answer = await change(body);
    assert.deepEqual([answer.status, answer.body.code], [status, code], JSON.stringify(body));
  }
  const unknown = await organization.call("PUT", "/billing_entities/nope", { billing_entity: { name: "x" } });
  assert.deepEqual([unknown.status, unknown.body.code], [404, "billing_entity_not_found"]);
  assert.equal((await organization.call("PUT", "/billing_entities/test", {})).status, 400);
  assert.equal((await organization.call("PUT", "/organizations", { organization: null })).status, 400);
});

test("one organization's billing entities are not another's, and an unknown key is nobody's", async () => {
  const [one, other] = [await server.organization(), await server.organization()];
  await one.must("POST", "/billing_entities", { billing_entity: { code: "mine", name: "Mine" } });
  for (const answer of [
    await other.call("GET", "/billing_entities/mine"),
    await other.call("PUT", "/billing_entities/mine", { billing_entity: { name: "Theirs" } }),
  ]) {
    assert.deepEqual([answer.status, answer.body.code], [404, "billing_entity_not_found"]);
  }
  await other.must("POST", "/billing_entities", { billing_entity: { code: "mine", name: "Ours" } });
  const nobody = clientOf(server.url, "weir_nope", "");
  assert.equal((await nobody.call("GET", "/organizations")).status, 401);
});

test("a change tells which settings changed, and a request that changes nothing tells nothing", async () => {
  const organization = await server.organization();
  const settings = { organization: { timezone: "Asia/Tokyo", net_payment_term: 0 } };
  await organization.must("PUT", "/organizations", settings);
  await organization.must("PUT", "/organizations", settings);
  const database = openDatabase({ url: server.databaseUrl, poolSize: 1 });
  const events = await database.db
    .selectFrom("domain_events")
    .select(["kind", "subject_id", "payload"])
    .where("organization_id", "=", organization.organizationId)
    .execute();
  await database.close();
  assert.deepEqual(events, [
    {
      kind: "billing_entity.updated",
      subject_id: organization.organizationId,
      payload: { changed: ["timezone"] },
    },
  ]);
});
