/** Reads the versions of vendors' libraries. @module */

/** CUDA's numbers: 13000 is 13.0. */
const cudaVersion = (number: number): string =>
  `${Math.floor(number / 1000)}.${Math.floor(number % 1000 / 10)}`;

/** cuDNN's numbers: 91900 is 9.19.0. */
const cudnnVersion = (number: number): string =>
  [Math.floor(number / 10000), Math.floor(number / 100) % 100, number % 100].join(".");

/** The version functions by the beginning of a library's name. */
const sources: readonly (readonly [RegExp, (library: string) => string])[] = [
  [/^libcuda\.so/, (name) => `for CUDA up to ${cudaVersion(written(name, "cuDriverGetVersion"))}`],
  [/^libcudart\.so/, (name) => `CUDA ${cudaVersion(written(name, "cudaRuntimeGetVersion"))}`],
  [/^libcudnn\.so/, (name) => `cuDNN ${cudnnVersion(returned(name, "cudnnGetVersion"))}`],
];

/** What a library says of its version; undefined where it is not there or is not known to say. */
export function versionOf(library: string): string | undefined {
  const source = sources.find(([name]) => name.test(library));
  try {
    return source?.[1](library);
  } catch {
    return undefined;
  }
}

/** The number that a function writes to a given address. */
function written(library: string, name: string): number {
  const definition = { name, parameters: ["buffer"], result: "i32" } as const;
  const opened = Deno.dlopen(library, { call: definition });
  const value = new Int32Array(1);
  opened.symbols.call(value);
  opened.close();
  return value[0]!;
}

/** The number that a function returns. */
function returned(library: string, name: string): number {
  const definition = { name, parameters: [], result: "usize" } as const;
  const opened = Deno.dlopen(library, { call: definition });
  const value = Number(opened.symbols.call());
  opened.close();
  return value;
}
