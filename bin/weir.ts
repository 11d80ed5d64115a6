/** The command line: `weir start`, `weir migrate`. */
import { ConfigError, readConfig } from "../src/config.ts";
import { migrateQueue } from "../src/jobs/index.ts";
import { startWeir, type Weir } from "../src/main.ts";
import { openPool } from "../src/storage/database.ts";
import { startEmbedded } from "../src/storage/embedded.ts";
import { migrate } from "../src/storage/migrate.ts";

const USAGE = `Usage: weir start     run Weir (see docs/operations.md for the settings)
       weir migrate   bring the database to this version and end`;

async function start(): Promise<void> {
  const config = readConfig(process.env);
  const weir = await startWeir(config);
  greet(weir);
  let isStopping = false;
  const stop = async (code: number) => {
    if (isStopping) return;
    isStopping = true;
    await weir.stop();
    process.exit(code);
  };
  process.on("SIGINT", () => stop(0));
  process.on("SIGTERM", () => stop(0));
  void weir.databaseEnded.then(() => {
    if (!isStopping) console.error("PostgreSQL ended unexpectedly: stopping.");
    return stop(1);
  });
}

function greet({ url, firstApiKey }: Weir): void {
  console.log(`Weir listens on ${url}  (API reference: ${url}/api/docs)`);
  if (firstApiKey === null) return;
  console.log(`Your organization's API key, shown this once: ${firstApiKey}`);
}

async function migrateOnly(): Promise<void> {
  const config = readConfig(process.env);
  const embedded = config.databaseUrl === null ? await startEmbedded({ dataDir: config.dataDir }) : null;
  const pool = openPool({ url: config.databaseUrl ?? embedded?.url ?? "", poolSize: 2 });
  try {
    const applied = await migrate(pool);
    await migrateQueue(pool);
    console.log(applied.length === 0 ? "Nothing to migrate." : `Migrated: ${applied.join(", ")}`);
  } finally {
    await pool.end();
    await embedded?.stop();
  }
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
