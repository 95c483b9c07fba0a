import {
  type Artifact,
  artifact,
  defineStage,
  file,
} from "../../../lib/pipeline/contract/stage.ts";
import { z } from "zod";

/** What `cat source parent > text` does, in the runner's own process. */
export default defineStage({
  name: "join",
  description: "Writes a file and another stage's text after one another.",
  with: z.strictObject({ source: file(), parent: artifact("text").optional() }),
  outputs: { text: "text" },
  isolation: "inline",
  run({ source, parent }, context) {
    Deno.writeTextFileSync(context.output("text"), joined(source, parent));
    return Promise.resolve();
  },
});

/** The texts one after the other. */
export function joined(source: Artifact, parent: Artifact | undefined): string {
  const rest = parent === undefined ? "" : Deno.readTextFileSync(parent.path);
  return Deno.readTextFileSync(source.path) + rest;
}
