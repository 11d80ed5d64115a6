import type { App } from "../app.ts";
import type { Json } from "../storage/tables.ts";

export interface JobContext {
  readonly app: App;
}

/** A named piece of background work. It may run twice: a row in the database makes its effect count once. */
export interface Job<Payload extends object = Json> {
  readonly name: string;
  run(payload: Payload, context: JobContext): Promise<void>;
}

export function job<Payload extends object>(name: string, run: Job<Payload>["run"]): Job<Payload> {
  return { name, run };
}
