/** Makes Cast nodes, for passes that edit a graph's nodes in place. @module */
import { dataTypeOf } from "./data_type.ts";
import type { Node } from "./model.ts";

/** A node that makes value `to`, of element type `dtype`, of value `from`. */
export function castNode(
  from: string,
  to: string,
  dtype: keyof typeof dataTypeOf,
): Node {
  return {
    name: `${to}/Cast`,
    opType: "Cast",
    domain: "",
    inputs: [from],
    outputs: [to],
    attributes: { to: { type: "int", value: dataTypeOf[dtype] } },
  };
}
