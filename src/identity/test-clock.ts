/** A sandbox's own time: set it, run what is due, or advance through everything that falls due on the way. */
import type { App } from "../app.ts";
import { readMoment } from "../http/query.ts";
import { answers, t } from "../http/schemas.ts";
import type { Server } from "../http/server.ts";
import { enqueue, type Job, settle } from "../jobs/index.ts";
import { presentOf } from "../kernel/clock.ts";
import { invalid, Refusal } from "../kernel/failure.ts";
import { toMilliseconds } from "../kernel/wire.ts";
import type { Organization } from "./authenticate.ts";
import { readClock, setClock } from "./store.ts";

/** What an organization's clock makes happen: rooms give these, the composition root lists them. */
export interface PeriodicWork {
  /** Its name in the API, e.g. "billing"; several works may share one, and run one after the other. */
  readonly name: string;
  /** Null where nothing can ever be due yet, as no room has such work. */
  readonly job: Job<{ organization_id: string }> | null;
  /** The first moment after `after` and up to `until` at which it has work to do. */
  nextDueAt?(
    app: App,
    organizationId: string,
    after: Temporal.Instant,
    until: Temporal.Instant,
  ): Promise<Temporal.Instant | null>;
}

const Clock = t.Object({ test_clock: t.Object({ now: t.String({ format: "date-time" }) }) });

function assertSandbox(organization: Organization): void {
  if (!organization.sandbox) throw new Refusal("not_a_sandbox");
}

/** Periods and terms that begin later would end after the year 9999, which dates are written with. */
const LATEST = Temporal.Instant.from("9000-01-01T00:00:00Z");

function readNow(field: string, text: string): Temporal.Instant {
  const moment = readMoment(text);
  if (moment === null) throw invalid(field, "invalid_date");
  if (Temporal.Instant.compare(moment.from, LATEST) > 0) throw invalid(field, "value_is_out_of_range");
  return moment.from;
}

async function moveTo(app: App, organization: Organization, now: Temporal.Instant): Promise<void> {
  if ((await setClock(app.db, organization.id, now)) === "backwards") {
    throw new Refusal("clock_goes_backwards", { now: ["clock_goes_backwards"] });
  }
}

async function present(app: App, organizationId: string) {
  return { test_clock: { now: toMilliseconds(presentOf({ clock_now: await readClock(app.db, organizationId) })) } };
}

async function runAll(app: App, organization: Organization, works: readonly PeriodicWork[]): Promise<void> {
  for (const { job } of works) {
    if (job === null) continue;
    await enqueue(app.db, organization, job, { organization_id: organization.id });
    await settle(app.db, organization.id);
  }
  await settle(app.db, organization.id);
}

const config = { resource: "organization" };
const schema = { tags: ["test clock"], response: answers(Clock, 400, 405, 409, 422) };
const Moment = t.Object({ test_clock: t.Object({ now: t.String() }) });

export function testClockRoutes(server: Server, app: App, works: readonly PeriodicWork[]): void {
  runRoute(server, app, works);

  server.put(
    "/test_clock",
    {
      config,
      schema: {
        ...schema,
        operationId: "setTestClock",
        summary: "Set a sandbox's present",
        description: "Runs nothing. Forwards only once it is set; the first setting may be any instant.",
        body: Moment,
      },
    },
    async (request) => {
      assertSandbox(request.organization);
      await moveTo(app, request.organization, readNow("now", request.body.test_clock.now));
      return present(app, request.organization.id);
    },
  );

  server.post(
    "/test_clock/advance",
    {
      config,
      schema: {
        ...schema,
        operationId: "advanceTestClock",
        summary: "Advance a sandbox to a moment",
        description:
          "Everything that falls due on the way is run at its due time, in the order in which it would have happened.",
        body: Moment,
      },
    },
    async (request) => {
      assertSandbox(request.organization);
      await advance(app, request.organization, works, readNow("now", request.body.test_clock.now));
      return present(app, request.organization.id);
    },
  );
}

function runRoute(server: Server, app: App, works: readonly PeriodicWork[]): void {
  const worksNamed = (name: string): readonly PeriodicWork[] => {
    const named = works.filter((work) => work.name === name);
    if (named.length === 0) throw invalid("jobs", "value_is_invalid");
    return named;
  };
  server.post(
    "/test_clock/run",
    {
      config,
      schema: {
        ...schema,
        operationId: "runTestClock",
        summary: "Run periodic work at a sandbox's present",
        description:
          "Runs the named jobs in order, each with all the background work it causes. An empty list only waits for background work.",
        body: t.Object({ test_clock: t.Object({ jobs: t.Optional(t.Array(t.String(), { maxItems: 100 })) }) }),
      },
    },
    async (request) => {
      assertSandbox(request.organization);
      const named = (request.body.test_clock.jobs ?? []).flatMap(worksNamed);
      await runAll(app, request.organization, named);
      return present(app, request.organization.id);
    },
  );
}

/** From one due moment to the next; at one instant the works run in the order of their list. */
async function advance(
  app: App,
  organization: Organization,
  works: readonly PeriodicWork[],
  until: Temporal.Instant,
): Promise<void> {
  let now = presentOf({ clock_now: await readClock(app.db, organization.id) });
  if (Temporal.Instant.compare(until, now) < 0)
    throw new Refusal("clock_goes_backwards", { now: ["clock_goes_backwards"] });
  for (;;) {
    const due: { work: PeriodicWork; at: Temporal.Instant }[] = [];
    for (const work of works) {
      const at = (await work.nextDueAt?.(app, organization.id, now, until)) ?? null;
      if (at !== null) due.push({ work, at });
    }
    const first = due.map(({ at }) => at).sort(Temporal.Instant.compare)[0];
    if (first === undefined) break;
    now = first;
    await moveTo(app, organization, now);
    await runAll(
      app,
      organization,
      due.filter(({ at }) => at.equals(first)).map(({ work }) => work),
    );
  }
  await moveTo(app, organization, until);
  await settle(app.db, organization.id);
}
