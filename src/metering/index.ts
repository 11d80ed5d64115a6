/**
 * Metering: events in, usage out. Owns streams, event_keys, event_commits, events, event_voids, in_advance_queue, fold_specs, stream_folds,
 * usage_cells, usage_windows, window_totals, unique_values, unique_operations. Does not own prices, nor the periods it is asked about.
 */
export { computedProperties } from "./computed-properties.ts";
export {
  type ClaimedEvents,
  type ClaimOptions,
  claimQueuedEvents,
  holdStream,
  nextQueueRetryAt,
  organizationsWithQueuedEvents,
  type QueuedEvent,
  setStreamAside,
  settleQueuedEvents,
  streamsWaiting,
} from "./in-advance/queue.ts";
export {
  readSettledEvents,
  readSettledNumbers,
  readSettledOperations,
  readSettledSums,
  type SettledEvent,
  type SettledNumber,
  type SettledOperation,
  type SettledPlace,
  type SettledSums,
  type SettledWindow,
} from "./in-advance/settled.ts";
export type * from "./model.ts";
export { eventRoutes } from "./routes.ts";
export { isStorable, type ReadEvent, readEvent, readTimestamp } from "./rules/event.ts";
export { groupIn, hashOfValue, isRemoval, numberIn, textIn } from "./rules/event-values.ts";
export type { Metering } from "./service.ts";
export { type RunningMetering, startMetering } from "./start.ts";
export { type CountedEvent, type CountedEvents, findEventPlace, readCountedEvents } from "./usage/counted-events.ts";
export { readUsage } from "./usage/read.ts";
export { readSeries } from "./usage/series.ts";
export { correctionRoutes } from "./voids/routes.ts";
export type { IsEventBilled } from "./voids/service.ts";
