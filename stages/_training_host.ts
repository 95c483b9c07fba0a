/** Gives a training the services of the engine: log, progress, checkpoints. @module */
import type { StageContext } from "../lib/pipeline/contract/stage.ts";
import type { TrainingHost } from "../lib/training/trainer.ts";

/** Passes progress, checkpoints and interruption on, in the trainer's terms. */
export function trainingHost(context: StageContext, steps: number): Required<TrainingHost> {
  const { provider, threads, signal, checkpoint } = context;
  return {
    ...{ provider, threads, signal, checkpoint },
    onOpen: (facts) => context.ranOn(facts),
    log: (line) => context.log(line),
    onStep: (done, { loss }) =>
      context.progress({ done, total: steps, unit: "steps", metrics: { loss } }),
  };
}
