/** The demo from the empty organization to the checked invoices. */
import { type Billed, compare, compareUsage, digestOf, readInvoice, unitsOf } from "./check.ts";
import { type Bill, expectedBills } from "./expected.ts";
import { type Screen, table } from "./screen.ts";
import {
  allInvoices,
  batchesOf,
  createCatalog,
  currentUsage,
  isRefusedAsDuplicate,
  openSandbox,
  type Place,
  sendAll,
  subscribeAll,
} from "./stage.ts";
import { customers } from "./tariff.ts";
import { readTrace } from "./trace.ts";

export interface Outcome {
  readonly differences: readonly string[];
  readonly digest: string;
}

/** When the month has begun everywhere, after the trace, and when it is over everywhere. */
const MONTH_HAS_BEGUN = "2023-11-01T12:00:00Z";
const AFTER_THE_TRACE = "2023-11-16T20:00:00Z";
const MONTH_IS_OVER = "2023-12-02T00:00:00Z";

export async function runDemo(place: Place, screen: Screen): Promise<Outcome> {
  const trace = await readTrace();
  const bills = expectedBills(trace);

  const { lago, setClock, advance } = await openSandbox(place);
  await setClock(MONTH_HAS_BEGUN);
  const catalog = screen.step("Metrics and plan", 1);
  await createCatalog(lago);
  catalog.done("3 metrics, 1 plan with 3 charges");

  const subscribing = screen.step("Customers and subscriptions", customers.length);
  await subscribeAll(lago, subscribing);
  subscribing.done(`${customers.length}, from 1 November in 20 time zones`);

  const starting = screen.step("Clock to 2023-11-16 20:00 UTC", 1);
  await advance(AFTER_THE_TRACE);
  starting.done("the trace has happened");

  const batches = batchesOf(trace);
  const events = batches.flat().length;
  const sending = screen.step("Events", events);
  const begun = performance.now();
  await sendAll(lago, batches, sending);
  const perSecond = Math.round(events / ((performance.now() - begun) / 1000));
  sending.done(`${count(events)} of ${count(trace.length)} requests, ${count(perSecond)} a second`);

  const differences: string[] = [];
  const again = screen.step("The first batch once more", 1);
  const isRefused = await isRefusedAsDuplicate(lago, batches[0] ?? []);
  if (!isRefused) differences.push("a batch sent twice was not refused as a duplicate");
  again.done(isRefused ? "refused: already there" : "ACCEPTED TWICE");

  const reading = screen.step("Current usage", customers.length);
  differences.push(...compareUsage(bills, await currentUsage(lago, reading)));
  reading.done(`of ${customers.length} customers`);

  const billing = screen.step("Clock to 2023-12-02 00:00 UTC", 1);
  await advance(MONTH_IS_OVER);
  billing.done("the month ended in every zone");

  const listing = screen.step("Invoices", customers.length);
  const invoices = (await allInvoices(lago, listing)).map(readInvoice);
  listing.done(`${invoices.length} with their fees`);

  differences.push(...compare(bills, invoices));
  for (const line of ["", ...invoiceTable(bills, invoices), ""]) screen.line(line);
  return { differences, digest: digestOf(invoices) };
}

const count = (n: number | bigint) => n.toLocaleString("en");
const money = (cents: bigint) => `${count(cents / 100n)}.${(cents % 100n).toString().padStart(2, "0")}`;

function invoiceTable(bills: readonly Bill[], invoices: readonly Billed[]): string[] {
  const rows = bills.map(({ customer }) => {
    const invoice = invoices.find(({ customerId }) => customerId === customer.id);
    const cell = (code: string) => {
      const line = invoice?.lines.get(code);
      return line ? [count(BigInt(line.units.split(".")[0] ?? "0")), money(line.cents)] : ["–", "–"];
    };
    const plan = invoice?.lines.get("plan");
    return [
      customer.timezone,
      invoice?.number ?? "no invoice",
      plan ? money(plan.cents) : "–",
      ...cell("prompt_tokens"),
      ...cell("generated_tokens"),
      ...cell("requests"),
      invoice ? money(invoice.totalCents) : "–",
    ];
  });
  const centsOf = (code: string) => invoices.reduce((sum, { lines }) => sum + (lines.get(code)?.cents ?? 0n), 0n);
  const foot = [
    "",
    `${invoices.length} invoices`,
    money(centsOf("plan")),
    count(unitsOf(invoices, "prompt_tokens")),
    money(centsOf("prompt_tokens")),
    count(unitsOf(invoices, "generated_tokens")),
    money(centsOf("generated_tokens")),
    count(unitsOf(invoices, "requests")),
    money(centsOf("requests")),
    money(invoices.reduce((sum, { totalCents }) => sum + totalCents, 0n)),
  ];
  const head = ["Time zone", "Invoice", "Fee", "Prompt tokens", "USD", "Generated", "USD", "Requests", "USD", "Total"];
  return table(head, rows, foot);
}
