import { z } from "zod";
import { defineStage } from "../../../lib/pipeline/contract/stage.ts";

/** Locks a file for as long as its process lives, then never ends. */
export default defineStage({
  name: "holder",
  description: "Holds a lock until its process ends.",
  with: z.strictObject({ path: z.string() }),
  outputs: {},
  run: ({ path }, context) => {
    const file = Deno.openSync(path, { write: true, create: true });
    file.lockSync(true);
    context.log("ready");
    // Blocks the thread, as a long call into a library does.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    file.close();
    return Promise.resolve();
  },
});
