import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ADMIN_KEY, startTestServer, type TestServer } from "../src/testing/server.ts";
import { type Billed, compare, digestOf } from "./demo/check.ts";
import { expectedBills } from "./demo/expected.ts";
import { runDemo } from "./demo/run.ts";
import { silentScreen } from "./demo/screen.ts";
import { PUBLISHED_SUMS } from "./demo/tariff.ts";
import { readTrace } from "./demo/trace.ts";

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server.close());

/** What README.md shows. */
const DIGEST = "cce4bef2cd51fdc6";

test("8,819 real requests become the invoices that were computed apart, to the cent", async () => {
  const { differences, digest } = await runDemo({ url: server.url, adminApiKey: ADMIN_KEY }, silentScreen());
  assert.deepEqual(differences, []);
  assert.equal(digest, DIGEST);
});

/** Invoices as they must be. */
async function goodInvoices(): Promise<{ bills: ReturnType<typeof expectedBills>; invoices: Billed[] }> {
  const bills = expectedBills(await readTrace());
  const invoices = bills.map(({ customer, units, cents, totalCents }) => ({
    customerId: customer.id,
    number: "N",
    totalCents,
    lines: new Map([
      ["plan", { units: "1.0", cents: cents.plan }],
      ...Object.entries(units).map(
        ([code, n]) => [code, { units: `${n}.0`, cents: cents[code as keyof typeof units] }] as const,
      ),
    ]),
  }));
  return { bills, invoices };
}

test("what is expected adds up to what the publishers of the trace say", async () => {
  const { bills, invoices } = await goodInvoices();
  assert.deepEqual(compare(bills, invoices), []);
  assert.equal(digestOf(invoices), DIGEST);
  assert.equal(
    bills.reduce((sum, { units }) => sum + units.requests, 0n),
    PUBLISHED_SUMS.requests,
  );
});

test("a cent, a token or an invoice too many is told with its place", async () => {
  const { bills, invoices } = await goodInvoices();
  const [first, ...rest] = invoices as [Billed, ...Billed[]];
  const tokens = first.lines.get("prompt_tokens") ?? { units: "", cents: 0n };
  const withLine = (line: typeof tokens): Billed => ({
    ...first,
    lines: new Map([...first.lines, ["prompt_tokens", line]]),
  });
  const dearer = compare(bills, [withLine({ ...tokens, cents: tokens.cents + 1n }), ...rest]);
  assert.match(dearer.join(), /^customer-01: prompt_tokens: amount in cents: expected \d+, found \d+$/);
  const fractional = compare(bills, [withLine({ ...tokens, units: "12.5" }), ...rest]);
  assert.match(fractional[0] ?? "", /^customer-01: prompt_tokens: units: expected \d+, found 12\.5$/);
  assert.match(fractional[1] ?? "", /^all invoices: units of prompt_tokens: expected 18059974/);
  assert.match(compare(bills, [first, ...invoices]).join("\n"), /customer-01: number of invoices: expected 1, found 2/);
  assert.match(compare(bills, rest).join("\n"), /customer-01: number of invoices: expected 1, found 0/);
});
