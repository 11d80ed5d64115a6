/** What holds for whatever subscription at whatever moment: 100,000 of each, the same ones every time. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { daysBetween, isBefore, justAfter, later, localDate, startOfDay } from "../../kernel/calendar.ts";
import type { BillingTerms, Window } from "../model.ts";
import { dueBillingDays, firstSchedules, movedSchedules, movesAfter, terminationBilling } from "./schedules.ts";
import { shown } from "./testing.ts";
import {
  currentFixedChargesWindow,
  currentPeriod,
  currentUsageWindow,
  isBillingDay,
  isSubscriptionFeeDue,
  windowsAt,
} from "./windows.ts";

const CASES = 100_000;
const INTERVALS = ["weekly", "monthly", "quarterly", "semiannual", "yearly"] as const;
/** Offsets of half and quarter hours, both hemispheres, days without midnight, a day that was left out, changes of offset by half an hour. */
const ZONES = [
  "UTC",
  "Europe/Paris",
  "America/New_York",
  "America/Bogota",
  "America/Santiago",
  "America/St_Johns",
  "Asia/Kolkata",
  "Asia/Kathmandu",
  "Asia/Tokyo",
  "Africa/Cairo",
  "Asia/Beirut",
  "Australia/Lord_Howe",
  "Pacific/Apia",
  "Pacific/Chatham",
  "Pacific/Kiritimati",
] as const;

/** mulberry32: the same numbers for the same seed. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4_294_967_296) * below);
  };
}

const HOUR_MS = 3_600_000;
/** Lives of one zone and one era are told one after the other: most of their days' beginnings are known by then. */
const ERAS = [2011, 2015, 2019, 2023].map((year) => Date.UTC(year, 5, 1));
const CASES_EACH = Math.ceil(CASES / ZONES.length / ERAS.length);

interface Case {
  readonly life: BillingTerms;
  readonly at: Temporal.Instant;
}

function caseOf(random: (below: number) => number, timezone: string, era: number): Case {
  const pick = <T>(values: readonly T[]): T => values[random(values.length)] as T;
  const instant = (ms: number) => Temporal.Instant.fromEpochMilliseconds(ms);
  // Often at an hour's very beginning, where local days begin.
  const startedMs = era + random(24 * 400) * HOUR_MS + (random(2) === 0 ? 0 : random(HOUR_MS));
  const anchoredMs = random(3) === 0 ? startedMs - random(24 * 800) * HOUR_MS : startedMs;
  const started_at = instant(startedMs);
  const life: BillingTerms = {
    interval: pick(INTERVALS),
    billing_time: pick(["calendar", "anniversary"] as const),
    pay_in_advance: random(2) === 0,
    bill_charges_monthly: random(3) === 0,
    bill_fixed_charges_monthly: random(3) === 0,
    subscription_at: instant(anchoredMs),
    started_at,
    created_at: started_at,
    ending_at: null,
    terminated_at: null,
    terminated_by: null,
    trial_ends_at: null,
    pauses: [],
    timezone,
  };
  const at = instant(startedMs + random(24 * 400) * HOUR_MS + random(HOUR_MS));
  return { life, at };
}

function* cases(seed: number, each: number): Generator<Case> {
  const random = numbers(seed);
  for (const timezone of ZONES)
    for (const era of ERAS) for (let n = 0; n < each; n++) yield caseOf(random, timezone, era);
}

/** As assert.ok, but what is said is worked out only where it fails: most of the time goes into words otherwise. */
function holds(isSo: boolean, { life, at }: Case, words: () => string): void {
  if (!isSo) assert.fail(`${words()}: ${JSON.stringify({ ...life, at })}`);
}

const isSame = (a: Window, b: Window) => a.from.equals(b.from) && a.to.equals(b.to);
const contains = ({ from, to }: Window, at: Temporal.Instant) => !isBefore(at, from) && isBefore(at, to);

