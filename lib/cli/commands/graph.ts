import type { Plan, Task } from "../../pipeline/plan/plan.ts";
import { type Command, exitCodes, hasFlag, pipelineOptions, textOption } from "../command.ts";
import { openPipeline } from "../../workspace/open_pipeline.ts";
import { giveUpAfterOpening } from "../permissions.ts";
import { pipelineOf } from "../pipeline_arguments.ts";
import { printJson, printLine, printText } from "../print.ts";
import type { ModelPlacement } from "../../workspace/place_models.ts";

/** How a graph is drawn, and what a line of words begins with that is not part of it. */
const formats = {
  tree: { draw: treeGraph, remark: "" },
  mermaid: { draw: mermaidGraph, remark: "%% " },
  dot: { draw: dotGraph, remark: "// " },
} as const;

/** Draws the graph. */
const command: Command = {
  name: "graph",
  summary: "Draws the graph of stages or tasks: tree, Mermaid or DOT.",
  operands: "FILE",
  minOperands: 1,
  maxOperands: 1,
  example: "deno task tvp graph pipelines/quickstart.yaml --format mermaid",
  options: {
    ...pipelineOptions,
    format: { type: "text", choices: Object.keys(formats), help: "how to draw; default tree" },
    tasks: { type: "flag", help: "every task instead of every stage" },
    placement: {
      type: "text",
      choices: ["cuda"],
      help: "also which nodes of a training step on each model would run on the CPU instead",
    },
  },
  async run(args) {
    await using opened = await openPipeline(pipelineOf(args), { onOpen: giveUpAfterOpening });
    const graph = hasFlag(args, "tasks") ? taskGraph(opened.plan) : stageGraph(opened.plan);
    const isPlaced = textOption(args, "placement") !== undefined;
    const models = isPlaced ? await opened.placeModels(opened.plan.tasks) : [];
    if (hasFlag(args, "json")) [...graph, ...models].forEach(printJson);
    else print(graph, models, (textOption(args, "format") ?? "tree") as keyof typeof formats);
    return exitCodes.done;
  },
};
export default command;

function print(
  graph: readonly DrawnNode[],
  models: readonly ModelPlacement[],
  format: keyof typeof formats,
): void {
  const { draw, remark } = formats[format];
  printText(draw(graph));
  for (const { model, stages, line } of models) {
    printLine(`${remark}${model} (${stages.join(", ")}) on cuda: ${line}`);
  }
}

/** A node of a drawn graph. */
export interface DrawnNode {
  readonly name: string;
  readonly needs: readonly string[];
}

/** Tasks and what they need. */
function taskGraph({ tasks }: Plan): DrawnNode[] {
  return tasks.map((task) => ({ name: task.id, needs: task.needs.map((need) => tasks[need]!.id) }));
}

/** Stages, with their numbers of tasks, and what they need. */
function stageGraph({ tasks, stages }: Plan): DrawnNode[] {
  const title = (stage: string) => {
    const { length } = stages.get(stage)!;
    return length === 1 ? stage : `${stage} ×${length}`;
  };
  return [...stages].map(([stage, own]) => ({
    name: title(stage),
    needs: [...new Set(own.flatMap((task: Task) => task.needs.map((need) => tasks[need]!.stage)))]
      .map(title),
  }));
}

/** Levels that a tree shows; what lies deeper is not seen on any screen. */
const maxLevels = 100;

/** Each last node with what it needs below it; what was drawn before is not drawn again. */
export function treeGraph(nodes: readonly DrawnNode[]): string {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const needed = new Set(nodes.flatMap((node) => node.needs));
  const drawn = new Set<string>();
  const lines: string[] = [];
  const ends = nodes.filter(({ name }) => !needed.has(name));
  const open = ends.map(({ name }) => ({ name, lead: "", branch: "", level: 0 })).reverse();
  for (let top = open.pop(); top !== undefined; top = open.pop()) {
    const { name, lead, branch, level } = top;
    const { needs } = byName.get(name)!;
    const cut = needs.length > 0 && (drawn.has(name) || level === maxLevels);
    lines.push(`${lead}${branch}${name}${cut ? " …" : ""}\n`);
    if (cut) continue;
    drawn.add(name);
    const below = lead + { "": "", "└─ ": "   ", "├─ ": "│  " }[branch];
    const last = needs.length - 1;
    const next = needs.map((need, index) => ({
      name: need,
      lead: below,
      branch: index === last ? "└─ " : "├─ ",
      level: level + 1,
    }));
    for (const node of next.reverse()) open.push(node);
  }
  return lines.join("");
}

/** For Markdown. */
export function mermaidGraph(nodes: readonly DrawnNode[]): string {
  const ids = new Map(nodes.map((node, index) => [node.name, `n${index}`]));
  const lines = nodes.flatMap(({ name, needs }) => [
    `  ${ids.get(name)}["${name.replaceAll('"', "#quot;")}"]`,
    ...needs.map((need) => `  ${ids.get(need)} --> ${ids.get(name)}`),
  ]);
  return ["flowchart TD", ...lines, ""].join("\n");
}

/** For Graphviz. */
export function dotGraph(nodes: readonly DrawnNode[]): string {
  const lines = nodes.flatMap(({ name, needs }) => [
    `  ${JSON.stringify(name)};`,
    ...needs.map((need) => `  ${JSON.stringify(need)} -> ${JSON.stringify(name)};`),
  ]);
  return ["digraph pipeline {", "  rankdir=LR;", ...lines, "}", ""].join("\n");
}
