import { assertEquals } from "@std/assert";
import { checkModel } from "../../../lib/onnx/infer/check.ts";
import type { Attribute, Graph, Model, Node } from "../../../lib/onnx/ir/model.ts";
import { printModel } from "../../../lib/onnx/ir/print.ts";
import { weightFromTensor } from "../../../lib/onnx/ir/weight.ts";
import { fromNumbers } from "../../../lib/tensor/convert.ts";

function node(opType: string, inputs: string[], outputs: string[], more: Partial<Node> = {}): Node {
  return { name: "", opType, domain: "", inputs, outputs, attributes: {}, ...more };
}

const value = (name: string) => ({
  name,
  type: { kind: "tensor", dtype: "float32", dims: ["n", 2] } as const,
});

/** A graph without inputs that makes `o`. */
function branch(nodes: readonly Node[], more: Partial<Graph> = {}): Attribute {
  const graph = { ...modelOf(nodes).graph, inputs: [], outputs: [value("o")], ...more };
  return { type: "graph", value: graph };
}

/** y = c ? then : |h|, with h = e^x. */
function choice(then: Attribute): Model {
  const attributes = { then_branch: then, else_branch: branch([node("Abs", ["h"], ["o"])]) };
  const inputs = [value("x"), {
    name: "c",
    type: { kind: "tensor", dtype: "bool", dims: [] } as const,
  }];
  const nodes = [node("Exp", ["x"], ["h"]), node("If", ["c"], ["y"], { attributes })];
  return modelOf(nodes, { inputs });
}

/** y = f(x) with functions of one input `a` and one output `b`. */
function calling(functions: Readonly<Record<string, readonly Node[]>>): Model {
  const call = node(Object.keys(functions)[0]!, ["x"], ["y"], { domain: "f" });
  return {
    ...modelOf([call]),
    domains: { f: 1 },
    functions: Object.entries(functions).map(([name, nodes]) => ({
      name,
      domain: "f",
      inputs: ["a"],
      outputs: ["b"],
      attributes: [],
      attributeDefaults: {},
      nodes,
      opsets: { "": 18, f: 1 },
    })),
  };
}

/** The same model with other nodes. */
function modelWith(model: Model, nodes: readonly Node[]): Model {
  return { ...model, graph: { ...model.graph, nodes } };
}

const int = (value: number): Attribute => ({ type: "int", value });
const called = (opType: string) => node(opType, ["a"], ["b"], { domain: "f" });

function modelOf(nodes: readonly Node[], more: Partial<Graph> = {}): Model {
  const graph: Graph = {
    name: "g",
    nodes,
    inputs: [{ name: "x", type: { kind: "tensor", dtype: "float32", dims: ["n", 2] } }],
    outputs: [{ name: "y", type: { kind: "tensor", dtype: "float32", dims: ["n", 2] } }],
    initializers: new Map(),
    values: new Map(),
    ...more,
  };
  return { irVersion: 9, opset: 18, domains: {}, graph, functions: [], metadata: {} };
}

const good = node("Exp", ["x"], ["y"]);
const short = { ...weightFromTensor(fromNumbers("float32", [2], [1, 2])), dims: [3] };