/** Each instant is in one window, and the windows follow each other without a gap. */
function checkChain(windowAt: (at: Temporal.Instant) => Window, one: Case): Window {
  const { life, at } = one;
  const window = windowAt(at);
  holds(contains(window, at), one, () => `${shown(window)} contains ${at}`);
  holds(windowAt(window.to).from.equals(window.to), one, () => `the next follows ${shown(window)}`);
  if (isBefore(life.started_at, window.from)) {
    const before = windowAt(window.from.subtract({ microseconds: 1 }));
    holds(before.to.equals(window.from), one, () => `${shown(before)} leads to ${shown(window)}`);
  } else holds(window.from.equals(life.started_at), one, () => "the first one begins with the start");
  return window;
}

function checkWindows(one: Case): void {
  const { life, at } = one;
  const windows = {
    charges: checkChain((moment) => currentUsageWindow(life, moment), one),
    fixed_charges: checkChain((moment) => currentFixedChargesWindow(life, moment), one),
  };
  for (const kind of ["charges", "fixed_charges"] as const) {
    // A day that the zone left out (30 December 2011 in Apia) is billed when the next one begins.
    const next = localDate(windows[kind].to, life.timezone);
    const day = isBillingDay(life, next) ? next : next.subtract({ days: 1 });
    const billed = windowsAt(life, day)[kind];
    const isBilled = isBillingDay(life, day) && billed !== null && isSame(billed, windows[kind]);
    holds(isBilled, one, () => `${kind} of ${day} are ${shown(windows[kind])}`);
  }
  const period = currentPeriod(life, at);
  const today = localDate(at, life.timezone);
  const isToday =
    Temporal.PlainDate.compare(period.from, today) <= 0 && Temporal.PlainDate.compare(today, period.to) < 0;
  holds(isToday, one, () => `${period.from} to ${period.to} contains ${today}`);
  const billedOn = life.pay_in_advance ? period.from : period.to;
  const { subscription, duration_days } = windowsAt(life, billedOn);
  const startDay = startOfDay(localDate(life.started_at, life.timezone), life.timezone);
  const whole = {
    from: later(startOfDay(period.from, life.timezone), startDay),
    to: startOfDay(period.to, life.timezone),
  };
  holds(isSubscriptionFeeDue(life, billedOn) && isSame(subscription, whole), one, () => `the fee of ${billedOn}`);
  holds(daysBetween(period.from, period.to) === duration_days, one, () => `${duration_days} days`);
}

test("every instant of a subscription is in one window of each kind, and each window is billed on the day that follows it", () => {
  for (const one of cases(20_260_824, CASES_EACH)) checkWindows(one);
});

/** All usage windows that runs at odd moments and an end bill, in order. */
function billedBy({ life, at }: Case, random: (below: number) => number): readonly Window[] {
  const windows: Window[] = [];
  let schedules = firstSchedules(life) as Parameters<typeof movedSchedules>[0];
  let now = life.started_at;
  for (;;) {
    now = now.add({ hours: 1 + random(24 * 400) });
    if (!isBefore(now, at)) break;
    const due = schedules.filter(({ next_due_at }) => next_due_at !== null && !isBefore(now, next_due_at));
    const days = dueBillingDays(life, due, now);
    windows.push(...days.flatMap((day) => (day.bills_charges && day.windows.charges ? [day.windows.charges] : [])));
    schedules = movedSchedules(schedules, movesAfter("s", life, due, days));
  }
  const ended: BillingTerms = { ...life, terminated_at: at, terminated_by: "request" };
  const ending = terminationBilling("s", ended, schedules);
  const last = [...ending.missed, ...(ending.bills_charges ? [ending] : [])];
  return [
    ...windows,
    ...last.flatMap((each) => (each.bills_charges && each.windows.charges ? [each.windows.charges] : [])),
  ];
}

test("whenever runs come and the end comes, usage is billed from the start to the end, each instant once", () => {
  const random = numbers(7);
  for (const one of cases(11, CASES_EACH / 10)) {
    const windows = billedBy(one, random);
    let until = one.life.started_at;
    for (const window of windows) {
      const begins = until;
      holds(window.from.equals(begins), one, () => `${shown(window)} begins at ${begins}`);
      until = window.to;
    }
    const end = until;
    holds(end.equals(justAfter(one.at)), one, () => `the last one ends at ${end}`);
  }
});
