/** Placeholders in a task's parameters, until its inputs are known. @module */
import type { ArtifactType, CodeCategory, ParameterKind } from "./parameter_kind.ts";

/** A task as a reference sees it. */
export interface ReferencedTask {
  /** `prompt[loss=tvp,seed=0]` */
  readonly id: string;
  /** Position in the plan. */
  readonly index: number;
  readonly outputs: Readonly<Record<string, ArtifactType>>;
  /** Values of the task's matrix cell. */
  readonly cell: Readonly<Record<string, unknown>>;
  /** Short name of the cell. */
  readonly label: string;
}

/** `${{ stages.x.y }}`: an output of a task, or a task whose output follows from the type wanted. */
export class Reference {
  readonly task: ReferencedTask;
  readonly output: string | undefined;

  constructor(task: ReferencedTask, output?: string) {
    this.task = task;
    this.output = output;
  }

  /** As people write it. */
  toString(): string {
    return `${this.task.id}${this.output === undefined ? "" : `.${this.output}`}`;
  }

  /** Equal references make equal cells; never part of a key. */
  toJSON(): string {
    return `\${{ ${this.toString()} }}`;
  }
}

/** A marked parameter, checked, with what the user wrote: a name, a path, or a reference. */
export class Slot {
  readonly kind: ParameterKind;
  readonly value: string | Reference;
  /** What the stage gets, and the key has, beside the content. */
  readonly beside: Readonly<Record<string, number>>;

  constructor(
    kind: ParameterKind,
    value: string | Reference,
    beside: Readonly<Record<string, number>> = {},
  ) {
    this.kind = kind;
    this.value = value;
    this.beside = beside;
  }
}

/** Types that hold what another type promises, beside the type itself. */
const narrower: Partial<Record<ArtifactType, readonly ArtifactType[]>> = {
  file: [
    ...["prompt", "scores", "curve", "cost", "estimate", "features"] as const,
    ...["answers", "tensor", "json", "text"] as const,
  ],
  directory: ["dataset", "model"],
  json: ["scores", "curve", "cost", "estimate"],
  tensor: ["prompt", "features"],
};

/** Whether an artifact of a type may be given where another is wanted. */
function isAssignable(given: ArtifactType, wanted: ArtifactType): boolean {
  return given === wanted || (narrower[wanted]?.includes(given) ?? false);
}

/** The artifact type that a marked parameter takes from a reference. */
export function wantedType(kind: ParameterKind): ArtifactType | undefined {
  const types = { model: "model", file: "file", dataset: undefined, code: undefined } as const;
  return kind.kind === "artifact" ? kind.type : types[kind.kind];
}

/** The same reference with its output named, if exactly one output fits. */
export function narrowReference(
  reference: Reference,
  wanted: ArtifactType,
): Reference | undefined {
  const { outputs } = reference.task;
  if (reference.output !== undefined) {
    return isAssignable(outputs[reference.output]!, wanted) ? reference : undefined;
  }
  const names = Object.keys(outputs);
  const exact = names.filter((name) => outputs[name] === wanted);
  const fitting = exact.length > 0
    ? exact
    : names.filter((name) => isAssignable(outputs[name]!, wanted));
  return fitting.length === 1 ? new Reference(reference.task, fitting[0]!) : undefined;
}

/** Tells apart equal names of different kinds. */
export function sourceKey(kind: ParameterKind, name: string): string {
  const within = kind.kind === "artifact" ? kind.type : kind.kind === "code" ? kind.of : "";
  return `${kind.kind}\0${within}\0${name}`;
}

/** Whether a map may be given in place of a name: a data set in files, a model with chosen weights. */
export function takesMap({ kind }: ParameterKind): boolean {
  return kind === "dataset" || kind === "model";
}

/** Words for what a marked parameter takes. */
export function describeKind(kind: ParameterKind): string {
  if (kind.kind === "artifact") {
    const article = /^[aeiou]/.test(kind.type) ? "an" : "a";
    return `${article} ${kind.type} artifact, such as \${{ stages.NAME.OUTPUT }} or ./PATH`;
  }
  return kind.kind === "code"
    ? `the name of ${codeWords[kind.of]} of your own`
    : kindWords[kind.kind];
}

/** Names for a user's own code, by category. */
export const codeWords = {
  loss: "a loss term",
  "prompt-kind": "a kind of prompt",
} as const satisfies Record<CodeCategory, string>;

const kindWords = {
  model:
    "a model (zoo/NAME, hf://OWNER/NAME, ./PATH, a model artifact, or a map { model: NAME, weights: q4 })",
  dataset: "the name of a data set, a path, or a map such as { folder: ./IMAGES }",
  file: "the path of a file",
} as const;
