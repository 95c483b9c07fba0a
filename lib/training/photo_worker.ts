/** Makes the images of batches in a thread of its own, while another computes. @module */
import { serveFeed } from "../data/serve_feed.ts";
import { openPhotoMaker } from "./photos.ts";

serveFeed(openPhotoMaker, ({ buffer }) => buffer);
