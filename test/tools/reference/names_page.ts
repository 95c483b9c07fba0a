/** The page of names that a pipeline file may choose from, from the tables that define them. @module */
import { toFileUrl } from "@std/path";
import { remoteTable } from "../../../lib/cache/remote/open_remote.ts";
import { loggerTable } from "../../../lib/cli/loggers/logger_table.ts";
import { executorTable } from "../../../lib/workspace/choose_executor.ts";
import type { Dataset } from "../../../lib/data/dataset.ts";
import { changes } from "../../../lib/drawing/changes/change_table.ts";
import { baselineTable } from "../../../lib/evaluation/baselines.ts";
import { matches } from "../../../lib/evaluation/match.ts";
import { lossTable } from "../../../lib/losses/loss_table.ts";
import { lossVariants } from "../../../lib/losses/variant_table.ts";
import { knownModelTypes } from "../../../lib/models/families/family_table.ts";
import { promptTable } from "../../../lib/prompts/prompt_table.ts";
import { augmentations } from "../../../lib/training/augment.ts";
import { bounds } from "../../../lib/training/bounds/bound_table.ts";
import { optimizers } from "../../../lib/training/optimizer.ts";
import { searches } from "../../../lib/training/searches/search_table.ts";
import { views } from "../../../lib/training/views/view_table.ts";
import { corruptions } from "../../../lib/vision/corrupt/corrupt.ts";
import { zooArchitectures } from "../../../lib/zoo/zoo_table.ts";
import { code, markdownTable } from "./markdown_table.ts";
import { methodsTable } from "./methods_table.ts";

/** Rows of a table of the program: each says in a sentence what it is. */
type Described = Readonly<Record<string, { readonly description: string }>>;

/** Text of `docs/reference/names.md`. */
export async function namesPage(): Promise<string> {
  return `# Names

What a pipeline file may choose by name. Most can also be a file of your own:
[docs/pipelines.md](../pipelines.md#code-of-your-own).

## Data sets

\`dataset:\` of \`load-dataset\`.

${markdownTable([["name", "kind", "classes", "licence", "source"], ...await datasetRows()])}

## Methods

\`method:\` of \`optimize-prompt\`: a bundle of the choices below. What is usual, and holds without a
method too, are \`kind: frame\`, \`optimizer: normalized-gradient\`, \`augment: flip-crop\`, no \`views\`,
\`copies: 1\`, \`search: plain\` and \`layerDrop: 0\`.

${methodsTable()}

## Loss terms

The summands of a loss. \`loss: { lm: 1, fca: 0.005 }\` gives their weights.

${described(lossTable)}

## Loss variants

\`loss: tvp\` means these weights.

${markdownTable([["name", "weights"], ...variantRows()])}

## Kinds of prompt

\`kind:\` of \`optimize-prompt\`.

${described(promptTable)}

## Update rules

\`optimizer:\` of \`optimize-prompt\`.

${described(optimizers)}

## Augmentations

\`augment:\` of \`optimize-prompt\`.

${described(augmentations)}

## Views

\`views:\` of \`optimize-prompt\`: how the sources see the prompted image.

${described(views)}

## Searches

\`search:\` of \`optimize-prompt\`: where gradients are taken.

${described(searches)}

## Bounds

\`bound:\` of \`optimize-prompt\`: how strong δ may become.

${described(bounds)}

## Changes of pretraining images

\`changes:\` of \`pretrain-encoder\` and \`pretrain-model\`.

${described(changes)}

## Baselines

\`prompt:\` of \`transfer-evaluate\` where it is not a trained one.

${markdownTable([["name", "what a model sees"], ...baselineRows()])}

## Rules for free answers

\`match:\` of \`transfer-evaluate\`: when a free answer is right.

${described(matches)}

## Corruptions

\`kind:\` of \`corrupt-dataset\`.

${described(corruptions)}

## Models of the zoo

Write \`zoo/NAME\` instead of a path. [zoo/README.md](../../zoo/README.md) says what they can do.

${markdownTable([["name", "after"], ...zooRows()])}

## Families of models

A directory opens if \`model_type\` in its \`config.json\` is one of these.

${knownModelTypes.map(code).join(", ")}.

## Executors

\`--executor\` of \`tvp run\`.

${described(executorTable)}

## Remotes

\`--remote\` of the commands that have it, or \`TVP_CACHE_REMOTE\`.

${markdownTable([["URL", "what it is"], ...remoteRows()])}

## Loggers

What tells of a run. The first that fits is taken.

${markdownTable([["name", "what it is", "when"], ...loggerRows()])}
`;
}

function baselineRows(): string[][] {
  return Object.entries(baselineTable).map(([name, description]) => [code(name), description]);
}

function remoteRows(): string[][] {
  return Object.values(remoteTable).map(({ form, description }) => [code(form), description]);
}

function loggerRows(): string[][] {
  return Object.entries(loggerTable).map(([name, { description, when }]) => [
    code(name),
    description,
    when,
  ]);
}

function zooRows(): string[][] {
  return Object.entries(zooArchitectures).map(([name, { mirrors }]) => [code(name), mirrors]);
}

function described(table: Described): string {
  const rows = Object.entries(table).map(([name, { description }]) => [code(name), description]);
  return markdownTable([["name", "what it is"], ...rows]);
}

function variantRows(): string[][] {
  return Object.entries(lossVariants).map(([name, weights]) => [
    code(name),
    Object.entries(weights).map(([term, weight]) => `${term} ${weight}`).join(", "),
  ]);
}

/** The data sets of the project, by the files of their folder. */
async function datasetRows(): Promise<string[][]> {
  const folder = new URL("../../../datasets/", import.meta.url);
  const files = [...Deno.readDirSync(folder)].map(({ name }) => name)
    .filter((name) => name.endsWith(".ts") && !name.startsWith("_")).sort();
  return await Promise.all(files.map(async (file) => {
    const { href } = new URL(file, toFileUrl(folder.pathname));
    const { info } = ((await import(href)) as { default: Dataset }).default;
    const { kind, classes = [], licence, source } = info;
    const name = file.replace(/\.ts$/, "").replaceAll("_", "-");
    return [code(name), kind, classes.length === 0 ? "–" : classes.join(", "), licence, source];
  }));
}
