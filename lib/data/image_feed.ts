/**
 * Makes something of images, such as what a model is shown: in threads where they are encoded files,
 * as ONNX Runtime computes in the thread that asks, in which nothing else goes on meanwhile.
 *
 * @module
 */
import { type Diagnostic, DiagnosticError } from "../diagnostic/diagnostic.ts";
import type { Images } from "../vision/images.ts";

/** An item is about the image of a row. */
export interface FeedItem {
  readonly row: number;
}

/** Makes something of one image. */
export type ImageMaker<Item extends FeedItem, Made> = (item: Item) => Promise<Made>;

/** Makes something of images. */
export interface ImageFeed<Item extends FeedItem, Made> extends AsyncDisposable {
  /**
   * What is made of the items, in their order.
   *
   * @throws {DiagnosticError} If an image is damaged.
   * @throws {RangeError} If it cannot be brought to the size that is asked for.
   */
  of(items: readonly Item[]): Promise<Made[]>;
}

/** What a thread is asked: first whose images it makes something of, and what, then for items. */
export type FeedRequest<Options, Item> =
  | { readonly folder: string; readonly options: Options; readonly share: number }
  | { readonly items: readonly Item[] };

/** What was made of the items, or what stood in its way; in the order in which they were asked for. */
export type FeedAnswer<Made> =
  | { readonly made: Made[] }
  | { readonly mistakes: readonly Diagnostic[] }
  /** The message of a RangeError: sizes that do not go together. */
  | { readonly misfit: string };

/** What a feed makes. */
export interface FeedOptions<Options, Item extends FeedItem, Made> {
  readonly images: Images;
  /** Of the maker. */
  readonly options: Options;
  /** Opens a maker; `share` is the part of the rows that it is asked about. */
  readonly open: (images: Images, options: Options, share: number) => ImageMaker<Item, Made>;
  /** A module that calls `serveFeed(open)`. */
  readonly worker: URL;
}

/** Opens a feed. */
export function openFeed<Options, Item extends FeedItem, Made>(
  { images, options, open, worker }: FeedOptions<Options, Item, Made>,
): ImageFeed<Item, Made> {
  if (images.folder !== undefined) {
    return new ThreadedFeed(worker, { folder: images.folder, options });
  }
  const make = open(images, options, 1);
  return {
    of: (items) => makeEach(items, make),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** Images that a maker works at side by side: each takes memory of its own, whatever its size. */
const madeAtOnce = 2;

/** Makes something of each item, some of them side by side. */
export async function makeEach<Item extends FeedItem, Made>(
  items: readonly Item[],
  make: ImageMaker<Item, Made>,
): Promise<Made[]> {
  const made = new Array<Made>(items.length);
  let next = 0;
  const lane = async () => {
    while (next < items.length) {
      const place = next++;
      made[place] = await make(items[place]!);
    }
  };
  await Promise.all(Array.from({ length: madeAtOnce }, lane));
  return made;
}

/** One of four cores decodes; two threads at least, so that one is at work while the other waits for a file. */
const threadCount = () => Math.min(4, Math.max(2, Math.floor(navigator.hardwareConcurrency / 4)));

/** Threads that share the rows: one always goes to the same, which may keep what it made of it. */
class ThreadedFeed<Options, Item extends FeedItem, Made> implements ImageFeed<Item, Made> {
  readonly #threads: readonly FeedThread<Item, Made>[];

  constructor(worker: URL, opening: { readonly folder: string; readonly options: Options }) {
    const count = threadCount();
    this.#threads = Array.from(
      { length: count },
      () => new FeedThread(worker, { ...opening, share: 1 / count }),
    );
  }

  async of(items: readonly Item[]): Promise<Made[]> {
    const made = new Array<Made>(items.length);
    const count = this.#threads.length;
    await Promise.all(this.#threads.map(async (thread, t) => {
      const places = [...items.keys()].filter((place) => items[place]!.row % count === t);
      if (places.length === 0) return;
      const parts = await thread.of(places.map((place) => items[place]!));
      places.forEach((place, i) => made[place] = parts[i]!);
    }));
    return made;
  }

  [Symbol.asyncDispose](): Promise<void> {
    for (const thread of this.#threads) thread.end();
    return Promise.resolve();
  }
}

class FeedThread<Item extends FeedItem, Made> {
  readonly #worker: Worker;
  readonly #asked: PromiseWithResolvers<Made[]>[] = [];

  constructor(module: URL, opening: FeedRequest<unknown, Item>) {
    this.#worker = new Worker(module, { type: "module" });
    this.#worker.onmessage = ({ data }) => this.#answer(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      const failure = new TypeError(`Cannot make images in a thread: ${event.message}`);
      for (const asked of this.#asked.splice(0)) asked.reject(failure);
    };
    this.#worker.postMessage(opening);
  }

  of(items: readonly Item[]): Promise<Made[]> {
    const asked = Promise.withResolvers<Made[]>();
    this.#asked.push(asked);
    this.#worker.postMessage({ items } satisfies FeedRequest<unknown, Item>);
    return asked.promise;
  }

  #answer(data: FeedAnswer<Made>): void {
    const asked = this.#asked.shift()!;
    if ("made" in data) asked.resolve(data.made);
    else if ("mistakes" in data) asked.reject(new DiagnosticError(data.mistakes));
    else asked.reject(new RangeError(data.misfit));
  }

  end(): void {
    this.#worker.terminate();
  }
}
