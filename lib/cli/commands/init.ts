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
  source: zoo/mini-minigpt4
  unseen: [zoo/mini-instructblip, zoo/mini-blip2]
  steps: 200

stages:
  # One entry is one stage. \`uses\` names its type, \`with\` holds its parameters.
  data:
    uses: load-dataset
    with: { dataset: emoji10, shots: 64, seed: 0 }

  # A matrix runs a stage once for every combination of its values.
  prompt:
    uses: optimize-prompt
    matrix: { loss: [vp, tvp], seed: [0, 1] }
    with:
      # A reference to another stage's output is the dependency on it.
      source: \${{ vars.source }}
      data: \${{ stages.data.train }}
      # tvp also asks a CLIP model.
      clip: zoo/mini-clip
      loss: \${{ matrix.loss }}
      seed: \${{ matrix.seed }}
      steps: \${{ vars.steps }}
      lr: 10

  transfer:
    uses: transfer-evaluate
    matrix:
      # A list element with * is replaced by all of its tasks.
      prompt: [none, shrunk, "\${{ stages.prompt.* }}"]
      model: ["\${{ vars.source }}", "\${{ vars.unseen.* }}"]
    with:
      prompt: \${{ matrix.prompt }}
      model: \${{ matrix.model }}
      data: \${{ stages.data.test }}

  report:
    uses: report
    with:
      scores: \${{ stages.transfer.*.scores }}
      curves: \${{ stages.prompt.*.curve }}
`;
}
