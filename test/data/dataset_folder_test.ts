import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import {
  openDatasetFolder,
  readDatasetFolder,
  writeDatasetFolder,
} from "../../lib/data/dataset_folder.ts";
import { DiagnosticError } from "../../lib/diagnostic/diagnostic.ts";
import { inDataset as inEncoded } from "./images_in.ts";
import { DatasetError } from "../../lib/data/dataset_schema.ts";
import { encodeSafetensors } from "../../lib/tensor/safetensors.ts";
import { type Tensor, zeros } from "../../lib/tensor/tensor.ts";

const info = {
  name: "pets",
  kind: "classification",
  classes: ["cat", "dog"],
  licence: "none",
  source: "drawn",
} as const;
const rows = ["cat", "dog"].map((answer, label) => ({
  id: `r${label}`,
  cluster: "c",
  instruction: "what is it?",
  answer,
  label,
}));
const split = { rows, images: new Uint8Array(2 * 3 * 4 * 4).fill(7), height: 4, width: 4 };

async function inDataset(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await writeDatasetFolder(folder, info, split);
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("openDatasetFolder() reads what was written, also by Windows and with what it does not know", () =>
  inDataset(async (folder) => {
    const read = await openDatasetFolder(folder);
    assertEquals({ ...read.info }, { ...info, rows: 2, height: 4, width: 4, notes: [] } as never);
    const { info: _, ...whole } = await readDatasetFolder(folder);
    assertEquals(whole as unknown, split);
    const image = { data: whole.images.subarray(48), height: 4, width: 4 };
    assertEquals(await read.images.read(1), image);
    const lines = rows.map((row) => JSON.stringify({ ...row, more: [1] })).join("\r\n");
    await Deno.writeTextFile(join(folder, "rows.jsonl"), `\ufeff${lines}\r\n\n`);
    const again = await openDatasetFolder(folder);
    assertEquals(again.rows.map(({ id }) => id), ["r0", "r1"]);
  }));

type Change = (folder: string) => Promise<void>;

const card = (change: Record<string, unknown>): Change => (folder) =>
  Deno.writeTextFile(join(folder, "dataset.json"), JSON.stringify({ ...info, ...change }));
const lines = (...given: readonly unknown[]): Change => (folder) =>
  Deno.writeTextFile(
    join(folder, "rows.jsonl"),
    given.map((row) => typeof row === "string" ? row : JSON.stringify(row)).join("\n"),
  );
const images = (tensors: Record<string, Tensor>): Change => (folder) =>
  Deno.writeFile(join(folder, "images.safetensors"), encodeSafetensors(tensors));
/** Cuts bytes off the images' file, and changes its header. */
const cutImages = (end: number, change = (header: string) => header): Change => async (folder) => {
  const file = join(folder, "images.safetensors");
  const bytes = await Deno.readFile(file);
  const start = 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const header = change(new TextDecoder().decode(bytes.subarray(8, start)));
  bytes.set(new TextEncoder().encode(header), 8);
  await Deno.writeFile(file, bytes.subarray(0, end));
};
const [first, second]: Record<string, unknown>[] = rows;
const without = ({ answer: _, ...row }: Record<string, unknown>) => row;

const mistakes: readonly [Change, string][] = [
  [lines(first, null), "rows.jsonl line 2: it must be a map, but is null"],
  [lines(without(first!), second), "rows.jsonl line 1: answer must be text, but is missing"],
  [lines(first, { ...second, answer: 5 }), "rows.jsonl line 2: answer must be text, but is 5"],
  [
    lines(first, { ...second, id: "" }),
    "rows.jsonl line 2: id must be text of at least one character",
  ],
  [
    lines(first, { ...second, label: "1" }),
    'line 2: label must be a whole number from 0, but is "1"',
  ],
  [lines(first, { ...second, label: 2 }), "line 2: label is 2, but the last of the 2 classes is 1"],
  [
    lines(first, { ...second, id: "r0" }),
    'rows.jsonl line 2: its id "r0" is already used in line 1',
  ],
  [lines(first, "{"), "rows.jsonl line 2 is not JSON"],
  [lines(first, "", second), "rows.jsonl line 2 is not JSON"],
  [lines(), "rows.jsonl has no rows"],
  [lines(first), "dataset.json says rows 2, but there are 1"],
  [
    (folder) => Deno.writeTextFile(join(folder, "dataset.json"), "null"),
    "dataset.json: it must be a map",
  ],
  [
    card({ name: undefined }),
    "dataset.json: name must be text of at least one character, but is missing",
  ],
  [
    card({ kind: "x" }),
    'dataset.json: kind must be classification, generation or yes-no, but is "x"',
  ],
  [card({ classes: undefined }), "dataset.json: classes must be a list of texts if kind is"],
  [card({ classes: ["a", 1] }), "dataset.json: classes[1] must be text, but is 1"],
  [
    lines(first, { ...second, label: 0 }),
    'rows.jsonl line 2: answer is "dog", but its label 0 is class "cat"',
  ],
  [
    lines(first, { ...second, answer: "cow", label: undefined }),
    'rows.jsonl line 2: answer is "cow", which is not one of the 2 classes',
  ],
  [
    lines(first, { ...second, candidates: ["cat"] }),
    'rows.jsonl line 2: answer is "dog", which is not one of its candidates',
  ],
  [
    lines(first, { ...second, candidates: ["dog", "cow"] }),
    'rows.jsonl line 2: candidate "cow" is not one of the 2 classes',
  ],
  [lines(first, { ...second, answer: " " }), "line 2: answer must be text that is not empty"],
  [
    lines(first, { ...second, answers: ["dog", ""] }),
    "line 2: answers[1] must be text that is not empty",
  ],
  [card({ classes: ["cat", "cat"] }), 'dataset.json: two of its classes are called "cat"'],
  [
    card({ kind: "yes-no", classes: undefined }),
    'rows.jsonl line 1: answer is "cat", which is not one of the 2 classes',
  ],
  [
    card({ side: 1_000_000_000 }),
    "dataset.json: side must be a whole number of pixels from 1 to 4096, but is 1000000000",
  ],
  [card({ height: 5 }), "dataset.json says height 5, but there are 4"],
  [
    cutImages(-1),
    'tensor "images" ends at byte 96, but the data end at 95: the file is cut off',
  ],
  [
    cutImages(-1, (header) => header.replace("[0,96]", "[0,95]")),
    'tensor "images" (uint8 [2,3,4,4]) needs 96 bytes, its range is 0 to 95 of 95',
  ],
  [images({}), 'rows need a tensor "images" uint8 [2, 3, height, width], found none'],
  [images({ images: zeros("uint8", [3, 3, 4, 4]) }), "found uint8 [3, 3, 4, 4]"],
  [images({ images: zeros("uint8", [2, 1, 4, 4]) }), "found uint8 [2, 1, 4, 4]"],
  [images({ images: zeros("uint8", [2, 3, 0, 4]) }), "found uint8 [2, 3, 0, 4]"],
  [images({ images: zeros("float32", [2, 3, 4, 4]) }), "found float32 [2, 3, 4, 4]"],
  [(folder) => Deno.writeFile(join(folder, "images.safetensors"), new Uint8Array(3)), "has 3"],
  [(folder) => Deno.remove(join(folder, "rows.jsonl")), "there is no rows.jsonl"],
];

Deno.test("openDatasetFolder() says which file, line and field are wrong", async () => {
  for (const [change, message] of mistakes) {
    await inDataset(async (folder) => {
      await change(folder);
      const isOneRow = message.endsWith("there are 1");
      if (isOneRow) await images({ images: zeros("uint8", [1, 3, 4, 4]) })(folder);
      const { message: told } = await assertRejects(() => openDatasetFolder(folder), DatasetError);
      assertEquals(told.startsWith(`Cannot read data set "${folder}": `), true, told);
      assertEquals(told.includes(message), true, `${told} has not: ${message}`);
    });
  }
});

Deno.test("openDatasetFolder() refuses an image of another size than its list says", () =>
  inEncoded(2, async (folder) => {
    const list = join(folder, "pictures.jsonl");
    const [one, two] = (await Deno.readTextFile(list)).trimEnd().split("\n");
    await Deno.writeTextFile(list, `${one}\n${two!.replace('"height":8', '"height":9')}\n`);
    const { images } = await openDatasetFolder(folder);
    assertEquals((await images.read(0)).height, 8);
    const { message } = await assertRejects(() => images.read(1), DiagnosticError);
    assertEquals(
      message.split("\n")[0],
      "Cannot read image 1 of the data set: pictures.jsonl line 2 says 12×9 pixels, but it has 12×8",
    );
  }));
