/** Every setting: its environment variable, its default and its check. The only reader of process.env. */
import { parseArgs } from "node:util";

export type Role = "all" | "api" | "worker";

/** Below the folder that Weir is started in. */
export const DEFAULT_DATA_DIR = ".weir";

export interface Config {
  readonly port: number;
  readonly host: string;
  /** Where the embedded PostgreSQL and its secrets live. */
  readonly dataDir: string;
  /** A PostgreSQL to use instead of the embedded one. */
  readonly databaseUrl: string | null;
  /** Opens /admin; generated and kept in DATA_DIR when not given. */
  readonly adminApiKey: string | null;
  readonly logLevel: LogLevel;
  readonly role: Role;
  /** Connections for requests and jobs of this process. */
  readonly poolSize: number;
  /** Connections that write event groups; each carries one group at a time. */
  readonly ingestConnections: number;
  /** Events in one group commit at most. */
  readonly ingestGroupEvents: number;
  /** Events waiting for a group in this process before requests are answered 429. */
  readonly ingestQueueEvents: number;
  /** Events folded in one transaction at most. */
  readonly foldBatchEvents: number;
  /** Unfolded events beyond which ingestion folds before it answers. */
  readonly tailLimitEvents: number;
  /** Customers billed in one transaction. */
  readonly billingBatchCustomers: number;
  /** Jobs that this process works on at once. */
  readonly jobConcurrency: number;
  /** Where VAT numbers are checked; null: nowhere. */
  readonly viesUrl: string | null;
}

const VIES_URL = "https://ec.europa.eu/taxation_customs/vies/rest-api";

const LOG_LEVELS = ["fatal", "error", "warn", "info", "debug", "trace", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** A setting that cannot be used: names the variable, its value and what was expected. */
export class ConfigError extends Error {}

type Env = Readonly<Record<string, string | undefined>>;

class Settings {
  readonly problems: string[] = [];
  readonly env: Env;
  constructor(env: Env) {
    this.env = env;
  }

  text(name: string): string | null {
    const value = this.env[name];
    return value === undefined || value === "" ? null : value;
  }

  integer(name: string, fallback: number, min: number, max: number): number {
    const text = this.text(name);
    if (text === null) return fallback;
    const value = Number(text);
    if (Number.isInteger(value) && value >= min && value <= max) return value;
    this.problems.push(`${name}=${text}: expected an integer from ${min} to ${max}`);
    return fallback;
  }

  oneOf<T extends string>(name: string, values: readonly T[], fallback: T): T {
    const text = this.text(name);
    if (text === null) return fallback;
    const value = values.find((candidate) => candidate === text);
    if (value !== undefined) return value;
    this.problems.push(`${name}=${text}: expected one of ${values.join(", ")}`);
    return fallback;
  }

  /** Without a slash at its end; null where it is switched off. */
  webUrlOrOff(name: string, fallback: string): string | null {
    const text = this.text(name) ?? fallback;
    if (text === "off") return null;
    if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text.replace(/\/+$/, "");
    this.problems.push(`${name}=${text}: expected an http(s) URL, or off`);
    return null;
  }

  databaseUrl(): string | null {
    const text = this.text("DATABASE_URL");
    if (text === null) return null;
    if (URL.canParse(text) && /^postgres(ql)?:$/.test(new URL(text).protocol)) return text;
    // The value is not repeated: it may hold a password.
    this.problems.push("DATABASE_URL: expected postgres://user:password@host:port/database");
    return null;
  }
}

/** Reads and checks all settings; throws ConfigError with every problem at once. */
export function readConfig(env: Env): Config {
  const settings = new Settings(env);
  const adminApiKey = settings.text("ADMIN_API_KEY");
  if (adminApiKey !== null && adminApiKey.length < 16) {
    settings.problems.push("ADMIN_API_KEY: expected at least 16 characters");
  }
  const config: Config = {
    port: settings.integer("PORT", 3000, 0, 65535),
    host: settings.text("HOST") ?? "127.0.0.1",
    dataDir: settings.text("DATA_DIR") ?? DEFAULT_DATA_DIR,
    databaseUrl: settings.databaseUrl(),
    adminApiKey,
    logLevel: settings.oneOf("LOG_LEVEL", LOG_LEVELS, "info"),
    role: settings.oneOf("ROLE", ["all", "api", "worker"] as const, "all"),
    poolSize: settings.integer("POOL_SIZE", 10, 2, 500),
    ingestConnections: settings.integer("INGEST_CONNECTIONS", 3, 1, 64),
    ingestGroupEvents: settings.integer("INGEST_GROUP_EVENTS", 10_000, 1, 50_000),
    ingestQueueEvents: settings.integer("INGEST_QUEUE_EVENTS", 200_000, 10_000, 10_000_000),
    foldBatchEvents: settings.integer("FOLD_BATCH_EVENTS", 100_000, 1_000, 2_000_000),
    tailLimitEvents: settings.integer("TAIL_LIMIT_EVENTS", 1_000_000, 10_000, 100_000_000),
    billingBatchCustomers: settings.integer("BILLING_BATCH_CUSTOMERS", 250, 1, 10_000),
    jobConcurrency: settings.integer("JOB_CONCURRENCY", 4, 1, 64),
    viesUrl: settings.webUrlOrOff("VIES_URL", VIES_URL),
  };
  if (settings.problems.length > 0) throw new ConfigError(settings.problems.join("\n"));
  return Object.freeze(config);
}

/** The command line of a script: `--name value` flags in `options`, the rest in order. */
export function readArguments(
  options: Readonly<Record<string, { type: "string" | "boolean"; default?: string | boolean }>>,
) {
  return parseArgs({ args: process.argv.slice(2), options, allowPositionals: true });
}
