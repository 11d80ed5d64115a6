import pino from "pino";
import type { LogLevel } from "../config.ts";

export type Logger = pino.Logger;

/** Structured logs on standard output. Secrets are cut out by name wherever they stand. */
export function createLogger(level: LogLevel): Logger {
  return pino({
    level,
    base: undefined,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: {
      paths: [
        "*.authorization",
        "*.api_key",
        "*.password",
        "*.connectionString",
        "headers.authorization",
        'headers["x-admin-api-key"]',
        "api_key",
      ],
      remove: true,
    },
  });
}
