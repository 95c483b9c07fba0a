/** Makes the images of batches in a thread of its own, while another computes. @module */
import { serveFeed } from "../data/serve_feed.ts";
import { openImageMaker } from "./training_images.ts";

serveFeed(openImageMaker, ({ buffer }) => buffer);
