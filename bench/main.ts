/**
 * npm run bench -- ingest|usage|billing|in-advance|all [--scale 0.1] [--aged] [--json FILE]
 * Figures of this machine, now, beside its own limit measured in the same run. Machines are shared and noisy: compare the ratios.
 */
import { writeFile } from "node:fs/promises";
import { readArguments } from "../src/config.ts";
import { benchBilling } from "./billing.ts";
import { benchBillingScale } from "./billing-scale.ts";
import { benchInAdvance } from "./in-advance.ts";
import { benchIngest } from "./ingest.ts";
import { benchUsage } from "./usage.ts";

const { values, positionals } = readArguments({
  scale: { type: "string", default: "1" },
  aged: { type: "boolean", default: false },
  json: { type: "string" },
});
const scale = Number(values.scale);
if (!(scale > 0 && scale <= 10)) throw new Error(`--scale ${values.scale}: expected a number above 0 and up to 10`);

const BENCHES: Readonly<Record<string, () => Promise<unknown>>> = {
  ingest: () => benchIngest({ scale, aged: values.aged === true }),
  usage: () => benchUsage({ scale }),
  billing: async () => ({ ...(await benchBilling({ scale })), ...(await benchBillingScale({ scale })) }),
  "in-advance": () => benchInAdvance({ scale }),
};

const chosen = positionals.length === 0 || positionals.includes("all") ? Object.keys(BENCHES) : positionals;
const report: Record<string, unknown> = {};
for (const name of chosen) {
  const bench = BENCHES[name];
  if (bench === undefined) throw new Error(`${name}: expected ${Object.keys(BENCHES).join(", ")} or all`);
  report[name] = await bench();
  // After each, so that an interrupted run leaves what it has.
  if (typeof values.json === "string") await writeFile(values.json, `${JSON.stringify(report, null, 2)}\n`);
}
