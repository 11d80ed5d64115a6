/**
 * Which workers live: each is held by a lock of a session that ends with its process, however that ends. What a worker locked that
 * nobody holds any more goes back to the queue; by itself the queue would wait for four hours.
 */
import pg from "pg";
import type { Logger } from "../http/logger.ts";

/** "weir", as the first half of the locks' key. */
const LOCK_CLASS = 0x77656972;
/** A worker may take its first job before its lock is there. */
const SINCE = "10 seconds";
const LOOK_MS = 15_000;

const HOLD = "select pg_try_advisory_lock($1, hashtext(id)) from unnest($2::text[]) id";

const LIST_GONE = `
select w.id from (
  select locked_by as id from graphile_worker._private_jobs where locked_at < now() - $2::interval
  union
  select locked_by from graphile_worker._private_job_queues where locked_at < now() - $2::interval
) w
where w.id is not null and not exists (
  select from pg_locks l join pg_database d on d.oid = l.database
  where d.datname = current_database() and l.locktype = 'advisory' and l.objsubid = 2 and l.granted
    and l.classid::bigint = $1 and l.objid::bigint = hashtext(w.id)::bigint & 4294967295
)`;

const TELL_WHY = `
update graphile_worker._private_jobs set last_error = 'the process that ran it was killed' where locked_by = any($1::text[])`;

/** Says that these workers live, as long as the client's session does. */
export async function holdWorkers(client: pg.ClientBase, ids: readonly string[]): Promise<void> {
  await client.query(HOLD, [LOCK_CLASS, ids]);
}

/** Gives back what workers that nobody holds had taken; answers their ids. Jobs may run twice, so it may be wrong about one that lives. */
export async function freeAbandoned(client: pg.ClientBase, since = SINCE): Promise<string[]> {
  const { rows } = await client.query<{ id: string }>(LIST_GONE, [LOCK_CLASS, since]);
  const ids = rows.map(({ id }) => id);
  if (ids.length === 0) return ids;
  await client.query(TELL_WHY, [ids]);
  await client.query("select graphile_worker.force_unlock_workers($1::text[])", [ids]);
  return ids;
}

export class Presence {
  readonly #url: string | undefined;
  readonly #logger: Logger;
  readonly #ids = new Set<string>();
  #client: pg.Client | null = null;
  #isStopping = false;
  #timer: NodeJS.Timeout | undefined;
  /** One after another, as it is one session. */
  #work: Promise<void> = Promise.resolve();

  constructor(pool: pg.Pool, logger: Logger) {
    this.#url = pool.options.connectionString;
    this.#logger = logger;
  }

  /** From now on the worker lives, until `stop` or the end of the process. */
  add(id: string): void {
    this.#ids.add(id);
    // Where it fails the session is lost, and the next one holds all of them.
    this.#next(async () => {
      if (this.#client !== null) await holdWorkers(this.#client, [id]).catch(() => {});
    });
  }

  /** To be done before the first worker begins, so that none is taken for dead. Throws where the database cannot be reached. */
  async start(): Promise<void> {
    this.#client = await this.#open();
    this.#next(() => this.#look());
    this.#timer = setInterval(() => this.#next(() => this.#look()), LOOK_MS).unref();
  }

  #next(work: () => Promise<void>): void {
    this.#work = this.#work.then(work);
  }

  /** Any number of times. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    clearInterval(this.#timer);
    this.#next(async () => {
      const client = this.#client;
      this.#client = null;
      await client?.end().catch(() => {});
    });
    await this.#work;
  }

  /** A session that was lost is opened again, with its locks. */
  async #look(): Promise<void> {
    if (this.#isStopping) return;
    try {
      this.#client ??= await this.#open();
      const ids = await freeAbandoned(this.#client);
      if (ids.length > 0) this.#logger.warn({ part: "queue", workers: ids }, "jobs of killed workers are taken up");
    } catch (error) {
      this.#logger.warn({ part: "queue", err: error }, "killed workers could not be looked for");
      const broken = this.#client;
      this.#client = null;
      await broken?.end().catch(() => {});
    }
  }

  async #open(): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: this.#url, application_name: "weir presence" });
    client.on("error", () => {
      if (this.#client !== client) return;
      this.#client = null;
      this.#next(() => this.#look());
    });
    await client.connect();
    await holdWorkers(client, [...this.#ids]);
    return client;
  }
}
