import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isBefore, justAfter, later, localDate, startOfDay } from "../../kernel/calendar.ts";
import type { BillingTerms, DueBillingDay, Schedule, Window } from "../model.ts";
import { dueBillingDays, firstSchedules, movesAfter, terminationBilling } from "./schedules.ts";
import { assertWindow, at, day, shown, terms, written } from "./testing.ts";
import { currentUsageWindow, startingWindows, windowsAt } from "./windows.ts";

/** Schedules and everything billed by runs at `moments`. */
function live(life: BillingTerms, moments: readonly Temporal.Instant[]) {
  let schedules: Schedule[] = firstSchedules(life);
  const billed: DueBillingDay[] = [];
  for (const now of moments) {
    const due = schedules.filter(({ next_due_at }) => next_due_at !== null && !isBefore(now, next_due_at));
    const days = dueBillingDays(life, due, now);
    billed.push(...days);
    const moves = movesAfter("s", life, due, days);
    assert.equal(moves.length, due.length, "every due schedule moves");
    schedules = schedules.map((schedule) => {
      const move = moves.find(({ kind }) => kind === schedule.kind);
      if (move === undefined) return schedule;
      assert.ok(move.from.equals(schedule.billed_until));
      return { kind: move.kind, billed_until: move.to, next_due_at: move.next_due_at };
    });
    assert.ok(
      schedules.every(({ next_due_at }) => next_due_at !== null && isBefore(now, next_due_at)),
      "nothing stays due",
    );
  }
  return { schedules, billed };
}

/** Temporal objects have no own properties, so that deepEqual finds them all the same: compare what they say. */
const told = (value: unknown) => JSON.stringify(value);

test("a run bills nothing before the first billing day after the start, then each day once", () => {
  const life = terms({ started_at: at("2024-01-17 10:00") });
  assert.deepEqual(live(life, [at("2024-01-31 23:59")]).billed, []);
  const { billed, schedules } = live(life, [at("2024-02-01"), at("2024-02-01 06:00"), at("2024-03-01 00:10")]);
  assert.deepEqual(
    billed.map(({ day, windows, bills_subscription_fee, bills_charges }) => [
      day.toString(),
      shown(windows.charges),
      bills_subscription_fee,
      bills_charges,
    ]),
    [
      ["2024-02-01", written("2024-01-17 10:00 → 2024-01-31"), true, true],
      ["2024-03-01", written("2024-02-01 → 2024-02-29"), true, true],
    ],
  );
  assert.deepEqual(
    schedules.map(({ billed_until, next_due_at }) => [billed_until.toString(), next_due_at?.toString()]),
    [
      ["2024-03-01T00:00:00Z", "2024-04-01T00:00:00Z"],
      ["2024-03-01T00:00:00Z", "2024-04-01T00:00:00Z"],
    ],
  );
});

test("missed weeks are billed by the next run, each on its own, oldest first", () => {
  const life = terms({ interval: "weekly", started_at: at("2023-01-02") });
  const { billed } = live(life, [at("2023-01-24 09:00"), at("2023-01-24 10:00")]);
  assert.deepEqual(
    billed.map(({ day, windows }) => [day.toString(), shown(windows.subscription)]),
    [
      ["2023-01-09", written("2023-01-02 → 2023-01-08")],
      ["2023-01-16", written("2023-01-09 → 2023-01-15")],
      ["2023-01-23", written("2023-01-16 → 2023-01-22")],
    ],
  );
});

test("periods that were over before the creation are not billed", () => {
  const started_at = at("2023-01-15 09:00");
  const created_at = at("2024-05-20 12:00");
  const arrears = terms({ started_at, created_at });
  const first = live(arrears, [at("2024-06-01")]).billed;
  assert.equal(first.length, 1);
  assertWindow(
    first[0]?.windows.subscription ?? null,
    written("2024-05-01 → 2024-05-31"),
    "the period that the first run closes",
  );
  assertWindow(first[0]?.windows.charges ?? null, written("2024-05-01 → 2024-05-31"), "its usage");

  const advance = terms({ started_at, created_at, pay_in_advance: true });
  const [due] = live(advance, [at("2024-06-01")]).billed;
  assertWindow(
    due?.windows.subscription ?? null,
    written("2024-06-01 → 2024-06-30"),
    "in advance: the new period only",
  );
  assertWindow(due?.windows.charges ?? null, written("2024-05-01 → 2024-05-31"), "usage of the period that ended");

  const onBillingDay = terms({ started_at, created_at: at("2024-06-01 15:00") });
  assert.deepEqual(
    live(onBillingDay, [at("2024-06-01 16:00")]).billed.map(({ day }) => day.toString()),
    ["2024-06-01"],
    "created on a billing day: due at once",
  );
});

