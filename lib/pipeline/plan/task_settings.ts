/** Joins a task's settings: those of its stage, the file's defaults, and ours. @module */
import type { Resources } from "../contract/job.ts";
import type { RetryRule } from "./plan.ts";
import { durationMs, sizeBytes } from "../read/amounts.ts";
import type { TaskSettings } from "../read/spec.ts";

/** Settings with units read. */
export interface RunRules {
  readonly resources: Resources;
  readonly retries: RetryRule;
  readonly timeoutMs?: number;
}

/**
 * Stages say more than defaults do; resources are taken one by one.
 *
 * @param cores Of a task for which neither says any; default 2.
 */
export function runRules(
  stage: TaskSettings,
  defaults: TaskSettings = {},
  cores = 2,
): RunRules {
  const timeout = stage.timeout ?? defaults.timeout;
  return {
    resources: resourcesOf({ cpu: cores, ...defaults.resources, ...stage.resources }),
    retries: retryRule(stage.retries ?? defaults.retries ?? 0),
    ...(timeout === undefined ? {} : { timeoutMs: durationMs(timeout) }),
  };
}

function resourcesOf(
  { cpu, gpu, memory, time }: NonNullable<TaskSettings["resources"]>,
): Resources {
  return {
    cpu: cpu!,
    gpu: gpu ?? 0,
    ...(memory === undefined ? {} : { memoryBytes: sizeBytes(memory) }),
    ...(time === undefined ? {} : { timeMs: durationMs(time) }),
  };
}

/** A mere number is for any failure; written out, an error of the stage has to be named. */
function retryRule(retries: NonNullable<TaskSettings["retries"]>): RetryRule {
  const machine = ["crash", "timeout"];
  if (typeof retries === "number") {
    return { attempts: retries, backoffMs: 1000, on: ["error", ...machine] };
  }
  const { attempts, backoff = 1, on = machine } = retries;
  return { attempts, backoffMs: durationMs(backoff), on };
}
