import { assertEquals } from "@std/assert";
import type { HubListing } from "../../lib/hub/hub_listing.ts";
import { graphFiles } from "../../lib/models/hub_files.ts";
import type { WeightChoice } from "../../lib/models/weight_types.ts";

const listingOf = (stems: readonly string[]): HubListing => {
  const names = stems.map((stem) => `onnx/${stem}.onnx`);
  const files = new Map(names.map((name) => [name, { name }]));
  return { commit: "0".repeat(40), files } as unknown as HubListing;
};

const cases: readonly (readonly [there: string[], wanted: string[], weights?: WeightChoice])[] = [
  [["vision_encoder", "vision_encoder_q4", "audio_encoder"], ["vision_encoder"]],
  [
    ["encoder_model", "decoder_model", "decoder_model_merged", "decoder_with_past_model"],
    ["encoder_model", "decoder_model_merged"],
  ],
  [["decoder_model_q4", "decoder_with_past_model"], [
    "decoder_model_q4",
    "decoder_with_past_model",
  ]],
  ...[{ decoder_model_merged: "q4" }, { decoder: "q4" }].map((weights) =>
    [
      [
        "decoder_model",
        "decoder_model_q4",
        "decoder_with_past_model_q4",
        "decoder_with_past_model",
      ],
      ["decoder_model_q4", "decoder_with_past_model_q4"],
      weights as WeightChoice,
    ] as [string[], string[], WeightChoice]
  ),
];

Deno.test("graphFiles() takes one file for each part that a directory is opened with", () => {
  for (const [there, wanted, weights] of cases) {
    const found = graphFiles(listingOf(there), weights).map(({ name }) => name);
    assertEquals(found, wanted.map((stem) => `onnx/${stem}.onnx`));
  }
});
