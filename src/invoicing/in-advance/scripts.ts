/** Custom aggregations in advance: the script is shown each event as it comes, and goes on from the state that it left. */
import { type CustomState, FIRST_STATE, foldCustom } from "../../catalog/index.ts";
import { ZERO } from "../../kernel/decimal.ts";
import { readSettledEvents, type SettledEvent } from "../../metering/index.ts";
import type { Tx } from "../../storage/database.ts";
import { groupHash } from "../usage/weighted-levels.ts";
import type { Charging, Level } from "./model.ts";
import type { Past, Sums } from "./rules/book.ts";
import { EMPTY_LEVEL, isLate } from "./rules/book.ts";
import { scopeWindow } from "./scope-window.ts";

type ScriptEvent = Pick<SettledEvent, "timestamp" | "transaction_id" | "precise_total_amount_cents" | "properties">;

/** What a script has made of the events so far. */
interface Run extends Sums {
  readonly state: CustomState;
}

const NOTHING_YET: Run = { units: ZERO, amount: ZERO, events: 0, state: FIRST_STATE };

async function runOn({ charge }: Charging, events: readonly ScriptEvent[], from: Run): Promise<Run> {
  if (events.length === 0) return from;
  const source = charge.billable_metric.custom_aggregator ?? "";
  const { total_units, amount, state } = await foldCustom(
    source,
    events,
    charge.properties.custom_properties ?? {},
    from.state,
  );
  return { units: total_units, amount, events: from.events + events.length, state };
}

function levelOf({ units, events, amount, state }: Run, last_at: Temporal.Instant | null): Level {
  return { ...EMPTY_LEVEL, units, events, last_at, script: { state, amount } };
}

function runOfLevel({ units, events, script }: Level): Run {
  return script === null ? NOTHING_YET : { units, events, amount: script.amount, state: script.state };
}

export interface ScriptSteps extends Pick<Past, "scripts"> {
  /** Where the batch leaves each, by level key. */
  readonly scriptLevels: ReadonlyMap<string, Level>;
}

/** The script's steps over a batch. Where an event comes late the script sees all of the scope's events again, in order of time. */
export async function readScripts(
  tx: Tx,
  chargings: readonly Charging[],
  levels: ReadonlyMap<string, Level>,
): Promise<ScriptSteps> {
  const scripts = new Map<Charging, { before: Sums; after: Sums }>();
  const scriptLevels = new Map<string, Level>();
  for (const [key, ofLevel] of Map.groupBy(chargings, ({ level_key }) => level_key)) {
    const level = levels.get(key) ?? EMPTY_LEVEL;
    const isInOrder = ofLevel.every((one, index) => {
      const before = ofLevel[index - 1]?.event.timestamp ?? null;
      return !isLate(one, { ...level, last_at: before ?? level.last_at });
    });
    const steps = isInOrder ? await stepsAhead(ofLevel, level) : await stepsAmong(tx, ofLevel);
    for (const { charging, before, after } of steps.steps) scripts.set(charging, { before, after });
    scriptLevels.set(key, steps.level);
  }
  return { scripts, scriptLevels };
}

interface Steps {
  readonly steps: { readonly charging: Charging; readonly before: Sums; readonly after: Sums }[];
  readonly level: Level;
}

async function stepsAhead(ofLevel: readonly Charging[], level: Level): Promise<Steps> {
  const steps: Steps["steps"] = [];
  let run = runOfLevel(level);
  let last_at = level.last_at;
  for (const charging of ofLevel) {
    const after = await runOn(charging, [charging.event], run);
    steps.push({ charging, before: run, after });
    run = after;
    last_at = charging.event.timestamp;
  }
  return { steps, level: levelOf(run, last_at) };
}

async function stepsAmong(tx: Tx, ofLevel: readonly Charging[]): Promise<Steps> {
  const first = ofLevel[0] as Charging;
  const [settled = []] = await readSettledEvents(tx, [scopeWindow(first)]);
  const hash = groupHash(first.group);
  const events: ScriptEvent[] = settled.filter(
    ({ bucket, group }) => bucket === first.index && groupHash(group) === hash,
  );
  const steps: Steps["steps"] = [];
  for (const charging of ofLevel) {
    const { event } = charging;
    const place =
      events.findLastIndex(({ timestamp }) => Temporal.Instant.compare(timestamp, event.timestamp) <= 0) + 1;
    const before = await runOn(charging, events.slice(0, place), NOTHING_YET);
    steps.push({ charging, before, after: await runOn(charging, [event], before) });
    events.splice(place, 0, event);
  }
  return { steps, level: levelOf(await runOn(first, events, NOTHING_YET), events.at(-1)?.timestamp ?? null) };
}

/** What scripts make of everything that stands in the log of these scopes, by filter and group. */
export async function readScriptLevels(tx: Tx, firsts: readonly Charging[]) {
  const settled = await readSettledEvents(
    tx,
    firsts.map((one) => scopeWindow(one)),
  );
  const found: { charging: Charging; bucket: number; group: Charging["group"]; level: Level }[] = [];
  for (const [index, charging] of firsts.entries()) {
    const places = Map.groupBy(settled[index] ?? [], ({ bucket, group }) => `${bucket}/${groupHash(group)}`);
    for (const events of places.values()) {
      const { bucket, group } = events[0] as SettledEvent;
      const level = levelOf(await runOn(charging, events, NOTHING_YET), events.at(-1)?.timestamp ?? null);
      found.push({ charging, bucket, group, level });
    }
  }
  return found;
}
