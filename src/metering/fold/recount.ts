/** Counting again from the log what is kept of single days and windows: a void takes an event out of what was added up already. */
import { FOLD_HISTORY, FORGET_DAYS, LIST_DAYS } from "./statements.ts";
import { FORGET_WINDOWS, UNBUILD_WINDOWS } from "./window-statements.ts";

/** Runs a statement in the caller's transaction. */
export type Run = <R>(text: string, values: readonly unknown[]) => Promise<{ readonly rows: readonly R[] }>;

interface DayRow {
  readonly stream_id: bigint;
  readonly spec_id: bigint;
  readonly measure: "numbers" | "last";
  readonly field_name: string | null;
  readonly grain: number;
  readonly day: Temporal.Instant;
  readonly day_end: Temporal.Instant;
}

const DAY_MS = 86_400_000;
const dayOf = (at: Temporal.Instant) =>
  Temporal.Instant.fromEpochMilliseconds(Math.floor(at.epochMilliseconds / DAY_MS) * DAY_MS);

/**
 * To be called after the voids are written, in the same transaction, which holds the lock of the events' streams. Days are counted
 * again at once; windows are read from the log until the folder has counted them again.
 */
export async function recountMoments(
  run: Run,
  moments: readonly { readonly stream_id: bigint; readonly timestamp: Temporal.Instant }[],
): Promise<void> {
  if (moments.length === 0) return;
  const streams = moments.map(({ stream_id }) => stream_id);
  const days = moments.map(({ timestamp }) => dayOf(timestamp).toString());
  await run(FORGET_DAYS, [streams, days]);
  const { rows } = await run<DayRow>(LIST_DAYS, [streams, days]);
  for (const measure of ["numbers", "last"] as const) {
    const some = rows.filter((row) => row.measure === measure);
    if (some.length === 0) continue;
    await run(FOLD_HISTORY[measure], [
      [],
      "epoch",
      "epoch",
      some.map((row) => row.stream_id),
      some.map((row) => row.spec_id),
      some.map((row) => row.field_name),
      some.map((row) => row.grain),
      some.map((row) => row.day.toString()),
      some.map((row) => row.day_end.toString()),
    ]);
  }
  const { rows: windows } = await run<{ id: bigint }>(UNBUILD_WINDOWS, [
    streams,
    moments.map(({ timestamp }) => timestamp.toString()),
  ]);
  const ids = windows.map(({ id }) => id);
  if (ids.length > 0) for (const statement of FORGET_WINDOWS) await run(statement, [ids]);
}
