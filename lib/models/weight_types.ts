/** The weight types of published models, and the choice among them. @module */

/** Parts of a model with the usual graphs; one that reads with an encoder has `encoder_model` too. */
export const usualParts = ["vision_encoder", "embed_tokens", "decoder_model_merged"] as const;

/** A graph of a model directory: the name of its file in `onnx/`, without data type and extension. */
export type ModelPart = typeof modelParts[number];

const modelParts = [
  "vision_encoder",
  "embed_tokens",
  "decoder_embed_tokens",
  "decoder_model_merged",
  "decoder_model",
  "decoder_with_past_model",
  "encoder_model",
  "vision_model",
  "text_model",
  "prepare_inputs_embeds",
  "model",
  "language_model",
  "lm_head",
] as const;

/** Whether a graph's name is that of a part. */
export function isPart(name: string): name is ModelPart {
  return (modelParts as readonly string[]).includes(name);
}

const mergedDecoder = "decoder_model_merged";

/** Names that a part's file may have, the first that is there wins: exports may not merge decoders. */
export function namesOfPart(part: ModelPart): readonly ModelPart[] {
  return part === mergedDecoder ? [part, "decoder_model"] : [part];
}

/** Decoders of their own for the first token and for later ones, which may stand in for a merged one. */
const standIns: ReadonlySet<string> = new Set(["decoder_model", "decoder_with_past_model"]);

/** Whether a graph is of a part, and is used beside these: one that stands in for another only alone. */
export function isUsed(part: string, parts: ReadonlySet<string>): boolean {
  return isPart(part) && !(standIns.has(part) && parts.has(mergedDecoder));
}

/** Data types of weights, and the suffix of their files. */
export const weightSuffixes = {
  fp32: "",
  fp16: "_fp16",
  q8: "_quantized",
  int8: "_int8",
  uint8: "_uint8",
  q4: "_q4",
  q4f16: "_q4f16",
  bnb4: "_bnb4",
  q2: "_q2",
  q2f16: "_q2f16",
  q1: "_q1",
  q1f16: "_q1f16",
} as const;

/** Data type of a directory's weights. */
export type WeightType = keyof typeof weightSuffixes;

/**
 * Parts that a choice may name. `decoder` means all parts with that word in their names, `encoder` means
 * `encoder_model` and not `vision_encoder`.
 */
type NamedPart = ModelPart | "decoder" | "encoder";

/**
 * Types of weights by part. Decoders that stand in for a merged one are opened with its type, other
 * parts with the default type.
 */
export type PartWeights = Readonly<Partial<Record<NamedPart, WeightType>>>;

/** The wanted weights: one type, or a type for each part. */
export type WeightChoice = WeightType | PartWeights;

/**
 * Suffixes of a part's file in the order in which they are looked for. Where one type is asked for
 * all parts, one that has no such file (an embedding table is often not quantised) is taken as it is.
 */
export function suffixOrder(part: string, weights: WeightChoice | undefined): readonly string[] {
  if (typeof weights === "string") return [weightSuffixes[weights], weightSuffixes.fp32];
  const type = weights && typeOf(part, weights);
  return type === undefined ? Object.values(weightSuffixes) : [weightSuffixes[type]];
}

function typeOf(part: string, weights: PartWeights): WeightType | undefined {
  const name = namesFor(part).find((known) => weights[known] !== undefined);
  return name && weights[name];
}

/** Names under which a choice gives a part's weights; the first counts. */
function namesFor(part: string): readonly NamedPart[] {
  return [
    part as ModelPart,
    ...standIns.has(part) ? [mergedDecoder] as const : [],
    ...part.includes("decoder") ? ["decoder"] as const : [],
    ...part === encoder ? ["encoder"] as const : [],
  ];
}

const encoder = "encoder_model";

/** The file of a part that a choice names though no file of any type is of that part. */
export function fileOfNoPart(
  files: readonly string[],
  weights: WeightChoice | undefined,
): string | undefined {
  if (weights === undefined || typeof weights === "string") return undefined;
  const named = new Set<string>([...partsOf(files)].flatMap(namesFor));
  const absent = (Object.keys(weights) as NamedPart[]).find((name) => !named.has(name));
  if (absent === undefined) return undefined;
  const whole = { decoder: mergedDecoder, encoder } as const;
  const part = absent === "decoder" || absent === "encoder" ? whole[absent] : absent;
  return `${part}${weightSuffixes[weights[absent]!]}.onnx`;
}

function partsOf(files: readonly string[]): ReadonlySet<string> {
  return new Set(files.filter((file) => file.endsWith(".onnx")).map(stemOf).map(partOf));
}

const suffixes = Object.values(weightSuffixes).filter((suffix) => suffix !== "");

/** The part that a graph is of, by its file's name without `.onnx`. */
export function partOf(stem: string): string {
  const suffix = suffixes.find((known) => stem.endsWith(known)) ?? "";
  return stem.slice(0, stem.length - suffix.length);
}

/**
 * The file that is not among those of `onnx/` though the choice asks for it: of a type that no part
 * has, or of a part that is named and has no such weights or is not there at all.
 */
export function missingWeights(
  files: readonly string[],
  weights: WeightChoice | undefined,
): string | undefined {
  if (typeof weights === "string") {
    const ending = `${weightSuffixes[weights]}.onnx`;
    const found = files.some((file) =>
      file.endsWith(ending) && (weights !== "fp32" || partOf(stemOf(file)) === stemOf(file))
    );
    return found ? undefined : `graph with weights ${weights} (*${ending})`;
  }
  const parts = partsOf(files);
  const used = [...parts].filter((part) => isUsed(part, parts));
  for (const part of weights === undefined ? [] : used) {
    const [suffix, ...others] = suffixOrder(part, weights);
    const file = `${part}${suffix}.onnx`;
    if (others.length === 0 && !files.includes(file)) return file;
  }
  return fileOfNoPart(files, weights);
}

const stemOf = (file: string) => file.replace(/\.onnx$/, "");

/** As people read it: `q4`, or `decoder q4f16, vision_encoder fp32`. */
export function shownWeights(weights: WeightChoice): string {
  if (typeof weights === "string") return weights;
  return Object.entries(weights).map(([part, type]) => `${part} ${type}`).sort().join(", ");
}

/** Why a value is not a choice of weights, if it is not. */
export function weightsMistake(value: unknown): string | undefined {
  if (typeof value === "string") return typeMistake(value);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return `weights are ${JSON.stringify(value)}, expected a type such as q4, or one for each part`;
  }
  const parts: readonly string[] = [...modelParts, "decoder", "encoder"];
  for (const [part, type] of Object.entries(value)) {
    if (!parts.includes(part)) {
      return `weights name the part "${part}", expected one of ${parts.join(", ")}`;
    }
    const mistake = typeMistake(type);
    if (mistake !== undefined) return mistake;
  }
  return Object.keys(value).length === 0 ? "weights name no part" : undefined;
}

function typeMistake(type: unknown): string | undefined {
  if (typeof type === "string" && Object.hasOwn(weightSuffixes, type)) return undefined;
  const known = Object.keys(weightSuffixes).join(", ");
  return `weights are of type ${JSON.stringify(type)}, expected one of ${known}`;
}
