/** Checks before the run that sizes fit, where the size of the images is known. @module */
import type { ImageSides, Plan, Task } from "./plan.ts";
import { writtenName } from "./renamed.ts";
import type { Problem } from "../read/problem.ts";
import { Reference, Slot } from "../contract/slot.ts";

/** What is wrong with the sizes that tasks are given; a mistake of several tasks is reported once. */
export async function sizeProblems(
  { tasks, spec }: Pick<Plan, "tasks" | "spec">,
  sides: ImageSides,
): Promise<readonly Problem[]> {
  const problems = new Map<string, Problem>();
  for (const task of tasks) {
    const { fits, renamed } = task.definition;
    const given = task.parameters as Readonly<Record<string, unknown>> | undefined;
    const image = fits && given?.[fits.image];
    if (fits === undefined || typeof image !== "number" || given?.[fits.canvas] !== undefined) {
      continue;
    }
    const side = await sideOf(given?.[fits.data], tasks, sides);
    if (side === undefined || image <= side) continue;
    const name = writtenName(renamed, fits.image, spec.stages[task.stage]?.with);
    problems.set(`${task.stage} ${image} ${side}`, {
      code: "large-image",
      path: ["stages", task.stage, "with", name],
      value: image,
      message: `Cannot use ${image} as stages.${task.stage}.with.${name}: ` +
        `the canvas has ${side} pixels, as the images of its data`,
      notes: [`give a "${fits.canvas}" that is as large, or an "${fits.image}" up to ${side}`],
    });
  }
  return [...problems.values()];
}

/** Follows a data set to where it comes from. */
async function sideOf(
  value: unknown,
  tasks: readonly Task[],
  sides: ImageSides,
): Promise<number | undefined> {
  const inner = value instanceof Slot ? value.value : value;
  if (typeof inner === "string" && value instanceof Slot) return await sides(value.kind, inner);
  if (!(inner instanceof Reference)) return undefined;
  const { definition, parameters } = tasks[inner.task.index]!;
  const name = definition.imagesOf ?? definition.picturesOf;
  if (name === undefined) return undefined;
  const from = (parameters as Readonly<Record<string, unknown>>)[name];
  return await sideOf(from, tasks, sides);
}
