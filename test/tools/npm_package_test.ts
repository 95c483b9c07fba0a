import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { writePackage } from "./npm_package.ts";

/** Differentiates x² with the public exports, and prints the digest of the gradient model. */
const PROGRAM = `
import { createHash } from "node:crypto";
import { addGradients } from "@tvp/pipeline/autodiff";
import { decodeModel, encodeModel, GraphBuilder } from "@tvp/pipeline/onnx";

const b = new GraphBuilder();
const x = b.input("x", "float32", ["n"]);
b.output(b.op("ReduceSum", [b.op("Mul", [x, x])], { keepdims: 0 }), "loss");
const step = decodeModel(encodeModel(addGradients(b.finish(), { of: "loss", wrt: ["x"] })));
console.log(step.graph.outputs.map(({ name }) => name).join(" "));
console.log(createHash("sha256").update(encodeModel(step)).digest("hex"));
`;

async function run(program: string, args: string[], cwd: string): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, { args, cwd }).output();
  assert(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

function hasProgram(name: string): boolean {
  try {
    return new Deno.Command(name, { args: ["--version"] }).outputSync().success;
  } catch {
    return false;
  }
}

Deno.test("what npm packs differentiates models under Node as it does under Deno", async () => {
  if (!hasProgram("npm")) return console.log("skipped: there is no npm here");
  const folder = await Deno.makeTempDir();
  try {
    const [made, used] = [join(folder, "made"), join(folder, "used")];
    await Deno.mkdir(made);
    await Deno.mkdir(used);
    writePackage(made);
    const tarball = (await run("npm", ["pack", "--silent", made], used)).trim();
    await Deno.writeTextFile(join(used, "package.json"), "{}");
    const quiet = ["--silent", "--no-audit", "--no-fund", "--prefer-offline"];
    await run("npm", ["install", ...quiet, `./${tarball}`], used);
    await Deno.writeTextFile(join(used, "program.mjs"), PROGRAM);
    const ours = join(folder, "program.ts");
    await Deno.writeTextFile(ours, PROGRAM);
    const config = new URL("../../deno.json", import.meta.url).pathname;
    const deno = ["run", "-A", "--quiet", "--no-check", "--config", config, ours];
    const [node, here] = [
      await run("node", ["program.mjs"], used),
      await run(Deno.execPath(), deno, folder),
    ];
    assertEquals(node.split("\n")[0], "loss grad.x");
    assertEquals(node, here);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
