import { assertEquals, assertMatch } from "@std/assert";
import { Random } from "../../lib/tensor/random.ts";
import { runCampaign } from "./fuzz/campaign.ts";
import { formats } from "./fuzz/formats.ts";
import { outcomeOf } from "./fuzz/outcome.ts";
import type { plantedFormats } from "./fuzz/planted_formats.ts";

/** What each planted reader does, as the campaign tells it. */
const planted: Record<keyof typeof plantedFormats, RegExp> = {
  "planted-crash": /^crash: TypeError: Cannot read properties of undefined/,
  "planted-depth": /^crash: RangeError: Maximum call stack size exceeded$/,
  "planted-library": /^crash: LibraryError: Cannot parse it$/,
  "planted-words": /^words: Cannot read it: Cannot read properties of undefined/,
  "planted-hang": /^hang: more than 1 s$/,
  "planted-waiting": /^hang: it waits for what does not come$/,
  "planted-pending": /^died: exit code 1$/,
  "planted-late": /^died: exit code 1$/,
  "planted-memory": /^memory: more than 400 MiB$/,
  "planted-peak": /^memory: more than 400 MiB$/,
  "planted-write": /^outside: write of .*planted\.txt$/,
  "planted-quiet-write": /^outside: write of .*planted\.txt$/,
  "planted-quiet-read": /^outside: read of \/etc\/hostname$/,
  "planted-quiet-look": /^outside: read of \/etc\/hostname$/,
  "planted-quiet-run": /^outside: run of true$/,
  "planted-quiet-fetch": /^outside: net of http:\/\/127\.0\.0\.1:9$/,
  "planted-nonsense": /^accepted: a size below 0$/,
  "planted-seed": /^seed 0: accepted: a seed that is none$/,
  "planted-exit": /^died: exit code 3$/,
};

for (const [format, kind] of Object.entries(planted)) {
  Deno.test(`runCampaign() finds what must not happen: ${format}`, async () => {
    const limits = { hangMs: 1000, memoryBytes: 400 * 2 ** 20, maxEnded: 1 };
    const { faults } = await runCampaign({ format, count: 2, seed: "1", ...limits });
    assertEquals(faults.length, 1, JSON.stringify(faults));
    assertMatch(faults[0]!.kind, kind);
  });
}

/** Inputs of each format; a fixed seed, so that the outcome is the same on every machine. */
const inputs = 25;

for (const [name, open] of Object.entries(formats)) {
  Deno.test(`readers accept or refuse in words what is damaged: ${name}`, async () => {
    const scratch = await Deno.makeTempDir();
    const faults: string[] = [];
    const format = await open(scratch);
    for (const seed of format.seeds) await format.read(seed);
    for (let i = 0; i < inputs; i++) {
      const input = format.generate(new Random(`suite/${name}/${i}`));
      try {
        await format.read(input);
      } catch (error) {
        const outcome = outcomeOf(error);
        if (outcome !== "refused") faults.push(`${outcome} (--seed suite --show ${i})`);
      }
    }
    await Deno.remove(scratch, { recursive: true });
    assertEquals(faults, []);
  });
}
