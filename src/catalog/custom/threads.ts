/** A few threads for scripts, so that none of them holds up the rest of Weir; one that does not come back is ended. */
import { Worker } from "node:worker_threads";
import type { Folded, Piece } from "./sandbox.ts";

interface Waiting {
  readonly piece: Piece;
  readonly resolve: (folded: Folded) => void;
}

const THREADS_MAX = 2;
/** Beyond what the sandbox stops by itself, also on a busy machine. */
const PATIENCE_MS = 30_000;

const idle: Worker[] = [];
const queue: Waiting[] = [];
let threads = 0;

/** Folds a piece when a thread is free; never rejects. */
export function foldInThread(piece: Piece): Promise<Folded> {
  return new Promise((resolve) => {
    queue.push({ piece, resolve });
    next();
  });
}

function next(): void {
  if (queue.length === 0) return;
  const worker = idle.pop() ?? (threads < THREADS_MAX ? open() : null);
  if (worker === null) return;
  const { piece, resolve } = queue.shift() as Waiting;
  run(worker, piece).then((folded) => {
    resolve(folded);
    next();
  });
}

function open(): Worker {
  threads += 1;
  const worker = new Worker(new URL("worker.ts", import.meta.url), {
    env: {},
    // What a script needs lies in the engine's own memory; this bounds what is around it.
    resourceLimits: { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 16 },
  });
  // What comes after an answer ends nobody.
  worker.on("error", () => {});
  worker.unref();
  return worker;
}

function run(worker: Worker, piece: Piece): Promise<Folded> {
  const { promise, resolve } = Promise.withResolvers<Folded>();
  const end = (failure: string) => {
    threads -= 1;
    void worker.terminate();
    finish({ failure });
  };
  const timer = setTimeout(() => end("the script takes too long"), PATIENCE_MS);
  const onError = () => end("the script broke its sandbox");
  const onMessage = (folded: Folded) => {
    worker.unref();
    idle.push(worker);
    finish(folded);
  };
  const finish = (folded: Folded) => {
    clearTimeout(timer);
    worker.off("message", onMessage).off("error", onError).off("exit", onError);
    resolve(folded);
  };
  worker.on("message", onMessage).on("error", onError).on("exit", onError);
  worker.ref();
  worker.postMessage(piece);
  return promise;
}
