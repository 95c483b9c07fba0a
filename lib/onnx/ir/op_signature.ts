/**
 * Checks the form of a node of ai.onnx: numbers of inputs and outputs, attributes and their types.
 *
 * @module
 */
import type { Attribute, Node } from "./model.ts";
import { newestOpset, opSignatures } from "./op_signatures.ts";

interface Count {
  readonly least: number;
  readonly most: number;
  /** Positions below the least that may be left out all the same. */
  readonly optional: ReadonlySet<number>;
}

/** The form of an operator from an operator set on; without `form` it was removed. */
interface Signature {
  readonly since: number;
  readonly form?: {
    readonly inputs: Count;
    readonly outputs: Count;
    readonly attributes: ReadonlyMap<string, { readonly type: string; readonly required: boolean }>;
  };
}

let table: ReadonlyMap<string, readonly Signature[]> | undefined;

/** Forms by operator, oldest first. */
export function signatures(): ReadonlyMap<string, readonly Signature[]> {
  if (table !== undefined) return table;
  const rows = new Map<string, Signature[]>();
  for (const line of opSignatures.trim().split("\n")) {
    const [name, since, inputs, outputs, ...attributes] = line.split(" ");
    const form = inputs === "deprecated" ? {} : {
      form: {
        inputs: countOf(inputs!),
        outputs: countOf(outputs!),
        attributes: attributesOf(attributes),
      },
    };
    const row = { since: Number(since), ...form };
    rows.set(name!, [...rows.get(name!) ?? [], row]);
  }
  return table = rows;
}

function countOf(text: string): Count {
  const [range, ...optional] = text.split("?");
  const [least, most = least] = range!.split("-");
  return {
    least: Number(least),
    most: most === "*" ? Infinity : Number(most),
    optional: new Set(optional.map(Number)),
  };
}

function attributesOf(texts: readonly string[]) {
  return new Map(texts.map((text) => {
    const [name, type] = text.split(":") as [string, string];
    return [name, { type: type.replace("!", ""), required: type.endsWith("!") }] as const;
  }));
}

/**
 * What is wrong with the form of a node of ai.onnx, continuing "Cannot use … node: "; nothing if the
 * operator is not known, or the set is newer than all that are. What only a later
 * set has is taken for what it is there.
 */
export function formProblems(node: Node, opset: number): string[] {
  const row = rowOf(node, opset);
  if (row === undefined) return [];
  if (row.form === undefined) return [`operator set ${opset} no longer has it`];
  const { inputs, outputs, attributes } = row.form;
  const missing = missingInput(node.inputs, inputs);
  return [
    ...wrongCount("input", node.inputs.length, inputs),
    ...(missing === undefined ? [] : [`its required input ${missing} is left out`]),
    ...wrongCount("output", node.outputs.length, outputs),
    ...wrongAttributes(node, attributes),
  ];
}

function rowOf(node: Node, opset: number): Signature | undefined {
  if (opset > newestOpset) return undefined;
  const rows = signatures().get(node.opType);
  // Exporters write ops into operator sets that do not have them yet; the table begins at 7.
  return rows?.findLast(({ since }) => since <= opset) ?? (opset < 7 ? undefined : rows?.[0]);
}

/** What is wrong with the number of inputs or outputs of a node, if anything is. */
export function wrongCount(
  what: "input" | "output",
  count: number,
  { least, most }: Pick<Count, "least" | "most">,
): string[] {
  if (count >= least && count <= most) return [];
  const allowed = least === most
    ? `${least}`
    : most === Infinity
    ? `${least} or more`
    : `${least} to ${most}`;
  return [`it has ${count} ${what}${count === 1 ? "" : "s"}, expected ${allowed}`];
}

/** An op with any number of inputs may leave none out: runtimes crash on the gap. */
function missingInput(
  names: readonly string[],
  { least, most, optional }: Count,
): number | undefined {
  const needed = most === Infinity ? names : names.slice(0, least);
  const at = needed.findIndex((name, i) => name === "" && !optional.has(i));
  return at < 0 ? undefined : at;
}

/** The first input that is left out though the node's operator, of ai.onnx, requires it. */
export function leftOut(node: Node, opset: number): number | undefined {
  const form = node.domain === "" ? rowOf(node, opset)?.form : undefined;
  return form && missingInput(node.inputs, form.inputs);
}

type Attributes = NonNullable<Signature["form"]>["attributes"];

function wrongAttributes(node: Node, known: Attributes): string[] {
  const given = Object.entries(node.attributes);
  const required = [...known].filter(([, { required }]) => required).map(([name]) => name);
  return [
    ...given.flatMap(([name, attribute]) => wrongAttribute(name, attribute, known)),
    ...required.filter((name) => !Object.hasOwn(node.attributes, name)).map((name) =>
      `attribute "${name}" is missing`
    ),
  ];
}

/** AttributeProto.AttributeType of the types that a reference may represent. */
const typeNumbers: Readonly<Record<string, number>> = {
  float: 1,
  int: 2,
  string: 3,
  tensor: 4,
  graph: 5,
  floats: 6,
  ints: 7,
  strings: 8,
};

function wrongAttribute(name: string, attribute: Attribute, known: Attributes): string[] {
  const expected = known.get(name)?.type;
  if (expected === undefined) return [`it has no attribute "${name}"`];
  const fits = attribute.type === "ref"
    ? attribute.refType === typeNumbers[expected]
    : attribute.type === expected;
  return fits ? [] : [`attribute "${name}" is of type ${attribute.type}, expected ${expected}`];
}

/** Whether ONNX defines an operator of ai.onnx, in any operator set. */
export function isStandardOp(opType: string): boolean {
  return signatures().has(opType);
}
