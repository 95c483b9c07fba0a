/** Limits how much larger a graph may become through functions and subgraphs. @module */
import { DiagnosticError } from "../../diagnostic/diagnostic.ts";
import type { Node } from "../ir/model.ts";
import { placeOf } from "./wrong_node.ts";

/** Functions in functions and subgraphs in subgraphs; protobuf reads no deeper files. */
export const deepest = 100;

/** Nodes that are looked at in functions and subgraphs, and for each node outside of them. */
const maxInside = { least: 100_000, perNode: 10 };

/** Counts nodes, so that what calls itself, or doubles again and again, comes to an end. */
export class Unfolding {
  #depth = 0;
  #outside = 0;
  #inside = 0;

  /** How many functions and subgraphs one is in. */
  get depth(): number {
    return this.#depth;
  }

  /** @throws {DiagnosticError} If there are too many. */
  count(node: Node): void {
    if (this.#depth === 0) this.#outside++;
    else this.#inside++;
    const most = maxInside.least + maxInside.perNode * this.#outside;
    if (this.#inside > most) throw tooMuch(node, `into more than ${most} nodes`);
  }

  /** Looks into a function or subgraph of a node. @throws {DiagnosticError} If that is too deep. */
  within<T>(node: Node, look: () => T): T {
    if (this.#depth === deepest) throw tooMuch(node, `more than ${deepest} deep`);
    this.#depth++;
    try {
      return look();
    } finally {
      this.#depth--;
    }
  }
}

function tooMuch(node: Node, how: string): DiagnosticError {
  return new DiagnosticError([{
    code: "too-large",
    severity: "error",
    message: `Cannot look into ${placeOf(node)}: its functions or subgraphs unfold ${how}`,
    notes: ["Export the model with less nesting, or with its functions inlined"],
  }]);
}
