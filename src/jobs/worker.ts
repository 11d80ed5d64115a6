/** Working off the queue, and the schedules (UTC cron) that fill it. */
import { EventEmitter } from "node:events";
import {
  type ParsedCronItem,
  parseCronItems,
  Logger as QueueLogger,
  type Runner,
  run,
  runMigrations,
  type WorkerEvents,
} from "graphile-worker";
import type pg from "pg";
import { Gauge } from "prom-client";
import type { App } from "../app.ts";
import { metrics } from "../http/metrics.ts";
import type { Job } from "./job.ts";
import { Presence } from "./presence.ts";

/** Work that the clock starts: `job` with an empty payload at each match of the crontab pattern. */
export interface Schedule {
  readonly pattern: string;
  readonly job: Job;
}

export interface Queue {
  /** Begins to work. Only processes whose role includes it do. */
  start(app: App): Promise<void>;
  /** Whether this process is at work on the queue. */
  isWorking(): boolean;
  /** Finishes what is under way and stops. */
  stop(): Promise<void>;
}

export async function migrateQueue(pool: pg.Pool): Promise<void> {
  await runMigrations({ pgPool: pool, logger: new QueueLogger(() => () => {}) });
}

export function startQueue(jobs: readonly Job[], schedules: readonly Schedule[]): Queue {
  let runner: Runner | null = null;
  let look: NodeJS.Timeout | undefined;
  let presence: Presence | null = null;
  return {
    async start(app) {
      const present = new Presence(app.pool, app.logger);
      const events: WorkerEvents = new EventEmitter();
      events.on("worker:create", ({ worker }) => present.add(worker.workerId));
      await present.start();
      presence = present;
      runner = await run({
        events,
        pgPool: app.pool,
        logger: queueLogger(app),
        concurrency: app.config.jobConcurrency,
        noHandleSignals: true,
        pollInterval: 2000,
        taskList: Object.fromEntries(
          jobs.map((known) => [known.name, (payload: unknown) => runLogged(app, known, payload as object)]),
        ),
        parsedCronItems: cronItems(schedules),
      });
      look = setInterval(() => countJobs(app).catch(() => {}), COUNT_MS).unref();
      const started = runner;
      const forget = () => {
        if (runner === started) runner = null;
        // What it left is others' now.
        void present.stop();
      };
      void started.promise.then(forget, (error) => {
        app.logger.error({ part: "queue", err: error }, "the queue stopped");
        forget();
      });
    },
    isWorking: () => runner !== null,
    async stop() {
      clearInterval(look);
      await runner?.stop();
      runner = null;
      await presence?.stop();
      presence = null;
    },
  };
}

const COUNT_MS = 5_000;

const jobsGauge = new Gauge({
  name: "weir_jobs",
  help: "Jobs in the queue: waiting for a worker or under way, and failed for good",
  labelNames: ["state"],
  registers: [metrics],
});

async function countJobs({ pool }: App): Promise<void> {
  const { rows } = await pool.query<{ waiting: number; failed: number }>(`
    select count(*) filter (where attempts < max_attempts or locked_at is not null)::float8 as waiting,
      count(*) filter (where attempts >= max_attempts and locked_at is null)::float8 as failed
    from graphile_worker._private_jobs`);
  for (const state of ["waiting", "failed"] as const) jobsGauge.set({ state }, rows[0]?.[state] ?? 0);
}

/** The library's own words in our log; its info level speaks of every job, which is our debug. */
function queueLogger({ logger }: App): QueueLogger {
  return new QueueLogger(() => (level, message) => {
    if (level === "error") logger.error({ part: "queue" }, message);
    else if (level === "warning") logger.warn({ part: "queue" }, message);
    else logger.debug({ part: "queue" }, message);
  });
}

async function runLogged(app: App, known: Job, payload: object): Promise<void> {
  const begun = performance.now();
  try {
    await known.run(payload, { app });
    app.logger.debug({ job: known.name, payload, ms: Math.round(performance.now() - begun) }, "job done");
  } catch (error) {
    app.logger.error({ job: known.name, payload, err: error }, "job failed");
    throw error;
  }
}

function cronItems(schedules: readonly Schedule[]): ParsedCronItem[] {
  return parseCronItems(
    schedules.map(({ pattern, job }) => ({ task: job.name, match: pattern, identifier: job.name })),
  );
}
