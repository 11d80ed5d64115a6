import type { App } from "../app.ts";
import { findCustomer } from "../customers/index.ts";
import { type Query, readPage, readText } from "../http/query.ts";
import { answers, Meta, t } from "../http/schemas.ts";
import type { Server } from "../http/server.ts";
import { type Problem, Refusal, refuseIfAny } from "../kernel/failure.ts";
import { pageMeta } from "../kernel/pages.ts";
import { readInvoicesFilter } from "./filters.ts";
import { customersNamed } from "./invoices-store.ts";
import { InvoiceAnswer, InvoiceExtendedAnswer } from "./schemas.ts";
import { invoiceOf, invoicesPage } from "./service.ts";

const Given = t.Optional(t.Union([t.String(), t.Array(t.String())]));
const given = (...names: string[]) => Object.fromEntries(names.map((name) => [name, Given]));

const paging = { page: t.Optional(t.String()), per_page: t.Optional(t.String()) };
const ByLagoId = t.Object({ lago_id: t.String() });

const invoiceFilters = {
  ...paging,
  ...given("status", "status[]", "statuses[]", "payment_status", "payment_status[]", "payment_statuses[]"),
  ...given("payment_overdue", "payment_dispute_lost", "partially_paid", "self_billed", "invoice_type", "currency"),
  ...given("issuing_date_from", "issuing_date_to", "amount_from", "amount_to", "purchase_order_number", "search_term"),
  ...given("settlements[]", "billing_entity_codes[]", "metadata[key]"),
};

const InvoicesPage = t.Object({ invoices: t.Array(InvoiceAnswer), meta: Meta });

async function listed(app: App, organizationId: string, query: Query, customer_ids: readonly string[] | null) {
  const problems: Problem[] = [];
  const filter = readInvoicesFilter(query, problems);
  refuseIfAny(problems);
  const page = readPage(query);
  const { invoices, total } = await invoicesPage(app.db, organizationId, { ...filter, customer_ids }, page);
  return { invoices, meta: pageMeta(page, total) };
}

export function invoiceRoutes(server: Server, app: App): void {
  const config = { resource: "invoice" };
  customerInvoicesRoute(server, app);

  server.get(
    "/invoices",
    {
      config,
      schema: {
        operationId: "findAllInvoices",
        tags: ["invoices"],
        summary: "List invoices, the newest first",
        description:
          "Invoices that were closed because they came to nothing are not shown. Dates that cannot be read are ignored.",
        querystring: t.Object({ ...invoiceFilters, ...given("external_customer_id") }),
        response: answers(InvoicesPage, 403, 422),
      },
    },
    async (request) => {
      const { id } = request.organization;
      const query = request.query as Query;
      const externalId = readText(query, "external_customer_id");
      return listed(app, id, query, externalId === null ? null : await customersNamed(app.db, id, externalId));
    },
  );

  server.get(
    "/invoices/:lago_id",
    {
      config,
      schema: {
        operationId: "findInvoice",
        tags: ["invoices"],
        summary: "Show an invoice with its periods and fees",
        params: ByLagoId,
        response: answers(t.Object({ invoice: InvoiceExtendedAnswer }), 403, 404),
      },
    },
    async (request) => ({
      invoice: await invoiceOf(app.db, request.organization.id, request.params.lago_id, request.now),
    }),
  );
}

function customerInvoicesRoute(server: Server, app: App): void {
  server.get(
    "/customers/:external_id/invoices",
    {
      config: { resource: "invoice" },
      schema: {
        operationId: "findAllCustomerInvoices",
        tags: ["customers", "invoices"],
        summary: "List a customer's invoices, the newest first",
        params: t.Object({ external_id: t.String() }),
        querystring: t.Object(invoiceFilters),
        response: answers(InvoicesPage, 403, 404, 422),
      },
    },
    async (request) => {
      const customer = await findCustomer(app.db, request.organization.id, request.params.external_id);
      if (customer === null) throw new Refusal("customer_not_found");
      return listed(app, request.organization.id, request.query as Query, [customer.id]);
    },
  );
}
