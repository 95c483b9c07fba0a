import { assertEquals, assertThrows } from "@std/assert";
import { DiagnosticError } from "../../lib/diagnostic/diagnostic.ts";
import { generationSettings, settingsIn } from "../../lib/models/generation_settings.ts";

Deno.test("settingsIn() takes what generate() takes from generation_config.json", () => {
  const table = [
    [{}, {}],
    [{ bos_token_id: 1, eos_token_id: [2], transformers_version: "5" }, {}],
    [{ num_beams: 3, no_repeat_ngram_size: 3, early_stopping: true }, {
      num_beams: 3,
      no_repeat_ngram_size: 3,
      early_stopping: true,
    }],
    [{ temperature: 0.1, top_k: 1, repetition_penalty: 1.05 }, { repetition_penalty: 1.05 }],
    [{ do_sample: true, temperature: 0.1, top_p: 0.9 }, {
      do_sample: true,
      temperature: 0.1,
      top_k: 50,
      top_p: 0.9,
    }],
    [{ do_sample: false, early_stopping: false, bad_words_ids: null }, {}],
    [{ forced_eos_token_id: 2, suppress_tokens: [] }, {
      forced_eos_token_id: 2,
      suppress_tokens: [],
    }],
  ] as const;
  for (const [generation, expected] of table) {
    assertEquals(settingsIn(generation, "generation_config.json"), expected as never);
  }
});

Deno.test("settingsIn() names a setting that cannot be used", () => {
  const table = [
    [{ num_beams: 0 }, "num_beams must be a whole number from 1, but is 0"],
    [{ top_p: 2, do_sample: true }, "top_p must be a number from 0 to 1, but is 2"],
    [
      { num_beams: 2, do_sample: true },
      "do_sample must be false where num_beams is more than 1, but is true",
    ],
    [{ bad_words_ids: [[]] }, "bad_words_ids[0] must be at least one token, but is a list of 0"],
  ] as const;
  for (const [generation, cause] of table) {
    assertThrows(
      () => settingsIn(generation, "g.json"),
      DiagnosticError,
      `Cannot use "g.json": ${cause}`,
    );
  }
});

Deno.test("settings of a pipeline are known ones", () => {
  assertEquals(generationSettings.safeParse({ beams: 2 }).success, false);
  assertEquals(generationSettings.parse({ num_beams: 2, stop_strings: ["\n"] }), {
    num_beams: 2,
    stop_strings: ["\n"],
  });
});
