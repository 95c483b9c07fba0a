/**
 * Checks what another process answers about a stage type, because the answer may be anything.
 *
 * @module
 */
import type { CheckedParameters } from "./check_stage.ts";
import type { StageFacts } from "./plan.ts";
import type { Problem } from "../read/problem.ts";
import type { ReferencedTask } from "../contract/slot.ts";
import {
  type ArtifactType,
  type Stage,
  type StagePermission,
  stagePermissions,
} from "../contract/stage.ts";
import { readValue } from "./stage_exchange.ts";
import { outputsMistake } from "../contract/stage_outputs.ts";

/** What planning needs to know of a stage, as plain data. */
export function factsOf(stage: Stage): StageFacts {
  const { name, description, outputs, files, cpu, isolation, permissions } = stage;
  return {
    name,
    description,
    outputs,
    ...(files === undefined ? {} : { files }),
    ...(cpu === undefined ? {} : { cpu }),
    ...(isolation === undefined ? {} : { isolation }),
    ...(permissions === undefined ? {} : { permissions }),
  };
}

/** @throws {TypeError} If it describes no stage type. */
export function readFacts(told: unknown): StageFacts {
  const { name, description, outputs, files, cpu, isolation, permissions = [] } = recordOf(told);
  const mistake = outputsMistake(recordOf(outputs), recordOf(files ?? {}));
  if (mistake !== undefined) throw new TypeError(mistake);
  return {
    name: textOf(name),
    description: textOf(description),
    outputs: outputs as StageFacts["outputs"],
    ...(files === undefined ? {} : { files: files as NonNullable<StageFacts["files"]> }),
    ...(cpu === undefined ? {} : { cpu: readCores(cpu) }),
    // Code that is not the project's own never runs in the runner's process.
    isolation: isolation === "fresh" ? "fresh" : "worker",
    permissions: readPermissions(permissions),
  };
}

function readCores(told: unknown): number {
  if (typeof told === "number" && told > 0) return told;
  throw new TypeError(`its cpu is ${JSON.stringify(told)}, expected a number above 0`);
}

function readPermissions(told: unknown): readonly StagePermission[] {
  const unknown = [told].flat().find((one) => !stagePermissions.includes(one as StagePermission));
  if (unknown === undefined) return [told].flat() as StagePermission[];
  const known = stagePermissions.join(", ");
  throw new TypeError(`there is no permission ${JSON.stringify(unknown)}, known are ${known}`);
}

/** @throws {TypeError} If it is not an answer of this kind. */
export function readChecked(told: unknown, tasks: readonly ReferencedTask[]): CheckedParameters {
  const { parameters, outputs, problems } = recordOf(told);
  if (!Array.isArray(problems)) throw new TypeError("Cannot read problems: they are not a list");
  const declared = recordOf(outputs) as Record<string, ArtifactType>;
  return {
    parameters: readValue(parameters, tasks),
    outputs: declared,
    problems: problems.map(readProblem),
  };
}

function readProblem(told: unknown): Problem {
  const { code, severity, same, path, part, message, value, notes } = recordOf(told);
  const steps = Array.isArray(path) ? path : [];
  return {
    code: textOf(code),
    ...(severity === "warning" ? { severity } : {}),
    ...(same === undefined ? {} : { same: textOf(same) }),
    path: steps.map((step) => typeof step === "number" ? step : textOf(step)),
    ...(part === "key" ? { part } : {}),
    message: textOf(message),
    ...(typeof value === "string" ? { value } : {}),
    ...(Array.isArray(notes) ? { notes: notes.map(textOf) } : {}),
  };
}

function recordOf(value: unknown): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new TypeError("Cannot read the description of a stage: it is not a map");
}

function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  throw new TypeError("Cannot read the description of a stage: it is not text");
}
