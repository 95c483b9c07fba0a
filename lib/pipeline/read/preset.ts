/** `presets:`: named sets of variables, chosen by the variable `preset`. @module */
import { nearest } from "../../diagnostic/suggest.ts";
import type { Problem } from "./problem.ts";
import { isTree, type Tree } from "./tree.ts";

/** A tree with the chosen preset's variables, or what is wrong with it. */
export interface Preset {
  readonly tree: unknown;
  readonly problems: readonly Problem[];
}

/**
 * Replaces the file's variables by those of the chosen preset. Without `presets:` the tree stays
 * as it is. A preset names variables that the file has.
 */
export function applyPreset(tree: unknown): Preset {
  if (!isTree(tree) || !isTree(tree.presets)) return { tree, problems: [] };
  const { presets } = tree;
  const vars = isTree(tree.vars) ? tree.vars : {};
  const chosen = vars.preset;
  if (typeof chosen !== "string" || !Object.hasOwn(presets, chosen)) {
    return { tree, problems: [unknownPreset(vars, Object.keys(presets))] };
  }
  const problems = unknownVariables(presets, vars);
  const values = presets[chosen];
  if (problems.length > 0 || !isTree(values)) return { tree, problems };
  return { tree: { ...tree, vars: { ...vars, ...values } }, problems: [] };
}

function unknownPreset(vars: Tree, names: readonly string[]): Problem {
  const { preset } = vars;
  const near = typeof preset === "string" ? nearest(preset, names) : undefined;
  const found = preset === undefined ? "there is none" : `it is ${JSON.stringify(preset)}`;
  return {
    code: "unknown-preset",
    path: preset === undefined ? ["presets"] : ["vars", "preset"],
    message: `Cannot choose a preset: the variable "preset" names one of ${
      names.join(", ")
    }, ${found}${near === undefined ? "" : `; did you mean "${near}"?`}`,
  };
}

function unknownVariables(presets: Tree, vars: Tree): Problem[] {
  return Object.entries(presets).flatMap(([preset, values]) =>
    (isTree(values) ? Object.keys(values) : []).filter((name) => !Object.hasOwn(vars, name))
      .map((name): Problem => {
        const near = nearest(name, Object.keys(vars));
        return {
          code: "unknown-variable",
          path: ["presets", preset, name],
          part: "key",
          message: `Cannot preset "${name}": vars has no such name${
            near === undefined ? "" : `, did you mean "${near}"?`
          }`,
        };
      })
  );
}
