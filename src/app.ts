/** What every room is given: the settings, the database, the queue and the log. */
import type { Config } from "./config.ts";
import type { Logger } from "./http/logger.ts";
import type { Queue, Reactions } from "./jobs/index.ts";
import type { Database } from "./storage/database.ts";

export interface App extends Database {
  readonly config: Config;
  readonly logger: Logger;
  readonly queue: Queue;
  /** Which jobs follow which domain events. */
  readonly reactions: Reactions;
}
