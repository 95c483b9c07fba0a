import { z } from "zod";
import { digestText } from "../../../../lib/cache/digest/digest.ts";
import { artifact, defineStage } from "../../../../lib/pipeline/contract/stage.ts";

/** How long a step works. */
const STEP_MS = 4;

/** A chain of hashes: each step depends on the one before, so that no step can be faked. */
export default defineStage({
  name: "chain",
  description: "Hashes a number of times, and notes each step in the file TVP_KILLS_LOG.",
  with: z.strictObject({
    seed: z.number(),
    steps: z.number(),
    after: z.array(artifact("json")).optional(),
  }),
  outputs: { value: "json", folder: "directory" },
  permissions: ["write"],
  async run({ seed, steps, after = [] }, context) {
    let state = readState(await context.checkpoint.load()) ??
      { step: 0, hash: digestText(`${seed} ${after.map(({ digest }) => digest)}`) as string };
    while (state.step < steps) {
      if (context.checkpoint.due()) {
        await context.checkpoint.save(new TextEncoder().encode(JSON.stringify(state)));
      }
      context.signal.throwIfAborted();
      state = { step: state.step + 1, hash: work(state.hash) };
      note(`${seed} ${state.step}`);
      context.progress({ done: state.step, total: steps, unit: "steps" });
      await Promise.resolve();
    }
    Deno.writeTextFileSync(context.output("value"), JSON.stringify(state));
    Deno.mkdirSync(context.output("folder"));
    for (const name of ["a", "b"]) {
      Deno.writeTextFileSync(`${context.output("folder")}/${name}`, digestText(state.hash + name));
    }
  },
});

interface State {
  readonly step: number;
  readonly hash: string;
}

function readState(bytes: Uint8Array | undefined): State | undefined {
  return bytes && JSON.parse(new TextDecoder().decode(bytes));
}

function work(hash: string): string {
  const endMs = performance.now() + STEP_MS;
  while (performance.now() < endMs) digestText(hash);
  return digestText(hash);
}

function note(line: string): void {
  const path = Deno.env.get("TVP_KILLS_LOG") ?? "";
  Deno.writeTextFileSync(path, `${line} ${Date.now()}\n`, { append: true });
}
