/**
 * Metering: events in, usage out. Owns streams, event_keys, event_commits, events, fold_specs, stream_folds,
 * usage_cells, unique_windows, unique_values. Does not own prices, nor the periods it is asked about.
 */
export type * from "./model.ts";
export { eventRoutes } from "./routes.ts";
export type { Metering } from "./service.ts";
export { type RunningMetering, startMetering } from "./start.ts";
export { readSeries, readUsage } from "./usage/read.ts";
