import { extname } from "@std/path";
import { diagnosticError } from "../../diagnostic/diagnostic.ts";
import type { DeltaValues } from "../../artifacts/foreign_layouts.ts";
import type { ImportedPrompt, ImportOptions } from "../../artifacts/import_prompt.ts";
import type { Prompt } from "../../artifacts/prompt.ts";
import type { PromptName } from "../../prompts/prompt_table.ts";
import { type Command, type CommandArguments, exitCodes, hasFlag, textOption } from "../command.ts";
import { printJson, printLine } from "../print.ts";
import { exportedPrompt, exporters, readContents, type Written } from "../prompt_formats.ts";
import { middleSquare, readImage, readPrompt, readThrough } from "../read_image.ts";
import { verbOf } from "../verbs.ts";

/** Uses trained prompts outside of pipelines. */
const command: Command = {
  name: "prompt",
  summary: "Shows, applies, exports or imports a visual prompt.",
  operands: "show PROMPT | apply PROMPT IMAGE | export PROMPT | import FILE",
  minOperands: 2,
  maxOperands: 3,
  example: "deno task tvp prompt apply prompt.safetensors cat.jpg -o prompted.png",
  options: {
    output: {
      type: "text",
      value: "FILE",
      short: "o",
      help:
        "apply: .png; export: .pth, .npz, .safetensors or .png (δ around mid-grey); import: .safetensors",
    },
    tensor: { type: "text", value: "NAME", help: "import: which tensor; default perturbation" },
    kind: {
      type: "text",
      value: "KIND",
      choices: ["frame", "padding", "patch", "full"],
      help: "import: the pixels it changes; by default where δ is not zero",
    },
    values: {
      type: "text",
      value: "HOW",
      choices: ["added", "sigmoid"],
      help:
        "import: whether the file's values are added to images, or their sigmoid; default: as the file says",
    },
    image: { type: "number", value: "S", help: "import: side of the image in pixels" },
    method: { type: "text", value: "NAME", help: "import: its name in tables" },
    source: {
      type: "text",
      value: "MODEL",
      repeat: true,
      help: "import: the model it was trained on",
    },
    json: { type: "flag", help: "what was written as JSON" },
  },
  async run(args) {
    const [verb, path, image] = args.operands as [string, string, string?];
    const row = verbOf("prompt", verbs, verb);
    if ((image !== undefined) !== /IMAGE/.test(row.usage)) {
      throw diagnosticError("usage", `Cannot run prompt ${verb}: expected prompt ${row.usage}`);
    }
    const output = textOption(args, "output");
    if (row.extensions !== undefined) checkOutput(output, row.extensions);
    await row.run({ args, path, output: output!, ...(image === undefined ? {} : { image }) });
    return exitCodes.done;
  },
};
export default command;

/** What a verb works on. */
interface Job {
  readonly args: CommandArguments;
  readonly path: string;
  readonly image?: string;
  readonly output: string;
}

interface Verb {
  readonly usage: string;
  /** Endings of the files it can write; absent where it writes none. */
  readonly extensions?: readonly string[];
  run(job: Job): Promise<void>;
}

const verbs: Readonly<Record<string, Verb>> = {
  show: { usage: "show PROMPT", run: show },
  apply: {
    usage: "apply PROMPT IMAGE",
    extensions: [".png"],
    run: (job) => write(job, (prompt) => applied(prompt, job.image!)),
  },
  export: {
    usage: "export PROMPT",
    extensions: Object.keys(exporters),
    run: (job) => write(job, exporters[extname(job.output)]!),
  },
  import: { usage: "import FILE", extensions: [".safetensors"], run: importFile },
};

function checkOutput(output: string | undefined, known: readonly string[]): void {
  if (output === undefined) throw diagnosticError("usage", 'Cannot write: "-o FILE" is missing');
  if (known.includes(extname(output))) return;
  throw diagnosticError(
    "usage",
    `Cannot write "${output}": expected a file name that ends in ${known.join(", ")}`,
  );
}

async function writeOutput({ path, image, output }: Job, bytes: Uint8Array): Promise<void> {
  const { refuseSources, writing } = await import("../writing.ts");
  await refuseSources(output, image === undefined ? [path] : [path, image]);
  await writing(output, () => Deno.writeFile(output, bytes));
}

async function write(job: Job, make: (prompt: Prompt) => Promise<Written>): Promise<void> {
  const prompt = await readPrompt(job.path);
  const { bytes, note } = await make(prompt);
  await writeOutput(job, bytes);
  await report(job, prompt, note);
}

async function importFile(job: Job): Promise<void> {
  const { args, path } = job;
  const { importPrompt } = await import("../../artifacts/import_prompt.ts");
  const { encodePrompt, isPromptFile, decodePrompt } = await import("../../artifacts/prompt.ts");
  const options = importOptions(args);
  const { guesses, ...prompt } = await readThrough(
    path,
    "prompt",
    async (bytes): Promise<ImportedPrompt> => {
      if (isPromptFile(bytes)) return renamed(path, decodePrompt(bytes), options);
      const contents = await readContents(bytes);
      const exported = await exportedPrompt(contents);
      if (exported !== undefined) return renamed(path, exported, options);
      return importPrompt(contents.tensors, { ...options, texts: contents.texts ?? {} });
    },
  );
  await writeOutput(job, encodePrompt(prompt));
  await report(job, prompt, guesses.length === 0 ? undefined : guesses.join("\n"));
}

