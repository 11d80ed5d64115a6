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
  /** For the prepared statements of hot paths: see openPool. */
  readonly indexPool: pg.Pool;
  close(): Promise<void>;
}

export interface DatabaseOptions {
  readonly url: string;
  readonly poolSize: number;
  readonly applicationName?: string;
  /**
   * Plan by index alone, once and for all. A statement prepared while its tables are small would scan them whole, and go on
   * doing so when they have grown; here every statement is written to go by an index.
   */
  readonly byIndex?: boolean;
}

// Business days are computed in the customer's zone, never in the session's.
const SESSION = "-c timezone=UTC -c jit=off";
const BY_INDEX =
  "-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c plan_cache_mode=force_generic_plan";

useDomainTypes();

export function openPool({ url, poolSize, applicationName = "weir", byIndex = false }: DatabaseOptions): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: poolSize,
    application_name: applicationName,
    idleTimeoutMillis: 30_000,
    options: byIndex ? `${SESSION} ${BY_INDEX}` : SESSION,
  });
  // An idle connection that breaks is replaced by the pool; without a listener it would end the process.
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  return pool;
}

export function openDatabase(options: DatabaseOptions): Database {
  const pool = openPool(options);
  const indexPool = openPool({ ...options, byIndex: true });
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  return { db, pool, indexPool, close: async () => void (await Promise.all([db.destroy(), indexPool.end()])) };
}

/**
 * Kysely on one connection that the caller holds, in its transaction. Who took another one from the pool meanwhile could wait for
 * those that hold it, which wait for what the caller has locked.
 */
export function dbOn(client: pg.PoolClient): Db {
  const held = {
    query: client.query.bind(client) as pg.PoolClient["query"],
    release() {},
  };
  const pool = { connect: async () => held, end: async () => {} };
  return new Kysely<Tables>({ dialect: new PostgresDialect({ pool: pool as unknown as pg.Pool }) });
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

/** What the write answers, or "duplicate" where it runs into that constraint. */
export async function orDuplicate<T>(constraint: string, write: () => Promise<T>): Promise<T | "duplicate"> {
  try {
    return await write();
  } catch (error) {
    if (violatedConstraint(error) === constraint) return "duplicate";
    throw error;
  }
}

/** Any number; the same for every Weir. */
const PREPARATION_LOCK = 7_713_001;

/** Processes that start at once on one database prepare it one after another. */
export async function withLock<T>(pool: pg.Pool, work: () => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query("select pg_advisory_lock($1)", [PREPARATION_LOCK]);
    return await work();
  } finally {
    // Ending the session gives the lock back, whatever happened to the connection.
    client.release(true);
  }
}
