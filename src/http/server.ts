/** The HTTP server: parsing, authentication, errors, OpenAPI, health and metrics. Rooms register their routes on it. */
import { randomUUID } from "node:crypto";
import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  LogController,
  type RawReplyDefaultExpression,
  type RawRequestDefaultExpression,
  type RawServerDefault,
} from "fastify";
import { Refusal } from "../kernel/failure.ts";
import { parseBody, stringifyJson } from "../kernel/json.ts";
import { VERSION } from "../version.ts";
import { answerError } from "./errors.ts";
import type { Logger } from "./logger.ts";
import { registerMetrics } from "./metrics.ts";
import { compileWhenAsked } from "./validation.ts";

export type Server = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

export interface ServerOptions {
  readonly logger: Logger;
  /** Answers what is not ready, or nothing: for /ready. */
  readonly notReady: () => Promise<Record<string, string>>;
}

const BODY_LIMIT_BYTES = 10 * 1_048_576;

export async function buildServer({ logger, notReady }: ServerOptions): Promise<Server> {
  const app: Server = Fastify({
    loggerInstance: logger as FastifyBaseLogger,
    // One line per request is written below, with its organization and no headers.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_LIMIT_BYTES,
    genReqId: (request) => {
      const given = request.headers["x-request-id"];
      return typeof given === "string" && /^[\w.-]{1,100}$/.test(given) ? given : randomUUID();
    },
    // A path that cannot be decoded never reaches the error handler below.
    frameworkErrors: answerError,
    forceCloseConnections: "idle",
    return503OnClosing: false,
    routerOptions: { maxParamLength: 2000, ignoreTrailingSlash: true },
  }).withTypeProvider<TypeBoxTypeProvider>();

  speakJson(app);
  traceRequests(app);
  closeWhenDrained(app);
  await describeRoutes(app);
  registerMetrics(app);
  answerProbes(app, notReady);
  return app;
}

function speakJson(app: Server): void {
  app.removeContentTypeParser(["application/json", "text/plain"]);
  app.addContentTypeParser(/^(application\/(.+\+)?json|text\/plain)/, { parseAs: "string" }, (_request, body, done) => {
    try {
      done(null, parseBody(body as string));
    } catch (error) {
      done(error as Error);
    }
  });
  app.setValidatorCompiler(compileWhenAsked);
  app.setSerializerCompiler(() => stringifyJson);
  app.setReplySerializer(stringifyJson);
  app.setErrorHandler(answerError);
  app.setNotFoundHandler((request, reply) => answerError(new Refusal("resource_not_found"), request, reply));
}

function traceRequests(app: Server): void {
  app.addHook("onRequest", async (request, reply) => {
    reply.header("x-request-id", request.id);
    // PostgreSQL's texts hold no U+0000, so such a name or filter can name nothing.
    if (request.url.includes("%00")) throw new Refusal("resource_not_found");
  });
  app.addHook("onResponse", async (request, reply) => {
    request.log.info(
      {
        method: request.method,
        route: request.routeOptions.url,
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime * 10) / 10,
        organization_id: request.organization?.id,
      },
      "request",
    );
  });
}

/** A connection whose request was under way when the server began to close would else be kept open for the next one. */
function closeWhenDrained(app: Server): void {
  let isClosing = false;
  app.addHook("preClose", async () => {
    isClosing = true;
  });
  app.addHook("onSend", (_request, reply, payload, done) => {
    if (isClosing) reply.header("connection", "close");
    done(null, payload);
  });
}

/** OpenAPI from the routes that are registered after this. */
async function describeRoutes(app: Server): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Weir",
        version: VERSION,
        description: "Metering and billing. Events go in, correct invoices come out.",
      },
      servers: [{ url: "/" }],
      components: {
        securitySchemes: {
          apiKey: { type: "http", scheme: "bearer" },
          adminApiKey: { type: "apiKey", in: "header", name: "X-Admin-API-Key" },
        },
      },
      security: [{ apiKey: [] }],
    },
  });
  await app.register(swaggerUi, { routePrefix: "/api/docs" });
  app.get("/api/openapi.json", { schema: { hide: true } }, async () => app.swagger());
}

/** /health: the process answers. /ready: it can do its part. */
function answerProbes(app: Server, notReady: ServerOptions["notReady"]): void {
  app.get("/health", { schema: { hide: true } }, async () => ({ status: "ok" }));
  app.get("/ready", { schema: { hide: true } }, async (_request, reply) => {
    const missing = await notReady();
    const isReady = Object.keys(missing).length === 0;
    return reply.status(isReady ? 200 : 503).send({ status: isReady ? "ok" : "not_ready", ...missing });
  });
}
