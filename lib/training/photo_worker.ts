/** Makes the images of batches in a thread of its own, while another computes. @module */
import { openImages } from "../data/dataset_folder.ts";
import { type Diagnostic, DiagnosticError } from "../diagnostic/diagnostic.ts";
import type { PickedRow } from "./batches.ts";
import { type PhotoOptions, Photos } from "./photos.ts";

/** What the thread is asked: first whose images it makes, and how, then a batch at a time. */
export type PhotoRequest =
  | { readonly folder: string; readonly options: PhotoOptions }
  | { readonly picks: readonly PickedRow[] };

/** A batch, float32 [batch, 3, S, S], or what went wrong; in the order of the requests. */
export type PhotoAnswer =
  | { readonly photos: Float32Array }
  | { readonly mistakes: readonly Diagnostic[] };

/** The messages to and from the thread. */
const thread = globalThis as unknown as {
  onmessage: (event: MessageEvent<PhotoRequest>) => void;
  postMessage(message: PhotoAnswer, transfer?: Transferable[]): void;
};

let opened: Promise<Photos> | undefined;
let last: Promise<void> = Promise.resolve();

thread.onmessage = ({ data }) => {
  if ("folder" in data) {
    opened = openImages(data.folder).then((images) => new Photos(images, data.options));
    opened.catch(() => {}); // told with the first batch
  } else last = last.then(() => answer(data.picks));
};

async function answer(picks: readonly PickedRow[]): Promise<void> {
  try {
    const { data } = await (await opened!).of(picks);
    thread.postMessage({ photos: data }, [data.buffer as ArrayBuffer]);
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error;
    thread.postMessage({ mistakes: error.diagnostics });
  }
}
