/**
 * 8,819 requests of a real language model become 20 checked invoices: npm run demo
 *   WEIR_URL=… WEIR_ADMIN_API_KEY=…   on that server; without them on the one that runs here, or on one of its own.
 * Ends with 1 where an invoice differs from what the demo computes by itself.
 */
import { openPlace } from "./demo/place.ts";
import { runDemo } from "./demo/run.ts";
import { createScreen } from "./demo/screen.ts";
import { explain } from "./demo/stage.ts";

async function main(): Promise<number> {
  const screen = createScreen();
  const opening = screen.step("Server", 1);
  const place = await openPlace(process.env);
  opening.done(place.about);
  const stop = () => void place.close().finally(() => process.exit(130));
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, stop);
  try {
    const { differences, digest } = await runDemo(place, screen);
    for (const difference of differences) screen.line(`✗ ${difference}`);
    if (differences.length > 0) return 1;
    screen.line("✓ Units are those of the trace; every amount equals the one computed apart from it.");
    screen.line(`✓ Digest of customers, units and amounts: ${digest} (the same in every run)`);
    return 0;
  } finally {
    await place.close();
  }
}

process.exit(
  await main().catch(async (error) => {
    console.error(await explain(error));
    return 1;
  }),
);