test("a yearly plan whose usage is billed monthly has a schedule for each", () => {
  const life = terms({ interval: "yearly", bill_charges_monthly: true, started_at: at("2024-02-10 10:00") });
  const { billed, schedules } = live(life, [at("2024-04-01"), at("2025-01-01")]);
  assert.equal(billed.length, 11);
  assert.deepEqual(
    billed.filter(({ bills_subscription_fee }) => bills_subscription_fee).map(({ day }) => day.toString()),
    ["2025-01-01"],
  );
  assert.deepEqual(
    schedules.map(({ next_due_at }) => next_due_at?.toString()),
    ["2026-01-01T00:00:00Z", "2025-02-01T00:00:00Z"],
  );
});

test("3.9: after a change of time zone usage goes on where it was billed to", () => {
  const { schedules } = live(terms({ started_at: at("2024-01-01") }), [at("2024-02-01")]);
  for (const [timezone, due] of [
    ["America/New_York", "2024-03-01 05:00"],
    ["Asia/Tokyo", "2024-03-01 00:00"],
    ["Pacific/Kiritimati", "2024-03-01 00:00"],
  ] as const) {
    const moved = terms({ started_at: at("2024-01-01"), timezone });
    const [first] = dueBillingDays(moved, schedules, at(due));
    assert.equal(first?.day.toString(), "2024-03-01", timezone);
    assert.equal(first?.windows.charges?.from.toString(), "2024-02-01T00:00:00Z", timezone);
  }
});

test("a day that has not begun in the new time zone is not billed yet", () => {
  const { schedules } = live(terms({ started_at: at("2024-01-01") }), [at("2024-02-01")]);
  const moved = terms({ started_at: at("2024-01-01"), timezone: "America/New_York" });
  assert.equal(dueBillingDays(moved, schedules, at("2024-03-01 04:59")).length, 0);
});

test("not even a move across the date line skips a billing day", () => {
  const inHonolulu = { started_at: at("2024-01-01 12:00"), timezone: "Pacific/Honolulu" };
  const { schedules } = live(terms(inHonolulu), [at("2024-02-01 10:00")]);
  const moved = terms({ ...inHonolulu, timezone: "Pacific/Kiritimati" });
  const days = dueBillingDays(moved, schedules, at("2024-03-01 10:00")).map(({ day }) => day.toString());
  assert.deepEqual(days, ["2024-03-01"]);
});

test("an end soon after a change of time zone still finds what was missed, and makes no invoice of a few hours", () => {
  for (const pay_in_advance of [false, true]) {
    const before = terms({ started_at: at("2024-01-01 12:00"), pay_in_advance });
    const schedules = live(before, [at("2024-02-01")]).schedules.map((schedule) => ({
      ...schedule,
      next_due_at: null,
    }));
    for (const timezone of ["America/New_York", "Asia/Tokyo"]) {
      const ended = { ...before, timezone, terminated_at: at("2024-03-12 12:00") };
      const { missed, windows } = terminationBilling("s", ended, schedules);
      assert.deepEqual(
        missed.map(({ day }) => day.toString()),
        ["2024-03-01"],
        timezone,
      );
      const [first] = missed;
      assert.equal(
        String(first?.windows.charges?.from),
        "2024-02-01T00:00:00Z",
        "usage goes on where it was billed to",
      );
      assert.equal(told(first?.windows.charges?.to), told(windows.charges?.from));
    }
  }
});

test("a termination bills what was missed, then what is left", () => {
  const life = terms({ started_at: at("2024-01-10 10:00"), terminated_at: at("2024-03-12 15:30") });
  const schedules: Schedule[] = firstSchedules(life).map((schedule) => ({ ...schedule, next_due_at: null }));
  const { missed, windows, bills_subscription_fee, bills_charges, moves } = terminationBilling("s", life, schedules);
  assert.deepEqual(
    missed.map(({ day }) => day.toString()),
    ["2024-02-01", "2024-03-01"],
  );
  assertWindow(windows.subscription, written("2024-03-01 → 2024-03-12 15:30"), "fee");
  assertWindow(windows.charges, written("2024-03-01 → 2024-03-12 15:30"), "usage");
  assert.deepEqual([bills_subscription_fee, bills_charges], [true, true]);
  assert.deepEqual(
    moves.map(({ kind, from, to, next_due_at }) => [kind, from.toString(), to.toString(), next_due_at]),
    [
      ["subscription", "2024-01-10T00:00:00Z", "2024-03-12T15:30:00.000001Z", null],
      ["charges", "2024-01-10T10:00:00Z", "2024-03-12T15:30:00.000001Z", null],
    ],
  );
});

