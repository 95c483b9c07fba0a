/** A folder in which the examples of a page run, as a reader would run them. @module */
import { dirname, join } from "@std/path";
import { generateSigningKeys } from "../../lib/cache/remote/signature.ts";
import { encodeModel } from "../../lib/onnx/codec/encode.ts";
import { GraphBuilder } from "../../lib/onnx/build/builder.ts";
import { encodePng } from "../../lib/vision/encode_png.ts";
import { type Example, root } from "./pages.ts";

/** A program that ran. */
export interface Ran {
  readonly success: boolean;
  readonly text: string;
}

const main = new URL("lib/cli/main.ts", root).pathname;

/** `tvp` and `deno task` as in the repository, but in the working directory. */
const functions = `
tvp() { "$DENO" run -A --quiet "${main}" "$@"; }
deno() {
  if [ "$1 $2" = "task tvp" ]; then shift 2; tvp "$@"
  elif [ "$1 $2" = "task pipeline" ]; then shift 2; tvp run "$@"
  else echo "the tests have no way to run: deno $*"; return 1; fi
}
set -eu
`;

/** The path that an example says it is the file of: its first line is `# first.yaml`. */
export function pathOf({ text }: Example): string | undefined {
  return /^(?:#|\/\/) ([\w/-]+\.(?:yaml|ts|py))\n/.exec(text)?.[1];
}

/** Writes the files that a page's examples are, and those that they take for granted. */
export async function fillFolder(folder: string, examples: readonly Example[]): Promise<void> {
  for (const example of examples) {
    const path = pathOf(example);
    if (path === undefined) continue;
    await Deno.mkdir(join(folder, dirname(path)), { recursive: true });
    await Deno.writeTextFile(join(folder, path), example.text);
  }
  await Deno.symlink(new URL("pipelines", root).pathname, join(folder, "pipelines"));
  await Deno.writeFile(join(folder, "apple.png"), await apple());
  await Deno.writeFile(join(folder, "model.onnx"), encodeModel(lossModel()));
}

/** Runs lines of a shell in the folder, with a remote cache and the key to it. */
export async function runShell(folder: string, lines: string): Promise<Ran> {
  const keys = await generateSigningKeys();
  await Deno.writeTextFile(join(folder, "cache_keys.txt"), `${keys.publicKey}\n`);
  const script = functions + lines.replaceAll("/path/to/tvp", root.pathname.replace(/\/$/, ""));
  return await run("bash", ["-c", script], folder, {
    NO_COLOR: "1",
    DENO: Deno.execPath(),
    TVP_CACHE_REMOTE: `file://${folder}/remote`,
    TVP_CACHE_PRIVATE_KEY: keys.privateKey,
  });
}

/** Type-checks modules as those of this project. */
export async function checkModules(folder: string, paths: readonly string[]): Promise<Ran> {
  return await deno(folder, ["check", "--quiet", "--config", config, ...paths]);
}

/** Runs a module of the folder. */
export async function runModule(folder: string, path: string): Promise<Ran> {
  return await deno(folder, ["run", "-A", "--quiet", "--config", config, path]);
}

const config = new URL("deno.json", root).pathname;

async function deno(folder: string, args: readonly string[]): Promise<Ran> {
  return await run(Deno.execPath(), args, folder, { NO_COLOR: "1" });
}

/** @throws {Deno.errors.NotFound} If there is no such program. */
export async function run(
  program: string,
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    cwd,
    env,
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { success, text: decoder.decode(stdout) + decoder.decode(stderr) };
}

/** A red image. */
async function apple(): Promise<Uint8Array> {
  const side = 64;
  const pixels = new Float32Array(3 * side * side);
  pixels.fill(0.9, 0, side * side);
  return await encodePng(pixels, { height: side, width: side });
}

/** `model.onnx` of the examples: inputs x and pixel_values, an output loss. */
function lossModel() {
  const b = new GraphBuilder();
  const x = b.input("x", "float32", ["batch", 4]);
  const pixels = b.input("pixel_values", "float32", ["batch", 4]);
  const product = b.op("Sin", [b.op("Mul", [x, pixels])]);
  b.output(b.op("ReduceMean", [product], { keepdims: 0 }), "loss");
  return b.finish();
}
