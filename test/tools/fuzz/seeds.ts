/** Valid inputs to damage: files of the repository, and some that are made. @module */
import { fromFileUrl, join } from "@std/path";
import type { Tensor } from "../../../lib/tensor/tensor.ts";

const root = fromFileUrl(new URL("../../../", import.meta.url));

/** The files below a folder of the repository of one kind, none larger than asked for. */
export function filesOf(folder: string, ext: RegExp, maxBytes: number): readonly Uint8Array[] {
  return pathsIn(root + folder).filter((path) => ext.test(path)).sort()
    .filter((path) => Deno.statSync(path).size <= maxBytes)
    .map((path) => Deno.readFileSync(path));
}

/** Every file below a folder. */
export function pathsIn(folder: string): readonly string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) => {
    const path = join(folder, name);
    return isDirectory ? pathsIn(path) : [path];
  });
}

/** A text of the repository. */
export function textOf(path: string): string {
  return Deno.readTextFileSync(root + path);
}

/** JSON of the repository. */
export function jsonOf(path: string): unknown {
  return JSON.parse(textOf(path));
}

export const encode = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

/** Tensors of a few types, empty and scalar ones among them. */
export const tensors: Readonly<Record<string, Tensor>> = {
  a: { dtype: "float32", dims: [2, 3], data: new Float32Array([1, 2, 3, 4, 5, 6]) },
  b: { dtype: "int64", dims: [2], data: new BigInt64Array(2) },
  c: { dtype: "bool", dims: [], data: new Uint8Array(1) },
  d: { dtype: "float16", dims: [0, 4], data: new Uint16Array(0) },
};

/** A prompt's δ: a frame of two pixels on a canvas of eight. */
export function frame(): Tensor<"float32"> {
  const inside = (place: number) => place > 1 && place < 6;
  const data = Float32Array.from(
    { length: 192 },
    (_, i) => inside(i % 8) && inside(Math.floor(i / 8) % 8) ? 0 : 0.1,
  );
  return { dtype: "float32", dims: [3, 8, 8], data };
}