test("on a billing day the termination takes over the period that no run has billed", () => {
  const life = terms({ started_at: at("2024-01-10 10:00"), terminated_at: at("2024-03-01 00:05") });
  const closed = firstSchedules(life).map((schedule) => ({ ...schedule, next_due_at: null }));
  const { missed, windows } = terminationBilling("s", life, closed);
  assert.deepEqual(
    missed.map(({ day }) => day.toString()),
    ["2024-02-01"],
  );
  assertWindow(windows.subscription, written("2024-02-01 → 2024-02-29"), "fee");
  assertWindow(windows.charges, written("2024-02-01 → 2024-03-01 00:05"), "usage");

  const { schedules } = live({ ...life, terminated_at: null }, [at("2024-03-01")]);
  const after = terminationBilling(
    "s",
    life,
    schedules.map((schedule) => ({ ...schedule, next_due_at: null })),
  );
  assert.deepEqual(after.missed, []);
  assertWindow(after.windows.subscription, written("2024-03-01 → 2024-03-01 00:05"), "the run came first: one day");
});

test("a plan in advance ends with its usage and no fee", () => {
  const life = terms({
    started_at: at("2024-01-10 10:00"),
    pay_in_advance: true,
    terminated_at: at("2024-01-20 12:00"),
  });
  const schedules = firstSchedules(life).map((schedule) => ({ ...schedule, next_due_at: null }));
  const { missed, windows, bills_subscription_fee, moves } = terminationBilling("s", life, schedules);
  assert.deepEqual([missed, bills_subscription_fee], [[], false]);
  assertWindow(windows.charges, written("2024-01-10 10:00 → 2024-01-20 12:00"), "usage");
  assert.equal(moves[0]?.to.toString(), "2024-02-01T00:00:00Z", "the fee stays paid up to its period's end");
});

// ————— properties

const zones = [
  "UTC",
  "America/New_York",
  "Africa/Cairo",
  "Asia/Kolkata",
  "Asia/Kathmandu",
  "Pacific/Auckland",
  "America/Havana",
  "Asia/Beirut",
];
const instant = fc
  .integer({ min: Date.parse("2019-01-01T00:00:00Z"), max: Date.parse("2026-12-31T23:59:59Z") })
  .map((ms) => Temporal.Instant.fromEpochMilliseconds(ms));
const someTerms = fc
  .record({
    started_at: instant,
    timezone: fc.constantFrom(...zones),
    interval: fc.constantFrom("weekly", "monthly", "quarterly", "semiannual", "yearly"),
    billing_time: fc.constantFrom("calendar", "anniversary"),
    pay_in_advance: fc.boolean(),
    bill_charges_monthly: fc.boolean(),
  })
  .map((given) => terms(given));
const gaps = fc.array(fc.integer({ min: 1, max: 60 * 24 * 400 }), { minLength: 1, maxLength: 8 });

const momentsOf = (life: BillingTerms, minutes: readonly number[]) => {
  let now = life.created_at;
  return minutes.map((step) => {
    now = now.add({ minutes: step });
    return now;
  });
};

function assertContinuous(windows: readonly Window[], from: Temporal.Instant, to: Temporal.Instant): void {
  let reached = from;
  for (const window of windows) {
    assert.ok(window.from.equals(reached), `begins at ${window.from}, billed until ${reached}`);
    assert.ok(!isBefore(window.to, window.from));
    reached = window.to;
  }
  assert.ok(reached.equals(to), `ends at ${reached}, not ${to}`);
}

const usageOf = (days: readonly DueBillingDay[]) =>
  days
    .filter(({ bills_charges }) => bills_charges)
    .flatMap(({ windows }) => (windows.charges ? [windows.charges] : []));
const feesOf = (days: readonly DueBillingDay[]) =>
  days.filter(({ bills_subscription_fee }) => bills_subscription_fee).map(({ windows }) => windows.subscription);

