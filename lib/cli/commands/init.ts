import { type Command, exitCodes, hasFlag } from "../command.ts";
import { dirname, fromFileUrl, relative, resolve } from "@std/path";
import { startCommand } from "../../workspace/start_command.ts";
import { printJson, printLine } from "../print.ts";
import { projectRoot } from "../../workspace/places.ts";
import { writing } from "../writing.ts";

/** Writes a starter pipeline. */
const command: Command = {
  name: "init",
  summary: "Writes a commented starter pipeline.",
  operands: "FILE",
  minOperands: 1,
  maxOperands: 1,
  example: "deno task tvp init pipelines/mine.yaml",
  options: { json: { type: "flag", help: "the path as JSON" } },
  async run(args) {
    const path = args.operands[0]!;
    const name = /([^/\\]+?)(\.ya?ml)?$/.exec(path)![1]!.replace(/[^A-Za-z0-9_-]/g, "-");
    await writing(
      path,
      () => Deno.writeTextFileSync(path, starter(name, schemaOf(path)), { createNew: true }),
    );
    if (hasFlag(args, "json")) printJson({ path });
    else printLine(`Wrote ${path}. Run it: ${startCommand("run", path)}`);
    return exitCodes.done;
  },
};
export default command;

/** Path of the schema, as the editor finds it from a pipeline file. */
function schemaOf(path: string): string {
  const schema = fromFileUrl(new URL("pipelines/schema.json", projectRoot));
  const fromFile = relative(dirname(resolve(path)), schema);
  return resolve(path).startsWith(fromFileUrl(projectRoot)) ? fromFile : schema;
}

/** Text of the starter pipeline. */
export function starter(name: string, schema = "schema.json"): string {
  return `# yaml-language-server: $schema=${schema}
# Results appear in .tvp/runs/${/^[A-Za-z_]/.test(name) ? name : `p-${name}`}/latest.
name: ${/^[A-Za-z_]/.test(name) ? name : `p-${name}`}

# Values for \${{ vars.NAME }}; change one for a run with --set vars.NAME=VALUE.
vars:
  source: zoo/mini-instructblip
  unseen: [zoo/mini-minigpt4, zoo/mini-convllava]
  # Rates belong to a method, a task and the sides of canvas and image: choose yours on validation
  # data. These are the quickstart's, for 64 pixels.
  methods:
    - { loss: vp, lr: 2 }
    - { loss: tvp, lr: 8 }
  # Weights of the loss terms at 64 pixels; the paper's, for 224 pixels, are built in.
  variants:
    tvp: { lm: 1, fca: 0.02, tse: 0.1 }
  steps: 100

stages:
  # One entry is one stage. \`uses\` names its type, \`with\` holds its parameters.
  data:
    uses: load-dataset
    with:
      # How many drawings there are, one to four, in noise.
      dataset: emoji-count
      parameters: { of: all, noise: 0.2, clutter: 0.3 }

  # A matrix runs a stage once for every combination of its values. Intervals count seeds as drawn
  # at random: with two they are very wide.
  prompt:
    uses: optimize-prompt
    matrix: { method: "\${{ vars.methods }}", seed: [0, 1, 2] }
    with:
      # A reference to another stage's output is the dependency on it.
      source: \${{ vars.source }}
      data: \${{ stages.data.train }}
      # tvp also asks a CLIP model.
      clip: zoo/mini-clip
      loss: \${{ matrix.method.loss }}
      variants: \${{ vars.variants }}
      lr: \${{ matrix.method.lr }}
      seed: \${{ matrix.seed }}
      steps: \${{ vars.steps }}
      canvas: 64
      imageSize: 48

  # Without a prompt: the full image, and the shrunk one, as it is before a prompt is trained.
  baseline:
    uses: transfer-evaluate
    matrix:
      prompt: [none, shrunk]
      # A list element with * is replaced by all of its values.
      model: ["\${{ vars.source }}", "\${{ vars.unseen.* }}"]
    with:
      prompt: \${{ matrix.prompt }}
      model: \${{ matrix.model }}
      data: \${{ stages.data.test }}
      canvas: 64
      imageSize: 48

  transfer:
    uses: transfer-evaluate
    matrix:
      prompt: \${{ stages.prompt.* }}
      model: ["\${{ vars.source }}", "\${{ vars.unseen.* }}"]
    with:
      prompt: \${{ matrix.prompt.prompt }}
      model: \${{ matrix.model }}
      data: \${{ stages.data.test }}

  report:
    uses: report
    with:
      scores:
        - \${{ stages.baseline.*.scores }}
        - \${{ stages.transfer.*.scores }}
      curves: \${{ stages.prompt.*.curve }}
      prompts: \${{ stages.prompt.*.prompt }}
      # The split whose images the report shows as examples.
      data: \${{ stages.data.test }}
      # Named before the run; only these are tests, and they are corrected together.
      primary:
        - { a: tvp, b: shrunk, over: unseen }
        - { a: tvp, b: vp, over: unseen }
`;
}
