/** What metering runs in a process: the connections of group commits, the folder, the log's partitions. */
import { Gauge } from "prom-client";
import type { App } from "../app.ts";
import { metrics } from "../http/metrics.ts";
import { dbOn, openPool } from "../storage/database.ts";
import { Folder, type FolderOptions, foldBatch, THRESHOLDS, tailEvents } from "./fold/folder.ts";
import { meteredFields } from "./fold/metered.ts";
import { CatalogCache } from "./ingest/catalog-cache.ts";
import { EventWriter } from "./ingest/writer.ts";
import type { Metering } from "./service.ts";

export interface RunningMetering extends Metering {
  stop(): Promise<void>;
}

const TAIL_LOOK_MS = 1_000;

const tailGauge = new Gauge({
  name: "weir_tail_events",
  help: "Events that are stored and counted, but not folded yet",
  registers: [metrics],
});

export function startMetering(app: App, databaseUrl: string): RunningMetering {
  const { config, logger, pool } = app;
  const ingestPool = openPool({
    url: databaseUrl,
    poolSize: config.ingestConnections,
    applicationName: "weir ingest",
    byIndex: true,
  });
  const writer = new EventWriter(ingestPool, {
    connections: config.ingestConnections,
    groupEvents: config.ingestGroupEvents,
    queueEvents: config.ingestQueueEvents,
  });
  const folding: FolderOptions = {
    batchEvents: config.foldBatchEvents,
    thresholds: THRESHOLDS,
    findMetered: (client, codes) => meteredFields(dbOn(client), codes),
  };
  const folder = config.role === "api" ? null : new Folder(pool, folding, logger);
  folder?.start();

  let tail = 0;
  const look = setInterval(() => {
    tailEvents(pool).then(
      (events) => {
        tail = events;
        tailGauge.set(events);
      },
      () => {},
    );
  }, TAIL_LOOK_MS);
  look.unref();

  return {
    app,
    writer,
    catalogs: new CatalogCache(app.db),
    async beforeWriting() {
      // Reads stay exact with any tail, but cost more with each event in it: writers help to shorten it.
      if (tail > config.tailLimitEvents) tail -= await foldBatch(pool, folding);
    },
    async stop() {
      clearInterval(look);
      await folder?.stop();
      await ingestPool.end();
    },
  };
}