test("every instant of a life belongs to exactly one usage window, whenever runs come and whenever it ends", () => {
  fc.assert(
    fc.property(someTerms, gaps, fc.integer({ min: 0, max: 60 * 24 * 200 }), (life, minutes, rest) => {
      const moments = momentsOf(life, minutes);
      const { schedules, billed } = live(life, moments);
      const terminated_at = (moments.at(-1) ?? life.created_at).add({ minutes: rest });
      const ended = { ...life, terminated_at };
      const closing = terminationBilling(
        "s",
        ended,
        schedules.map((schedule) => ({ ...schedule, next_due_at: null })),
      );
      const usage = [...usageOf(billed), ...usageOf(closing.missed)];
      assertContinuous(
        [...usage, ...(closing.windows.charges ? [closing.windows.charges] : [])],
        life.started_at,
        justAfter(terminated_at),
      );
    }),
  );
});

test("fees follow each other without gap or overlap, from the first day on", () => {
  fc.assert(
    fc.property(someTerms, gaps, (life, minutes) => {
      const { schedules, billed } = live(life, momentsOf(life, minutes));
      const starting = life.pay_in_advance ? [startingWindows(life).subscription] : [];
      const [fee] = schedules;
      assert.equal(fee?.kind, "subscription");
      const firstDay = startOfDay(localDate(life.started_at, life.timezone), life.timezone);
      assertContinuous([...starting, ...feesOf(billed)], firstDay, fee?.billed_until ?? firstDay);
    }),
  );
});

test("how often runs come changes nothing in what is billed", () => {
  fc.assert(
    fc.property(someTerms, gaps, (life, minutes) => {
      const moments = momentsOf(life, minutes);
      assert.equal(told(live(life, moments).billed), told(live(life, moments.slice(-1)).billed));
    }),
  );
});

test("what current usage shows is what is billed later", () => {
  fc.assert(
    fc.property(someTerms, fc.integer({ min: 0, max: 60 * 24 * 500 }), (life, minutes) => {
      const now = life.started_at.add({ minutes });
      const shownNow = currentUsageWindow(life, now);
      assert.ok(!isBefore(now, shownNow.from) && isBefore(now, shownNow.to));
      const { billed } = live(life, [later(shownNow.to, now)]);
      const last = billed.findLast(({ bills_charges }) => bills_charges);
      assert.equal(told(last?.windows.charges), told({ from: shownNow.from, to: shownNow.to }));
      assert.equal(last?.windows.charges_duration_days, shownNow.duration_days);
    }),
  );
});

/** The period around a day, told by Temporal's own calendar arithmetic. */
function periodAround(
  life: BillingTerms,
  on: Temporal.PlainDate,
): { from: Temporal.PlainDate; to: Temporal.PlainDate } {
  const { interval, billing_time } = life;
  const anchor = billing_time === "calendar" ? day("2018-01-01") : localDate(life.subscription_at, life.timezone);
  const months = { weekly: 0, monthly: 1, quarterly: 3, semiannual: 6, yearly: 12 }[interval];
  // 2018-01-01 was a Monday and begins every calendar period.
  const nth = (n: number) => (months === 0 ? anchor.add({ weeks: n }) : anchor.add({ months: n * months }));
  let n = 0;
  while (Temporal.PlainDate.compare(nth(n + 1), on) <= 0) n++;
  while (Temporal.PlainDate.compare(nth(n), on) > 0) n--;
  return { from: nth(n), to: nth(n + 1) };
}

test("durations are those of the calendar, also of partial first periods", () => {
  fc.assert(
    fc.property(someTerms, fc.integer({ min: 1, max: 60 * 24 * 400 }), (given, minutes) => {
      const life = { ...given, bill_charges_monthly: false };
      for (const { day: on, windows } of live(life, [life.started_at.add({ minutes })]).billed) {
        const current = periodAround(life, on);
        const before = periodAround(life, on.subtract({ days: 1 }));
        const daysOf = ({ from, to }: typeof current) => from.until(to, { largestUnit: "days" }).days;
        assert.ok(current.from.equals(on), "a billing day begins a period");
        assert.equal(windows.duration_days, daysOf(life.pay_in_advance ? current : before));
        assert.equal(windows.charges_duration_days, daysOf(before));
        assert.equal(told(windows), told(windowsAt(life, on)));
        assert.ok(windows.charges?.to.equals(startOfDay(on, life.timezone)));
      }
    }),
  );
});
