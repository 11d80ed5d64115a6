/** The connection pool, transactions and prepared statements. */
import { Kysely, PostgresDialect, type Transaction } from "kysely";
import pg from "pg";
import type { Tables } from "./tables.ts";
import { useDomainTypes } from "./types.ts";

export type Db = Kysely<Tables>;
export type Tx = Transaction<Tables>;
/** What a store function takes: the pool, or the transaction that its caller holds. */
export type DbOrTx = Db | Tx;

export interface Database {
  readonly db: Db;
  readonly pool: pg.Pool;
  close(): Promise<void>;
}

export interface DatabaseOptions {
  readonly url: string;
  readonly poolSize: number;
  readonly applicationName?: string;
}

useDomainTypes();

export function openPool({ url, poolSize, applicationName = "weir" }: DatabaseOptions): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: poolSize,
    application_name: applicationName,
    idleTimeoutMillis: 30_000,
    // Business days are computed in the customer's zone, never in the session's.
    options: "-c timezone=UTC -c jit=off",
  });
  // An idle connection that breaks is replaced by the pool; without a listener it would end the process.
  pool.on("error", () => {});
  return pool;
}

export function openDatabase(options: DatabaseOptions): Database {
  const pool = openPool(options);
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  return { db, pool, close: () => db.destroy() };
}

/** Serialization failures and deadlocks are nobody's fault: the transaction is run again, three times at most. */
export async function inTransaction<T>(db: Db, run: (tx: Tx) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await db.transaction().execute(run);
    } catch (error) {
      if (attempt >= 3 || !isTransient(error)) throw error;
    }
  }
}

function isTransient(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  return code === "40001" || code === "40P01";
}

/** The name of the constraint that a write ran into, or null when the error is something else. */
export function violatedConstraint(error: unknown): string | null {
  const { code, constraint } = error as { code?: unknown; constraint?: unknown };
  return typeof code === "string" && code.startsWith("23") && typeof constraint === "string" ? constraint : null;
}
