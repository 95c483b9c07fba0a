import { z } from "zod";
import { defineStage } from "../lib/pipeline/contract/stage.ts";

/** Does nothing with anything: for trying out pipelines and measuring the engine. */
export default defineStage({
  name: "noop",
  description: "Takes any parameters and writes them as its value.",
  with: z.record(z.string(), z.unknown()),
  outputs: { value: "json" },
  isolation: "inline",
  run(parameters, context) {
    // Written synchronously: of thousands of trivial tasks the waiting would be the cost.
    Deno.writeTextFileSync(
      context.output("value"),
      `${JSON.stringify(withoutPaths(parameters))}\n`,
    );
    return Promise.resolve();
  },
});

/** Replaces an artifact by its type and digest, because an artifact holds no path and no device. */
function withoutPaths(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutPaths);
  if (typeof value !== "object" || value === null) return value;
  if ("digest" in value && "path" in value) {
    const { path: _, provider: __, ...rest } = value as Record<string, unknown>;
    return rest;
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withoutPaths(item)]));
}
