/** Reads arrays of an HDF5 file in a separate thread, so that reading can be ended. @module */
import { File } from "jsfive";

/** A request to the thread. */
export interface Hdf5Request {
  /** The file, from where HDF5 begins. */
  readonly bytes: ArrayBuffer;
  readonly names: readonly string[];
  /** Most elements of an array. */
  readonly most: number;
}

/** An array, or what is wrong with it. */
export interface Hdf5Answer {
  readonly arrays?: Readonly<
    Record<string, { dims: number[]; dtype: string; data: Float64Array | Uint8Array }>
  >;
  readonly mistake?: string;
}

interface Dataset {
  readonly shape: number[];
  readonly dtype: string;
  readonly value: number[];
}

/** The messages to and from the thread. */
const thread = globalThis as unknown as {
  onmessage: (event: MessageEvent<Hdf5Request>) => void;
  postMessage(message: Hdf5Answer): void;
};

thread.onmessage = ({ data }) => thread.postMessage(answer(data));

function answer({ bytes, names, most }: Hdf5Request): Hdf5Answer {
  try {
    const file = new File(bytes, "");
    const arrays: Record<
      string,
      { dims: number[]; dtype: string; data: Float64Array | Uint8Array }
    > = {};
    for (const name of names.filter((name) => file.keys.includes(name))) {
      const dataset = file.get(name) as Dataset;
      const { shape, dtype } = dataset;
      const size = shape.reduce((product, dim) => product * dim, 1);
      if (!(size <= most)) {
        return {
          mistake:
            `"${name}" has ${size} numbers, at most ${most} can be read in version 7.3; save it with -v7`,
        };
      }
      const values = dataset.value;
      const data = /u1$/.test(dtype) ? Uint8Array.from(values) : Float64Array.from(values);
      arrays[name] = { dims: shape, dtype, data };
    }
    return { arrays };
  } catch {
    return { mistake: "its HDF5 data are damaged or not supported" };
  }
}
