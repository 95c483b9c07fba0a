import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { DiagnosticError } from "../../lib/diagnostic/diagnostic.ts";
import { decodeSafetensors } from "../../lib/tensor/safetensors.ts";
import type { Tensor } from "../../lib/tensor/tensor.ts";
import type { CaseSpec } from "../tools/golden/case.ts";
import { compareTensors } from "../tools/golden/compare.ts";
import { type Chromium, findChromium, openPage } from "./chromium.ts";
import { openOnnxruntimeWeb } from "./packages.ts";
import { casesFolder, servePage, type Site } from "./serve_page.ts";

const cases = ["vit_ts17_eager", "conv_mix_ts17_none", "llama_dynamo23_sdpa", "clip_vision_ortopt"];

/** What the page needs besides our own code; or why it cannot be had here. */
interface Rig extends Site {
  readonly chromium: Chromium;
}

async function openRig(): Promise<Rig | string> {
  try {
    const [chromium, ort] = await Promise.all([findChromium(), openOnnxruntimeWeb()]);
    return { chromium, ort, bundle: await bundlePage() };
  } catch (error) {
    const offline = error instanceof DiagnosticError &&
      error.diagnostics.every(({ code }) => code === "download-failed");
    if (offline || error instanceof RangeError) return error.message;
    throw error;
  }
}

/** The page's script, with our libraries in it. */
async function bundlePage(): Promise<string> {
  const page = new URL("page.ts", import.meta.url).pathname;
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--quiet", "--platform", "browser", page],
    cwd: new URL("../..", import.meta.url).pathname,
  }).output();
  assert(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

async function specOf(name: string): Promise<CaseSpec> {
  return JSON.parse(await Deno.readTextFile(join(casesFolder, name, "case.json")));
}

function differentiated(spec: CaseSpec): readonly string[] {
  const inputs = (spec.inputs ?? []).filter(({ wrt }) => wrt).map(({ name }) => name);
  return [...inputs, ...spec.wrt_initializers ?? []];
}

/** Rejects after a while, and holds no timer when disposed of. */
function deadline(milliseconds: number) {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new RangeError(`No answer from the page in ${milliseconds} ms`)),
    milliseconds,
  );
  return { promise, [Symbol.dispose]: () => clearTimeout(timer) };
}

const rig = await openRig();
if (typeof rig === "string") console.log(`No test in a browser: ${rig}`);

Deno.test({
  name: "addGradients() gives PyTorch's gradients in a browser, with ONNX Runtime for the web",
  ignore: typeof rig === "string",
  async fn(t) {
    assert(typeof rig !== "string");
    const specs = await Promise.all(cases.map(specOf));
    const tasks = specs.map((spec) => ({ name: spec.name, wrt: differentiated(spec) }));
    await using server = servePage(rig, tasks);
    await using page = await openPage(rig.chromium, server.url);
    using late = deadline(120_000);
    const results = await Promise.race([server.results, page.ended, late.promise]);
    for (const spec of specs) {
      await t.step(spec.name, () => checkCase(spec, results.get(spec.name) ?? {}));
    }
  },
});

async function checkCase(spec: CaseSpec, results: Readonly<Record<string, Tensor>>) {
  const bytes = await Deno.readFile(join(casesFolder, spec.name, "data.safetensors"));
  const { tensors } = decodeSafetensors(bytes);
  const problems = differentiated(spec).flatMap((name) => {
    const reference = tensors[`grad.${name}`] ?? tensors[`gradw.${name}`];
    assert(reference, `no reference of ${name}`);
    const comparison = compareTensors(results[`grad.${name}`], reference, spec);
    return comparison.ok ? [] : [{ name, ...comparison }];
  });
  assertEquals(problems, []);
}
