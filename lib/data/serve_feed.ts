/** The side of an image feed that runs in a thread of its own. @module */
import { DiagnosticError } from "../diagnostic/diagnostic.ts";
import type { Images } from "../vision/images.ts";
import { openImages } from "./dataset_folder.ts";
import {
  type FeedAnswer,
  type FeedItem,
  type FeedRequest,
  type ImageMaker,
  makeEach,
} from "./image_feed.ts";

/** What a thread is told and tells. */
interface Thread<Options, Item, Made> {
  onmessage: (event: MessageEvent<FeedRequest<Options, Item>>) => void;
  postMessage(message: FeedAnswer<Made>, transfer?: Transferable[]): void;
}

/**
 * Answers what a feed asks this thread for.
 *
 * @param open Opens what makes something of images.
 * @param buffersOf The memory of what was made, which moves to the thread that asked.
 */
export function serveFeed<Options, Item extends FeedItem, Made>(
  open: (images: Images, options: Options, share: number) => ImageMaker<Item, Made>,
  buffersOf: (made: Made) => ArrayBufferLike,
): void {
  const thread = globalThis as unknown as Thread<Options, Item, Made>;
  let maker: Promise<ImageMaker<Item, Made>> | undefined;
  let last: Promise<void> = Promise.resolve();

  const answer = async (items: readonly Item[]) => {
    try {
      const made = await makeEach(items, await maker!);
      thread.postMessage({ made }, made.map((one) => buffersOf(one) as ArrayBuffer));
    } catch (error) {
      if (error instanceof DiagnosticError) {
        thread.postMessage({ mistakes: error.diagnostics });
      } else if (error instanceof RangeError) thread.postMessage({ misfit: error.message });
      else throw error;
    }
  };
  thread.onmessage = ({ data }) => {
    if ("folder" in data) {
      maker = openImages(data.folder)
        .then((images) => open(images, data.options, data.share));
      maker.catch(() => {}); // told with the first items
    } else last = last.then(() => answer(data.items));
  };
}
