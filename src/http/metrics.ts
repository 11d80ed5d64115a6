/** Prometheus metrics at /metrics. Rooms register their own on `metrics`. */
import client from "prom-client";
import type { Server } from "./server.ts";

export const metrics = new client.Registry();
client.collectDefaultMetrics({ register: metrics, prefix: "weir_" });

const requestSeconds = new client.Histogram({
  name: "weir_http_request_seconds",
  help: "Time from the first byte of a request to the end of its answer",
  labelNames: ["method", "route", "status"],
  buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  registers: [metrics],
});

export function registerMetrics(app: Server): void {
  app.addHook("onResponse", async (request, reply) => {
    const route = request.routeOptions.url ?? "unknown";
    requestSeconds.observe({ method: request.method, route, status: reply.statusCode }, reply.elapsedTime / 1000);
  });
  app.get("/metrics", { schema: { hide: true } }, async (_request, reply) => {
    return reply.type(metrics.contentType).send(await metrics.metrics());
  });
}
