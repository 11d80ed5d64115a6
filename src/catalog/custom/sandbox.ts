/**
 * Runs one piece of a custom aggregation in QuickJS, an engine of its own compiled to WebAssembly: a script reaches neither Node
 * nor the machine, and is stopped when it takes too many steps or too much memory. This runs in a thread of its own (worker.ts).
 */
import {
  newQuickJSWASMModuleFromVariant,
  type QuickJSContext,
  type QuickJSHandle,
  type QuickJSWASMModule,
} from "quickjs-emscripten-core";
import { FOLD, PRELUDE } from "./prelude.ts";

/** A piece of the events to fold; all but the source are JSON texts. */
export interface Piece {
  readonly source: string;
  readonly properties: string;
  readonly state: string;
  /** An array. */
  readonly events: string;
  /** How many of them there are: each is given its share of steps. */
  readonly count: number;
}

export type Folded = { readonly state: string } | { readonly failure: string };

const MEMORY_BYTES_MAX = 32 * 1_048_576;
const STACK_BYTES_MAX = 262_144;
/** The engine asks every 10,000 loop turns, calls or steps of a regular expression: counting them is the same on every machine. */
const TICKS = 300;
const EVENTS_A_TICK = 10;
/** Of the thread's own time, whatever else the machine does: native code may take long between two ticks. */
const CPU_MICROS_MAX = 5_000_000;

const TOO_MANY_STEPS = "the script takes too many steps: a loop may never end";
const TOO_MUCH_MEMORY = "the script takes too much memory";
const TOO_LONG = "the script takes too long";

/** Without Date (a clock), Promise (nothing to wait for) and Proxy. */
const INTRINSICS = {
  BaseObjects: true,
  Eval: true,
  StringNormalize: true,
  RegExp: true,
  RegExpCompiler: true,
  JSON: true,
  MapSet: true,
  TypedArrays: true,
  BigInt: true,
} as const;

let engine: Promise<QuickJSWASMModule> | null = null;

/** Answers the state behind the piece, or why there is none. What a failing script leaves behind goes with its engine. */
export async function foldPiece(piece: Piece): Promise<Folded> {
  engine ??= newQuickJSWASMModuleFromVariant(import("@jitl/quickjs-wasmfile-release-sync"));
  const module = await engine;
  try {
    const folded = runIn(module, piece);
    if ("failure" in folded) engine = null;
    return folded;
  } catch (error) {
    engine = null;
    return { failure: `the script broke its sandbox: ${error instanceof Error ? error.message : String(error)}` };
  }
}

function runIn(module: QuickJSWASMModule, { source, properties, state, events, count }: Piece): Folded {
  const runtime = module.newRuntime();
  runtime.setMemoryLimit(MEMORY_BYTES_MAX);
  runtime.setMaxStackSize(STACK_BYTES_MAX);
  const start = cpuMicros();
  let ticks = 0;
  let stopped: string | null = null;
  runtime.setInterruptHandler(() => {
    ticks += 1;
    if (ticks > TICKS + count / EVENTS_A_TICK) stopped = TOO_MANY_STEPS;
    else if (cpuMicros() - start > CPU_MICROS_MAX) stopped = TOO_LONG;
    return stopped !== null;
  });
  const context = runtime.newContext({ intrinsics: INTRINSICS });
  const run = (code: string, name: string): QuickJSHandle => {
    const result = context.evalCode(code, name, { type: "global" });
    if (result.error) throw new ScriptError(stopped ?? reasonOf(context, result.error));
    return result.value;
  };
  try {
    run(PRELUDE, "prelude.js").dispose();
    run(source, "script.js").dispose();
    const fold = run(FOLD, "fold.js");
    const texts = [events, properties, state].map((text) => context.newString(text));
    const result = context.callFunction(fold, context.undefined, ...texts);
    if (result.error) throw new ScriptError(stopped ?? reasonOf(context, result.error));
    const next = context.getString(result.value);
    for (const handle of [result.value, ...texts, fold]) handle.dispose();
    context.dispose();
    runtime.dispose();
    return { state: next };
  } catch (error) {
    if (error instanceof ScriptError) return { failure: error.message };
    throw error;
  }
}

function cpuMicros(): number {
  const { user, system } = process.threadCpuUsage();
  return user + system;
}

class ScriptError extends Error {}

const REASON_LENGTH_MAX = 300;

/** `TypeError: not a function (line 3)`; what a script throws may be anything. */
function reasonOf(context: QuickJSContext, error: QuickJSHandle): string {
  const dumped: unknown = context.dump(error);
  // An empty text is what is left where there was no memory for an error.
  if (dumped === "") return TOO_MUCH_MEMORY;
  if (typeof dumped !== "object" || dumped === null) return `thrown: ${String(dumped)}`.slice(0, REASON_LENGTH_MAX);
  const { name, message, stack } = dumped as { name?: unknown; message?: unknown; stack?: unknown };
  if (message === "out of memory") return TOO_MUCH_MEMORY;
  const line = /\(?script\.js:(\d+)/.exec(String(stack ?? ""))?.[1];
  const text = `${String(name ?? "Error")}: ${String(message ?? "")}`.slice(0, REASON_LENGTH_MAX);
  return line === undefined ? text : `${text} (line ${line})`;
}
