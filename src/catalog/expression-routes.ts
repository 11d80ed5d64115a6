/** Trying an expression out before a metric has it. */
import { answers, optional, t } from "../http/schemas.ts";
import type { Server } from "../http/server.ts";
import { toWire } from "../kernel/decimal.ts";
import { invalid } from "../kernel/failure.ts";
import { evaluateExpression, isFailure } from "./rules/evaluate.ts";
import { parseExpression } from "./rules/expression.ts";
import { readExpressionEvent } from "./rules/expression-event.ts";

const Body = t.Object({
  expression: optional(t.Unknown({ description: "e.g. round(event.properties.value * event.properties.units)" })),
  event: optional(t.Unknown({ description: "{code, timestamp (Unix seconds; the present where absent), properties}" })),
});

const Result = t.Object({
  expression_result: t.Object({ value: t.String({ description: "A decimal or a text" }) }),
});

export function expressionRoutes(server: Server): void {
  server.post(
    "/billable_metrics/evaluate_expression",
    {
      config: { resource: "billable_metric" },
      schema: {
        operationId: "evaluateBillableMetricExpression",
        tags: ["billable_metrics"],
        summary: "Evaluate an expression for an event",
        description: "What the expression would make of an event, to all digits of the computation.",
        body: Body,
        response: answers(Result, 400, 422),
      },
    },
    async ({ body, now }) => {
      const { expression: source } = body;
      if (source === undefined || source === null || source === "") throw invalid("expression", "value_is_mandatory");
      if (typeof source === "string" && source.trim() === "") throw invalid("expression", "value_is_mandatory");
      const expression = typeof source === "string" ? parseExpression(source) : null;
      if (expression === null) throw invalid("expression", "invalid_expression");
      const event = readExpressionEvent(body.event, now);
      const result = event === null ? null : evaluateExpression(expression, event);
      if (result === null || isFailure(result)) throw invalid("event", "invalid_event");
      return { expression_result: { value: typeof result === "string" ? result : toWire(result) } };
    },
  );
}
