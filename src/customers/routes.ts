import type { App } from "../app.ts";
import { type Query, readPage } from "../http/query.ts";
import { answers, Meta, t } from "../http/schemas.ts";
import type { Server } from "../http/server.ts";
import { invalid, type Problem, refuseIfAny } from "../kernel/failure.ts";
import { pageMeta } from "../kernel/pages.ts";
import { type CustomerEnding, deleteCustomer } from "./deletion.ts";
import { readFilters } from "./filters.ts";
import { presentCustomerExtended } from "./present.ts";
import { CheckoutUrlAnswer, CustomerExtendedAnswer, CustomerInput } from "./schemas.ts";
import { listCustomers, upsertCustomer, viewOf } from "./service.ts";

const config = { resource: "customer" };
const tags = ["customers"];
const params = t.Object({ external_id: t.String() });
const One = t.Object({ customer: CustomerExtendedAnswer });

const OneOrMore = t.Optional(t.Union([t.String(), t.Array(t.String())]));
const Filters = t.Object({
  page: t.Optional(t.String()),
  per_page: t.Optional(t.String()),
  search_term: OneOrMore,
  external_id: OneOrMore,
  "account_type[]": OneOrMore,
  "billing_entity_codes[]": OneOrMore,
  "currencies[]": OneOrMore,
  "countries[]": OneOrMore,
  "states[]": OneOrMore,
  "zipcodes[]": OneOrMore,
  has_tax_identification_number: OneOrMore,
  customer_type: OneOrMore,
  has_customer_type: OneOrMore,
  "metadata[key]": OneOrMore,
});

export function customerRoutes(server: Server, app: App, ending: CustomerEnding): void {
  singleCustomerRoutes(server, app, ending);
  checkoutRoute(server, app);

  server.post(
    "/customers",
    {
      config,
      schema: {
        operationId: "createCustomer",
        tags,
        summary: "Create or change a customer",
        description:
          "The customer of the external id is created, or changed where there is one: keys that are absent stay as they are, null clears.",
        body: t.Object({ customer: CustomerInput }),
        response: answers(One, 400, 403, 404, 422),
      },
    },
    async (request) => {
      const customer = await upsertCustomer(app, request.organization, request.body.customer, request.now);
      return { customer: presentCustomerExtended(customer) };
    },
  );

  server.get(
    "/customers",
    {
      config,
      schema: {
        operationId: "findAllCustomers",
        tags,
        summary: "List customers, newest first",
        description:
          "`search_term` is looked for in names, external id and email. `metadata[key]=value` compares, a blank value asks for customers without the key.",
        querystring: Filters,
        response: answers(t.Object({ customers: t.Array(CustomerExtendedAnswer), meta: Meta }), 403, 404, 422),
      },
    },
    async (request) => {
      const query = request.query as Query;
      const problems: Problem[] = [];
      const filters = readFilters(query, problems);
      refuseIfAny(problems);
      const page = readPage(query);
      const { customers, count } = await listCustomers(app.db, request.organization.id, filters, page);
      return { customers: customers.map(presentCustomerExtended), meta: pageMeta(page, count) };
    },
  );
}

function singleCustomerRoutes(server: Server, app: App, ending: CustomerEnding): void {
  server.get(
    "/customers/:external_id",
    {
      config,
      schema: {
        operationId: "findCustomer",
        tags,
        summary: "Show a customer",
        params,
        response: answers(One, 403, 404),
      },
    },
    async (request) => {
      const customer = await viewOf(app.db, request.organization.id, request.params.external_id);
      return { customer: presentCustomerExtended(customer) };
    },
  );

  server.delete(
    "/customers/:external_id",
    {
      config,
      schema: {
        operationId: "destroyCustomer",
        tags,
        summary: "Delete a customer",
        description:
          "Its subscriptions end with it, and what they owe is billed; periods that no run has billed are billed before. Its external id is free again, its sequential id is not. Invoices and fees stay.",
        params,
        response: answers(One, 403, 404, 422),
      },
    },
    async (request) => {
      const { organization, now } = request;
      const customer = await deleteCustomer(app, organization, request.params.external_id, ending, now);
      return { customer: presentCustomerExtended(customer) };
    },
  );
}

function checkoutRoute(server: Server, app: App): void {
  server.post(
    "/customers/:external_customer_id/checkout_url",
    {
      config,
      schema: {
        operationId: "generateCustomerCheckoutURL",
        tags,
        summary: "Where a customer enters a means of payment",
        description: "At the customer's payment provider. None can be linked yet: 422 `no_linked_payment_provider`.",
        params: t.Object({ external_customer_id: t.String() }),
        response: answers(t.Object({ customer: CheckoutUrlAnswer }), 403, 404, 422),
      },
    },
    async (request) => {
      await viewOf(app.db, request.organization.id, request.params.external_customer_id);
      throw invalid("base", "no_linked_payment_provider");
    },
  );
}
