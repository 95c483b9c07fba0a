/** Makes rows ready for a model in a thread of its own, while another computes. @module */
import { serveFeed } from "../data/serve_feed.ts";
import { openShownMaker } from "./shown_rows.ts";

serveFeed(openShownMaker, ({ image }) => image.data.buffer);
