import { assert, assertEquals } from "@std/assert";
import { GraphBuilder, type Value } from "../../lib/onnx/build/builder.ts";
import type { Model } from "../../lib/onnx/ir/model.ts";
import { pruneModel } from "../../lib/onnx/passes/prune.ts";
import { selectRows } from "../../lib/models/select_rows.ts";
import { openSession } from "../../lib/runtime/session.ts";
import { Random } from "../../lib/tensor/random.ts";
import { type Tensor, tensor } from "../../lib/tensor/tensor.ts";

const [batch, sequence, width, vocabulary] = [2, 5, 4, 7];
const random = new Random(3);

function normal(dims: readonly number[]): Tensor<"float32"> {
  const size = dims.reduce((a, b) => a * b, 1);
  return tensor("float32", dims, Float32Array.from({ length: size }, () => random.normal()));
}

/** Builds a graph from x [batch, sequence, width] to logits. */
type Network = (b: GraphBuilder, x: Value) => Value;

const head: Network = (b, x) => b.op("MatMul", [x, b.constant(normal([width, vocabulary]))]);

/** x and a mix of all its positions: what comes before it cannot be computed by rows. */
const mix: Network = (b, x) => b.op("Add", [x, b.op("CumSum", [x, b.int64s([1])])]);

const networks: Readonly<Record<string, { network: Network; gatheredWidth: number }>> = {
  "a head": { network: (b, x) => head(b, mix(b, x)), gatheredWidth: width },
  "a norm and a head with bias": {
    network: (b, x) => {
      const y = b.op("LayerNormalization", [mix(b, x), b.constant(normal([width]))], { axis: -1 });
      return b.op("Add", [head(b, y), b.constant(normal([vocabulary]))]);
    },
    gatheredWidth: width,
  },
  "a residual MLP": {
    network: (b, x) => {
      const y = mix(b, x);
      const z = b.op("Tanh", [b.op("MatMul", [y, b.constant(normal([width, width]))])]);
      return head(b, b.op("Add", [y, z]));
    },
    gatheredWidth: width,
  },
  "a Gemm between reshapes": {
    network: (b, x) => {
      const flat = b.op("Reshape", [mix(b, x), b.int64s([batch * sequence, width])]);
      const y = b.op("Gemm", [
        flat,
        b.constant(normal([width, vocabulary])),
        b.constant(normal([vocabulary])),
      ]);
      return b.op("Reshape", [y, b.int64s([batch, sequence, vocabulary])]);
    },
    gatheredWidth: width,
  },
  "RMS normalisation by hand": {
    network: (b, x) => {
      const y = mix(b, x);
      const square = b.op("ReduceMean", [b.op("Mul", [y, y]), b.int64s([-1])], { keepdims: 1 });
      return head(b, b.op("Div", [y, b.op("Sqrt", [square])]));
    },
    gatheredWidth: width,
  },
  "heads split and joined": {
    network: (b, x) => {
      const y = b.op("Reshape", [mix(b, x), b.int64s([batch, sequence, 2, 2])]);
      const z = b.op("Reshape", [b.op("Relu", [y]), b.int64s([batch, sequence, width])]);
      return head(b, z);
    },
    gatheredWidth: width,
  },
  "a mix in the end": {
    network: (b, x) => b.op("CumSum", [head(b, x), b.int64s([1])]),
    gatheredWidth: vocabulary,
  },
};

function build(network: Network): { whole: Model; chosen: Model } {
  const b = new GraphBuilder();
  const x = b.input("x", "float32", [batch, sequence, width]);
  b.output(network(b, x), "logits");
  const whole = b.finish();
  const builder = new GraphBuilder({ model: whole });
  const index = builder.input("index", "int64", ["rows"]);
  const rows = selectRows(builder, whole.graph, { value: "logits", batch, sequence, index });
  builder.output(rows, "rows");
  return { whole, chosen: pruneModel(builder.finish(), ["rows"]) };
}

for (const [name, { network, gatheredWidth }] of Object.entries(networks)) {
  Deno.test(`selectRows() computes chosen rows of ${name}`, async () => {
    const { whole, chosen } = build(network);
    const x = normal([batch, sequence, width]);
    const index = tensor("int64", [3], BigInt64Array.of(1n, 4n, 8n));
    await using all = await openSession(whole, { provider: "cpu", threads: 1 });
    await using few = await openSession(chosen, { provider: "cpu", threads: 1 });
    const { logits } = await all.run({ x });
    const { rows } = await few.run({ x, index });
    assertEquals(rows!.dims, [3, vocabulary]);
    [1, 4, 8].forEach((row, i) => {
      for (let v = 0; v < vocabulary; v++) {
        const [got, want] = [rows!.data[i * vocabulary + v], logits!.data[row * vocabulary + v]];
        assert(Math.abs(Number(got) - Number(want)) < 1e-5, `row ${row}: ${got} is not ${want}`);
      }
    });
    // The gather stands before the head, not behind it.
    const gathers = chosen.graph.nodes.filter((node) => node.opType === "Gather");
    for (const node of gathers) {
      const type = chosen.graph.values.get(node.outputs[0]!);
      const dims = type?.kind === "tensor" ? type.dims : undefined;
      assertEquals(dims?.at(-1), gatheredWidth);
    }
    assert(gathers.length > 0);
  });
}
