/** Gives a training the services of the engine: log, progress, checkpoints. @module */
import type { StageContext } from "../lib/pipeline/contract/stage.ts";
import type { TrainingHost } from "../lib/training/trainer.ts";

/** Services that are all there, but for what the task was not given. */
type StageHost = Required<Omit<TrainingHost, "memory">> & Pick<TrainingHost, "memory">;

/** Passes progress, checkpoints and interruption on, in the trainer's terms. */
export function trainingHost(context: StageContext, steps: number): StageHost {
  const { provider, threads, signal, checkpoint, memory, sideBySide = 1 } = context;
  return {
    ...{ provider, threads, signal, checkpoint, sideBySide },
    ...(memory === undefined ? {} : { memory }),
    onOpen: (facts) => context.ranOn(facts),
    onPlan: (plan) => context.ranOn({ plan }),
    log: (line) => context.log(line),
    onStep: (done, { loss }) =>
      context.progress({ done, total: steps, unit: "steps", metrics: { loss } }),
  };
}
