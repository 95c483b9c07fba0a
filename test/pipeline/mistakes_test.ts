import { assert, assertEquals } from "@std/assert";
import { z } from "zod";
import { renderDiagnostics } from "../../lib/diagnostic/render.ts";
import { parsePipeline } from "../../lib/pipeline/read/parse.ts";
import { planPipeline } from "../../lib/pipeline/plan/expand.ts";
import {
  artifact,
  dataset,
  defineStage,
  model,
  type Stage,
} from "../../lib/pipeline/contract/stage.ts";

// mistakes.txt holds a heading, the file, and the whole text of its messages for every mistake.
// TVP_UPDATE_TEXTS=1 writes the present messages into it, to be read before they are committed.
const path = new URL("./mistakes.txt", import.meta.url);

const run = () => Promise.resolve();
const stages: Readonly<Record<string, Stage>> = {
  make: defineStage({
    name: "make",
    description: "Makes things.",
    with: z.strictObject({
      size: z.int().min(1).default(1),
      kind: z.enum(["cat", "dog"]).optional(),
      data: dataset().optional(),
      nested: z.strictObject({ rate: z.number().gt(0).lt(1) }).optional(),
      names: z.array(z.string().min(2)).min(1).max(2).optional(),
    }).refine((value) => value.kind !== "dog" || value.size > 1, {
      error: "a dog is larger than 1",
      path: ["size"],
    }),
    outputs: { train: "dataset", test: "dataset", net: "model" },
    run,
  }),
  use: defineStage({
    name: "use",
    description: "Uses things.",
    with: z.strictObject({
      prompt: z.union([z.enum(["none", "shrunk"]), artifact("prompt")]).optional(),
      model: model().optional(),
      scores: z.array(artifact("scores")).optional(),
      data: artifact("dataset").optional(),
      loss: z.union([z.string(), z.record(z.string(), z.number())]).optional(),
    }),
    outputs: { scores: "scores", prompt: "prompt" },
    run,
  }),
};

const lookup = {
  names: Object.keys(stages),
  get: (name: string) => stages[name] && { stage: stages[name], module: "file:///stage.ts" },
};

async function messagesOf(text: string, set: readonly string[]): Promise<string> {
  const parsed = await parsePipeline(text, { path: "demo.yaml", set });
  const planned = parsed.ok
    ? await planPipeline(parsed.value, lookup, {
      checkName: (kind, name) =>
        name === "zoo/known" || name === "emoji10" ? undefined : {
          cause: `there is no such ${kind.kind === "artifact" ? kind.type : kind.kind}`,
          notes: ['did you mean "zoo/known"?'],
        },
    })
    : parsed;
  if (planned.ok) return "";
  const source = (path: string) => path.startsWith("--set ") ? path.slice("--set ".length) : text;
  return renderDiagnostics(planned.error, { source });
}

interface Case {
  readonly title: string;
  readonly file: string;
  readonly set: readonly string[];
  readonly messages: string;
}

function parseCases(document: string): Case[] {
  const section =
    /^## (.*)\n\n(?:`(--set .*)`\n\n)?```yaml\n([^]*?)```\n\n```text\n([^]*?)\n```\n/gm;
  return [...document.matchAll(section)].map(([, title, set, file, messages]) => ({
    title: title!,
    file: file!,
    set: set ? [set.slice("--set ".length)] : [],
    messages: messages!,
  }));
}

function printCase({ title, file, set, messages }: Case): string {
  const option = set.map((value) => `\`--set ${value}\`\n\n`).join("");
  return `## ${title}\n\n${option}\`\`\`yaml\n${file}\`\`\`\n\n\`\`\`text\n${messages}\n\`\`\`\n`;
}

const cases = parseCases(await Deno.readTextFile(path));

if (Deno.env.get("TVP_UPDATE_TEXTS") === "1") {
  const updated: Case[] = [];
  for (const each of cases) {
    updated.push({ ...each, messages: await messagesOf(each.file, each.set) });
  }
  await Deno.writeTextFile(
    path,
    "# Mistakes in pipeline files, and the whole text of their messages\n\n" +
      updated.map(printCase).join("\n"),
  );
}

for (const { title, file, set, messages } of cases) {
  Deno.test(`planPipeline() tells of a mistake: ${title}`, async () => {
    assertEquals(await messagesOf(file, set), messages);
  });
}

Deno.test("mistakes.txt has at least 40 distinct mistakes", () => {
  assert(new Set(cases.map((each) => each.messages)).size >= 40, `${cases.length} cases`);
});