/** A prompt file of this program says all but what it is to be called. */
function renamed(path: string, prompt: Prompt, options: ImportOptions): ImportedPrompt {
  const { method, sources, ...others } = options;
  const [known] = Object.keys(others);
  if (known !== undefined) {
    const message = `Cannot use --${known} with "${path}": it is a prompt file of this program`;
    throw diagnosticError("usage", message, ["tvp prompt show says what it is"]);
  }
  const named = sources?.map((name) => ({ name, digest: "" }));
  const meta = {
    ...prompt.meta,
    ...(method === undefined ? {} : { method }),
    ...(named === undefined ? {} : { sources: named }),
  };
  return { ...prompt, meta, guesses: [] };
}

function importOptions(args: CommandArguments): ImportOptions {
  const [name, kind, values, image, method] = ["tensor", "kind", "values", "image", "method"]
    .map((option) => textOption(args, option));
  const sources = args.options.get("source");
  return {
    ...(name === undefined ? {} : { tensor: name }),
    ...(kind === undefined ? {} : { kind: kind as PromptName }),
    ...(values === undefined ? {} : { values: values as DeltaValues }),
    ...(image === undefined ? {} : { image: Number(image) }),
    ...(method === undefined ? {} : { method }),
    ...(sources === undefined ? {} : { sources }),
  };
}

async function show({ args, path }: Job): Promise<void> {
  const prompt = await readPrompt(path);
  const { meta, delta } = prompt;
  const { kindOfPrompt } = await import("../../artifacts/prompt.ts");
  const { promptPeak, promptRms } = await import("../../prompts/frames.ts");
  const figures = {
    changed: delta.data.reduce((count, value) => value === 0 ? count : count + 1, 0),
    rms: promptRms({ ...meta, kind: kindOfPrompt(prompt), delta: delta.data }),
    largest: promptPeak(delta.data),
  };
  if (hasFlag(args, "json")) return printJson({ ...meta, ...figures });
  for (const line of [await describe(prompt), ...factsOf(prompt, figures)]) printLine(line);
}

/** A prompt in lines; what is not known of it is left out. */
function factsOf(
  { meta, delta }: Prompt,
  { changed, rms, largest }: { changed: number; rms: number; largest: number },
): string[] {
  const { loss, sources, optimizer, schedule, lr, steps, batch, augment, seed } = meta;
  const terms = Object.entries(loss).map(([term, weight]) => `${weight} ${term}`).join(" + ");
  const training: readonly [string, string | number | null | undefined][] = [
    ["sources", sources.map((source) => source.name).join(", ") || undefined],
    ["loss", terms || undefined],
    ["update", optimizer],
    ["learning rate", lr === undefined ? undefined : schedule ? `${lr}, ${schedule}` : lr],
    ["steps", steps === undefined ? undefined : `${steps} of ${batch}`],
    ["augmentation", augment],
    ["seed", seed],
  ];
  return [
    `δ: ${changed} of ${delta.data.length} values, RMS ${rms.toPrecision(3)}, largest ${
      largest.toPrecision(3)
    }`,
    ...training.flatMap(([name, value]) => value == null ? [] : [`${name}: ${value}`]),
  ];
}

/** `vp prompt, frame on 64 pixels around 48`; a kind whose image fills the canvas is around none. */
async function describe(prompt: Prompt): Promise<string> {
  const { kindOfPrompt } = await import("../../artifacts/prompt.ts");
  const { imageSideOf } = await import("../../prompts/prompt_table.ts");
  const { method, kind, canvas } = prompt.meta;
  const side = imageSideOf(kindOfPrompt(prompt), prompt.meta);
  return `${method} prompt, ${kind} on ${canvas} pixels${side < canvas ? ` around ${side}` : ""}`;
}

/** The image as a model's processor gets it: shrunk, padded, with δ added, clipped to [0, 1]. */
async function applied(prompt: Prompt, path: string): Promise<Written> {
  const { promptedPlanes } = await import("../../models/prompted_images.ts");
  const { appliedPrompt } = await import("../../evaluation/applied_prompt.ts");
  const { encodePng } = await import("../../vision/encode_png.ts");
  const { pixels, side, note } = middleSquare(await readImage(path));
  const { canvas } = prompt.meta;
  const prompted = promptedPlanes(pixels, side, appliedPrompt(prompt));
  return {
    bytes: await encodePng(prompted, { height: canvas, width: canvas }),
    ...(note === undefined ? {} : { note }),
  };
}

async function report(
  { args, output }: Job,
  prompt: Prompt,
  note: string | undefined,
): Promise<void> {
  const { method, kind, canvas, image } = prompt.meta;
  if (hasFlag(args, "json")) {
    printJson({ output, method, kind, canvas, image, ...(note === undefined ? {} : { note }) });
    return;
  }
  printLine(`${output}: ${await describe(prompt)}`);
  if (note !== undefined) printLine(note);
}
