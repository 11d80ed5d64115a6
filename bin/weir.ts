/** The command line: `weir start`, `weir migrate`. */
import { type Config, ConfigError, readConfig } from "../src/config.ts";
import type { Weir } from "../src/main.ts";
import { launchEmbeddedFor } from "../src/storage/embedded.ts";

const USAGE = `Usage: weir start     run Weir (see docs/operations.md for the settings)
       weir migrate   bring the database to this version and end`;

async function start(): Promise<void> {
  const config = readConfig(process.env);
  const starting = startAll(config);
  let isStopping = false;
  // A signal may come while PostgreSQL is being started: it is not left behind.
  const stop = async (code: number) => {
    if (isStopping) return;
    isStopping = true;
    const weir = await starting.catch(() => null);
    if (weir === null) return; // The start itself reports why it failed.
    const drained = await weir.stop();
    if (!drained) console.error("Not everything was done in time: gave up what was left.");
    process.exit(drained ? code : 1);
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => void stop(0));
  const weir = await starting;
  greet(weir, config);
  void weir.databaseEnded.then(() => {
    if (isStopping) return;
    console.error("PostgreSQL ended unexpectedly: stopping.");
    return stop(1);
  });
}

/** PostgreSQL starts while the rest is loaded. */
async function startAll(config: Config): Promise<Weir> {
  const launching = await launchEmbeddedFor(config);
  const { startWeir } = await import("../src/main.ts");
  return startWeir(config, undefined, Promise.resolve(launching));
}

function greet({ url, dataDir, firstApiKey }: Weir, { databaseUrl, adminApiKey }: Config): void {
  console.log(`Weir listens on ${url}  (API reference: ${url}/api/docs)`);
  if (databaseUrl === null) console.log(`Data and secrets are in ${dataDir}`);
  else if (adminApiKey === null) console.log(`The admin key is in ${dataDir}`);
  if (firstApiKey === null) return;
  console.log(`Your organization's API key, shown this once: ${firstApiKey}`);
}

async function migrateOnly(): Promise<void> {
  const { migrateDatabase } = await import("../src/main.ts");
  const applied = await migrateDatabase(readConfig(process.env));
  console.log(applied.length === 0 ? "Nothing to migrate." : `Migrated: ${applied.join(", ")}`);
}

const COMMANDS: Readonly<Record<string, () => Promise<void>>> = { start, migrate: migrateOnly };

const command = COMMANDS[process.argv[2] ?? "start"];
if (command === undefined) {
  console.error(USAGE);
  process.exit(2);
}
await command().catch((error) => {
  console.error(error instanceof ConfigError ? error.message : error);
  process.exit(1);
});
