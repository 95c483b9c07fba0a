/** Recorded models of which less is known: no value_info, symbols for all sizes, no ranks at all. */
import { assert, assertEquals } from "@std/assert";
import { addGradients } from "../../lib/autodiff/gradient.ts";
import { DiagnosticError } from "../../lib/diagnostic/diagnostic.ts";
import { decodeModel } from "../../lib/onnx/codec/decode.ts";
import type { Model, TensorType, ValueInfo } from "../../lib/onnx/ir/model.ts";

const folder = new URL("../golden/vjp/", import.meta.url).pathname;
/** Every n-th case, in the order of the names. */
const every = 4;
const cases = [...Deno.readDirSync(folder)].map(({ name }) => name).sort()
  .filter((name, i) => !name.endsWith("__dyn") && i % every === 0);

function read(name: string): Model {
  const directory = `${folder}${name}`;
  return decodeModel(Deno.readFileSync(`${directory}/model.onnx`), { directory });
}

/** The model with other types of inputs, and without types of other values. */
function retyped(model: Model, change: (type: TensorType, name: string) => TensorType): Model {
  const input = (v: ValueInfo): ValueInfo =>
    v.type.kind === "tensor" ? { ...v, type: change(v.type, v.name) } : v;
  const outputs = model.graph.outputs.map((v): ValueInfo => ({ ...v, type: { kind: "unknown" } }));
  const inputs = model.graph.inputs.map(input);
  return { ...model, graph: { ...model.graph, inputs, outputs, values: new Map() } };
}

function differentiate(name: string, change: (type: TensorType, name: string) => TensorType): void {
  const model = read(name);
  const floats = (values: readonly ValueInfo[]) =>
    values.filter(({ type }) => type.kind === "tensor" && /float/.test(type.dtype))
      .map((value) => value.name);
  addGradients(retyped(model, change), {
    cotangents: floats(model.graph.outputs),
    wrt: floats(model.graph.inputs),
  });
}

/** Ops that are unrolled, or whose windows are part of the shape of a weight that is an input. */
const sized = new Set(["conv2d_inputs", "scan_cumulative", "sequence_split_at"]);

Deno.test("addGradients() needs neither value_info nor sizes", () => {
  for (const name of cases) {
    differentiate(name, (type) => type);
    if (sized.has(name)) continue;
    differentiate(name, (type, input) => ({
      ...type,
      ...(type.dims ? { dims: type.dims.map((_, axis) => `${input}_${axis}`) } : {}),
    }));
  }
});

Deno.test("addGradients() says which value's rank it would have to know, and what to do", () => {
  let refused = 0;
  for (const name of cases) {
    try {
      differentiate(name, ({ kind, dtype }) => ({ kind, dtype }));
    } catch (error) {
      assert(error instanceof DiagnosticError, `${name}: ${(error as Error).stack}`);
      refused++;
      for (const { message, notes } of error.diagnostics) {
        assertEquals((notes?.length ?? 0) > 0, true, message);
        assert(/Cannot differentiate.*"/.test(message), message);
      }
    }
  }
  assert(refused > 20);
});