const rows: [name: string, model: Model, messages: string[]][] = [
  ["a valid model", modelOf([good]), []],
  ["a value that nothing defines", modelOf([node("Add", ["x", "w"], ["y"])]), [
    `Cannot read value "w" in Add node "y": nothing defines it`,
  ]],
  ["a wrong order", modelOf([node("Exp", ["h"], ["y"]), node("Abs", ["x"], ["h"])]), [
    `Cannot read value "h" in Exp node "y": it is defined only later, or depends on itself in a cycle`,
  ]],
  ["two definitions", modelOf([good, node("Abs", ["x"], ["y"])]), [
    `Cannot define value "y" by Abs node "y": it is already defined`,
  ]],
  [
    "three nodes of one name, told once",
    modelOf([
      node("Abs", ["x"], ["h"], { name: "a" }),
      node("Abs", ["h"], ["g"], { name: "a" }),
      node("Exp", ["g"], ["y"], { name: "a" }),
    ]),
    [`Several nodes are named "a"`],
  ],
  ["a missing output", modelOf([]), [`Cannot give output "y": nothing defines it`]],
  ["a domain that is not imported", modelOf([node("Foo", ["x"], ["y"], { domain: "my" })]), [
    `Cannot run Foo node "y": the model does not import domain "my"`,
  ]],
  ["an operator that is not known", modelOf([node("Foo", ["x"], ["y"])]), [
    `Cannot tell the types of Foo node "y": operator Foo is not known`,
  ]],
  ["an operator without a name", modelOf([node("", ["x"], ["y"])]), [
    `Cannot run  node "y": it names no operator`,
  ]],
  ["a cycle", modelOf([node("Add", ["x", "z"], ["y"]), node("Abs", ["y"], ["z"])]), [
    `Cannot read value "z" in Add node "y": it is defined only later, or depends on itself in a cycle`,
  ]],
  ["an input that is made again", modelOf([node("Abs", ["x"], ["x"]), node("Exp", ["x"], ["y"])]), [
    `Cannot define value "x" by Abs node "x": it is already defined`,
  ]],
  ["two inputs of one name", modelOf([good], { inputs: [value("x"), value("x")] }), [
    `Cannot define value "x" by an input: it is already defined`,
  ]],
  ["too many inputs", modelOf([node("Exp", ["x", "x"], ["y"])]), [
    `Cannot use Exp node "y": it has 2 inputs, expected 1`,
  ]],
  ["a required input that is left out", modelOf([node("Sub", ["", "x"], ["y"])]), [
    `Cannot use Sub node "y": its required input 0 is left out`,
  ]],
  [
    "attributes that the operator has not, lacks, or has of another type",
    modelOf([
      node("Exp", ["x"], ["h"], { attributes: { foo: int(1) } }),
      node("Concat", ["h"], ["i"]),
      node("Softmax", ["i"], ["y"], { attributes: { axis: { type: "float", value: 1 } } }),
    ]),
    [
      `Cannot use Exp node "h": it has no attribute "foo"`,
      `Cannot use Concat node "i": attribute "axis" is missing`,
      `Cannot use Softmax node "y": attribute "axis" is of type float, expected int`,
    ],
  ],
  ["an operator that is no longer there", modelOf([node("Upsample", ["x", "x"], ["y"])]), [
    `Cannot use Upsample node "y": operator set 18 no longer has it`,
  ]],
  ["a branch that is right", choice(branch([node("Neg", ["h"], ["o"])])), []],
  ["a branch that gives nothing", choice(branch([node("Neg", ["h"], ["o"])], { outputs: [] })), [
    `Cannot use If node "y": its then_branch gives 0 values, expected 1`,
  ]],
  [
    "a branch that takes a value",
    choice(branch([node("Neg", ["v"], ["o"])], { inputs: [value("v")] })),
    [
      `Cannot use If node "y": its then_branch takes 1 values, but gets 0`,
    ],
  ],
  [
    "bodies of a loop and a scan that take too little",
    modelOf([
      node("Loop", ["", "", "x"], ["h"], {
        attributes: { body: branch([node("Neg", ["v"], ["o"])], { inputs: [value("v")] }) },
      }),
      node("Scan", ["h"], ["y"], {
        attributes: { body: branch([node("Neg", ["x"], ["o"])]), num_scan_inputs: int(1) },
      }),
    ]),
    [
      `Cannot use Loop node "h": its body takes 1 values, but gets 3`,
      `Cannot use Loop node "h": its body gives 1 values, expected 2`,
      `Cannot use Scan node "y": its body takes 0 values, but gets 1`,
    ],
  ],
  ["a value that nothing defines in a branch", choice(branch([node("Neg", ["no"], ["o"])])), [
    `Cannot read value "no" in Neg node "o": nothing defines it`,
  ]],
  [
    "a value of outside that a branch defines again",
    choice(branch([node("Neg", ["x"], ["h"]), node("Neg", ["h"], ["o"])])),
    [`Cannot define value "h" by Neg node "h": it is already defined`],
  ],
  ["an output of a branch that nothing defines", choice(branch([])), [
    `Cannot give output "o": nothing defines it`,
  ]],
  ["functions that are right", calling({ g: [called("h")], h: [node("Abs", ["a"], ["b"])] }), []],
  [
    "gaps among any number of inputs, and inputs left out that there are not",
    modelOf([
      node("Max", ["x", "", "x"], ["h"]),
      node("Sum", ["h", ""], ["i"]),
      node("ReduceMean", ["i", "", ""], ["j"]),
      node("Clip", ["j", "", ""], ["y"]),
    ]),
    [
      `Cannot use Max node "h": its required input 1 is left out`,
      `Cannot use Sum node "i": its required input 1 is left out`,
      `Cannot use ReduceMean node "j": it has 3 inputs, expected 1 to 2`,
    ],
  ],
  [
    "a call that leaves out what a function that it calls needs",
    calling({
      g: [node("h", [""], ["c"], { domain: "f" }), node("Abs", ["a"], ["b"])],
      h: [node("Neg", ["a"], ["b"])],
    }),
    [
      `Cannot use h node "c" of function "f.g": its function "f.h" gets no input "a", but Neg node "b" reads`,
    ],
  ],
  [
    "a call that leaves out what no node needs",
    calling({
      g: [node("h", [], ["c"], { domain: "f" }), node("Clip", ["a", "c"], ["b"])],
      h: [
        node("Constant", [], ["c"], { attributes: { value_float: { type: "float", value: 1 } } }),
        node("Clip", ["c", "a"], ["b"]),
      ],
    }),
    [],
  ],
  [
    "a call with more than its function takes",
    modelWith(calling({ g: [node("Abs", ["a"], ["b"])] }), [
      node("g", ["x", "x"], ["y", "z"], { domain: "f" }),
    ]),
    [
      `Cannot use g node "y": it has 2 inputs, expected 0 to 1`,
      `Cannot use g node "y": it has 2 outputs, expected 0 to 1`,
    ],
  ],
  [
    "a value that nothing defines in a function",
    calling({ g: [node("Add", ["a", "no"], ["b"])] }),
    [
      `Cannot read value "no" in Add node "b" of function "f.g": nothing defines it`,
    ],
  ],
  [
    "two definitions in a function",
    calling({ g: [node("Abs", ["a"], ["b"]), node("Neg", ["a"], ["b"])] }),
    [`Cannot define value "b" by Neg node "b" of function "f.g": it is already defined`],
  ],
  ["a function that calls itself", calling({ g: [called("g")] }), [
    `Cannot use function "f.g": it calls itself`,
  ]],
  ["a circle of functions", calling({ g: [called("h")], h: [called("i")], i: [called("h")] }), [
    `Cannot use function "f.h": it calls itself through "f.i"`,
  ]],
  [
    "a declared element type that cannot be",
    modelOf([good], {
      outputs: [{ name: "y", type: { kind: "tensor", dtype: "int64", dims: ["n", 2] } }],
    }),
    [`Cannot be int64[n, 2]: value "y" is float32[n, 2]`],
  ],
  [
    "a shape that is declared for one batch only",
    modelOf([node("Exp", ["x"], ["h"]), node("Abs", ["h"], ["y"])], {
      values: new Map([["h", { kind: "tensor", dtype: "float32", dims: [1, 2] }]]),
    }),
    [`Value "h" is declared as float32[1, 2], but is float32[n, 2]: the declaration is ignored`],
  ],
  [
    "an axis that there is not",
    modelOf([node("Softmax", ["x"], ["y"], { attributes: { axis: int(2) } })]),
    [
      `Cannot use Softmax node "y": its axis is 2, expected -2 to 1 because its input has rank 2`,
    ],
  ],
  ["too few bytes", modelOf([good], { initializers: new Map([["w", short]]) }), [
    `Cannot use weight "w": float32[3] has 12 bytes, but 8 are stored`,
  ]],
  [
    "a declared type that cannot be",
    modelOf([good], {
      outputs: [{ name: "y", type: { kind: "tensor", dtype: "float32", dims: ["n", 3] } }],
    }),
    [`Value "y" is declared as float32[n, 3], but is float32[n, 2]: the declaration is ignored`],
  ],
];

for (const [name, model, messages] of rows) {
  Deno.test(`checkModel() reports ${name}`, () => {
    assertEquals(checkModel(model).map((d) => d.message), messages);
  });
}

Deno.test("printModel() writes a line per value and node", () => {
  const model = modelOf([
    node("LeakyRelu", ["x"], ["h"], { attributes: { alpha: { type: "float", value: 0.5 } } }),
    node("Clip", ["h", "", "w"], ["y"]),
  ], {
    initializers: new Map([["w", weightFromTensor(fromNumbers("float32", [], [1]))]]),
    values: new Map([["h", { kind: "tensor", dtype: "float32", dims: ["?7", 2] }]]),
  });
  assertEquals(
    printModel(model),
    `model ai.onnx 18
graph "g"
  input  x: float32[n, 2]
  weight w: float32[] inline
  h: float32[?, 2] = LeakyRelu(x) {alpha=0.5}
  y: float32[n, 2] = Clip(h, _, w)
  output y: float32[n, 2]
`,
  );
});
