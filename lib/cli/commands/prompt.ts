import { extname } from "@std/path";
import type { Prompt } from "../../prompts/prompt_file.ts";
import { type Command, type CommandArguments, exitCodes, hasFlag, textOption } from "../command.ts";
import { printJson, printLine } from "../print.ts";

/** Uses trained prompts outside of pipelines. */
const command: Command = {
  name: "prompt",
  summary: "Applies a trained visual prompt to a picture, or exports its pixels.",
  operands: "apply PROMPT PICTURE | export PROMPT",
  minOperands: 2,
  maxOperands: 3,
  example: "deno task tvp prompt apply prompt.safetensors cat.jpg -o prompted.png",
  options: {
    output: {
      type: "text",
      value: "FILE",
      short: "o",
      help: "apply: a .png; export: .png (δ around mid-grey), .npz or .safetensors (tensor delta)",
    },
    json: { type: "flag", help: "what was written as JSON" },
  },
  async run(args) {
    const { failure } = await import("../read_model.ts");
    const [verb, path, picture] = args.operands as [string, string, string?];
    const output = textOption(args, "output");
    if (verb !== "apply" && verb !== "export") {
      throw failure("usage", `Cannot run prompt "${verb}": expected apply or export`);
    }
    if ((verb === "apply") !== (picture !== undefined)) {
      throw failure("usage", `Cannot run prompt ${verb}: expected prompt ${usages[verb]}`);
    }
    if (output === undefined) throw failure("usage", 'Cannot write: "-o FILE" is missing');
    const write = verb === "apply" ? undefined : exporterOf(output);
    if (verb === "apply" ? extname(output) !== ".png" : write === undefined) {
      const known = verb === "apply" ? ".png" : Object.keys(exporters).join(", ");
      throw failure(
        "usage",
        `Cannot write "${output}": expected a file name that ends in ${known}`,
      );
    }
    const prompt = await readPrompt(path);
    const { bytes, note } = write ? await write(prompt) : await applied(prompt, picture!);
    await Deno.writeFile(output, bytes);
    report(args, output, prompt, note);
    return exitCodes.done;
  },
};
export default command;

const usages = { apply: "apply PROMPT PICTURE", export: "export PROMPT" };

interface Written {
  readonly bytes: Uint8Array;
  readonly note?: string;
}

/** File formats of `export` by extension. */
const exporters: Readonly<Record<string, (prompt: Prompt) => Promise<Written>>> = {
  ".png": async ({ delta }) => {
    const { encodePng } = await import("../../vision/encode_png.ts");
    const largest = delta.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const grey = delta.data.map((value) => 0.5 + (largest > 0 ? value / largest / 2 : 0));
    const [, height, width] = delta.dims as [number, number, number];
    const note = `mid-grey is 0, black and white are ∓${largest.toPrecision(3)}`;
    return { bytes: await encodePng(grey, { height, width }), note };
  },
  ".npz": async ({ delta }) => {
    const { encodeNpz } = await import("../../tensor/npz.ts");
    return { bytes: encodeNpz({ delta }) };
  },
  ".safetensors": async (prompt) => {
    const { encodePrompt } = await import("../../prompts/prompt_file.ts");
    return { bytes: encodePrompt(prompt) };
  },
};

const exporterOf = (path: string) => exporters[extname(path)];

async function readPrompt(path: string): Promise<Prompt> {
  const { decodePrompt } = await import("../../prompts/prompt_file.ts");
  const { failure } = await import("../read_model.ts");
  try {
    return decodePrompt(await Deno.readFile(path));
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof Deno.errors.NotFound)) throw error;
    throw failure("prompt-unreadable", `Cannot use prompt "${path}": ${error.message}`);
  }
}

/** The picture as a model's processor gets it: shrunk, padded, with δ added, clipped to [0, 1]. */
async function applied({ delta, meta }: Prompt, path: string): Promise<Written> {
  const { shrinkAndPad } = await import("../../vision/shrink_and_pad.ts");
  const { encodePng } = await import("../../vision/encode_png.ts");
  const { planes, side, note } = await readSquare(path);
  const { canvas, image } = meta;
  const pixels = shrinkAndPad(planes, { from: side, picture: image, canvas });
  const prompted = pixels.map((value, i) => value + delta.data[i]!);
  return {
    bytes: await encodePng(prompted, { height: canvas, width: canvas }),
    ...(note === undefined ? {} : { note }),
  };
}

/** Planes in [0, 1] of the largest square in the middle of a picture. */
async function readSquare(
  path: string,
): Promise<{ planes: Float32Array; side: number; note?: string }> {
  const { decodeImage } = await import("../../vision/decode_image.ts");
  const { failure } = await import("../read_model.ts");
  const { data, dims } = await Deno.readFile(path).then(decodeImage).catch((error) => {
    if (!(error instanceof SyntaxError || error instanceof Deno.errors.NotFound)) throw error;
    const cause = error instanceof SyntaxError ? error.message : "there is no such file";
    throw failure("picture-unreadable", `Cannot use picture "${path}": ${cause}`);
  });
  const [, height, width] = dims as [number, number, number];
  const side = Math.min(height, width);
  const [top, left] = [Math.floor((height - side) / 2), Math.floor((width - side) / 2)];
  const planes = new Float32Array(3 * side * side);
  for (let i = 0; i < planes.length; i++) {
    const [x, row] = [i % side, Math.floor(i / side)];
    const [y, channel] = [row % side, Math.floor(row / side)];
    planes[i] = data[(channel * height + top + y) * width + left + x]! / 255;
  }
  if (height === width) return { planes, side };
  const note = `the picture has ${width}×${height} pixels, its middle ${side}×${side} are used`;
  return { planes, side, note };
}

function report(
  args: CommandArguments,
  output: string,
  { meta }: Prompt,
  note: string | undefined,
): void {
  const { method, kind, canvas, image } = meta;
  if (hasFlag(args, "json")) {
    printJson({ output, method, kind, canvas, image, ...(note === undefined ? {} : { note }) });
    return;
  }
  printLine(`${output}: ${method} prompt, ${kind} on ${canvas} pixels around ${image}`);
  if (note !== undefined) printLine(note);
}
