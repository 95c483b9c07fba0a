/** The parts of a template. @module */

/** What gives a value. */
export type Expression =
  | { readonly kind: "constant"; readonly value: unknown }
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "tuple" | "list"; readonly items: readonly Expression[] }
  | { readonly kind: "dict"; readonly entries: readonly (readonly [Expression, Expression])[] }
  | { readonly kind: "attribute"; readonly of: Expression; readonly name: string }
  | { readonly kind: "item"; readonly of: Expression; readonly key: Expression }
  | {
    readonly kind: "slice";
    readonly of: Expression;
    /** Start, stop and step. */
    readonly bounds: readonly (Expression | undefined)[];
  }
  | { readonly kind: "call"; readonly of: Expression; readonly args: Arguments }
  | {
    readonly kind: "filter" | "test";
    readonly name: string;
    /** Absent in a block that filters its text. */
    readonly of: Expression | undefined;
    readonly args: Arguments;
  }
  | { readonly kind: "not" | "negative" | "positive"; readonly of: Expression }
  | { readonly kind: "and" | "or"; readonly left: Expression; readonly right: Expression }
  | {
    readonly kind: "binary";
    readonly operator: string;
    readonly left: Expression;
    readonly right: Expression;
  }
  | { readonly kind: "concat"; readonly items: readonly Expression[] }
  | {
    readonly kind: "compare";
    readonly first: Expression;
    /** Each with the operator before it. */
    readonly others: readonly (readonly [string, Expression])[];
  }
  | {
    readonly kind: "choice";
    readonly test: Expression;
    readonly yes: Expression;
    readonly no: Expression | undefined;
  };

/** Arguments of a call, a filter or a test. */
export interface Arguments {
  readonly values: readonly Expression[];
  readonly named: readonly (readonly [string, Expression])[];
  /** Of `*list` and `**dict`. */
  readonly spread?: Expression | undefined;
  readonly spreadNamed?: Expression | undefined;
}

/** What takes a value: a name, several, or an attribute of a namespace. */
export type Target =
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "tuple"; readonly targets: readonly Target[] }
  | { readonly kind: "attribute"; readonly of: string; readonly name: string };

/** A parameter of a macro. */
export interface Parameter {
  readonly name: string;
  readonly absent: Expression | undefined;
}

/** What writes text, or changes names. */
export type Statement =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "print"; readonly value: Expression }
  | {
    readonly kind: "if";
    readonly branches: readonly (readonly [Expression, Body])[];
    readonly otherwise: Body;
  }
  | {
    readonly kind: "for";
    readonly target: Target;
    readonly of: Expression;
    readonly test: Expression | undefined;
    readonly recursive: boolean;
    readonly body: Body;
    readonly otherwise: Body;
  }
  | { readonly kind: "set"; readonly target: Target; readonly value: Expression }
  | {
    readonly kind: "set-text";
    readonly target: Target;
    readonly filter: Expression | undefined;
    readonly body: Body;
  }
  | { readonly kind: "filter"; readonly filter: Expression; readonly body: Body }
  | {
    readonly kind: "macro";
    readonly name: string;
    readonly parameters: readonly Parameter[];
    readonly body: Body;
  }
  | {
    readonly kind: "call";
    readonly call: Expression;
    readonly parameters: readonly Parameter[];
    readonly body: Body;
  }
  | {
    readonly kind: "with";
    readonly values: readonly (readonly [Target, Expression])[];
    readonly body: Body;
  }
  | { readonly kind: "break" | "continue" };

/** Statements in order. */
export type Body = readonly Statement[];
