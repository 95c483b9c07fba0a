/** The schema of `executor:` in a pipeline file: how tasks are handed to a cluster. @module */
import { z } from "zod";
import { schemaOf } from "../../diagnostic/schema_of.ts";
import type { ExecutorSettings } from "./job.ts";

/** An option of a command: it takes none that is empty. */
const option = z.string().regex(/\S/, { error: "text that is not blank" });

// Made when a file asks for it: few do.
const slurm = z.lazy(() =>
  z.strictObject({
    partition: option.optional().describe("Partition, as in --partition."),
    account: option.optional().describe("Account that is charged, as in --account."),
    qos: option.optional().describe("Quality of service, as in --qos."),
    constraint: option.optional().describe("Features that the node must have: a100&nvlink."),
    reservation: option.optional().describe("Reservation to run in."),
    gres: option.optional().describe("In place of resources.gpu: gpu:a100:1."),
    setup: z.string().optional().describe("Lines of shell before the task: module load cuda."),
    args: z.array(option).optional().describe("Further arguments of sbatch: --exclusive."),
  }).describe("With --executor slurm. May refer to vars, env and matrix.")
);

/** Schema of `executor:`. */
export const executorSettings: z.ZodType<ExecutorSettings> = schemaOf<ExecutorSettings>()(
  z.strictObject({ slurm: slurm.optional() })
    .describe("How tasks are handed to a cluster. Not part of the key."),
);

/** A stage says more than the defaults do, option by option. */
export function mergeExecutorSettings(
  defaults: ExecutorSettings = {},
  stage: ExecutorSettings = {},
): ExecutorSettings {
  return { ...defaults, ...stage, slurm: { ...defaults.slurm, ...stage.slurm } };
}
