import { defineStage } from "../../../lib/pipeline/contract/stage.ts";
import join, { joined } from "./join.ts";

/** `join` in a worker process, as stages are that do real work. */
export default defineStage({
  ...join,
  name: "join-apart",
  isolation: "worker",
  run({ source, parent }, context) {
    Deno.writeTextFileSync(context.output("text"), joined(source, parent));
    return Promise.resolve();
  },
});
