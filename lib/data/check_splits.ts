/** Refuses splits that share a source or an image: what is tested must not have been trained on. @module */
import { DiagnosticError } from "../diagnostic/diagnostic.ts";
import type { Split } from "./dataset.ts";
import type { SplitName } from "./dataset.ts";

/** Splits of which no two may share anything. */
export const splitPairs = [["train", "validation"], ["train", "test"], [
  "validation",
  "test",
]] as const;

/** How many shared things a message names; it counts the others. */
const NAMED = 3;

type Splits = Readonly<Record<SplitName, Split>>;

/** What may not be shared: the id of a row by what identifies it. */
type Identities = ReadonlyMap<string, string>;

/**
 * Checks that no two splits have a cluster (drawing, photo) or an image, byte by byte, in common.
 *
 * @throws {DiagnosticError} It names the splits and what they share.
 */
export async function assertSplitsApart(name: string, splits: Splits): Promise<void> {
  const kinds = {
    "a source": (split: Split) => clustersOf(split),
    "an image": (split: Split) => imagesOf(split),
  };
  for (const [what, identities] of Object.entries(kinds)) {
    const found = {
      train: await identities(splits.train),
      validation: await identities(splits.validation),
      test: await identities(splits.test),
    };
    for (const [a, b] of splitPairs) {
      const shared = [...found[a]].filter(([key]) => found[b].has(key))
        .map(([key, id]) => `${id} and ${found[b].get(key)}`);
      if (shared.length > 0) throw refusal(`"${name}": ${a} and ${b}`, what, shared);
    }
  }
}

function clustersOf({ rows }: Split): Promise<Identities> {
  return Promise.resolve(new Map(rows.map(({ cluster, id }) => [cluster, id])));
}

async function imagesOf({ rows, images }: Split): Promise<Identities> {
  const size = images.length / rows.length;
  return new Map(
    await Promise.all(rows.map(async ({ id }, index) => {
      const bytes = images.slice(index * size, (index + 1) * size);
      const digest = await crypto.subtle.digest("SHA-256", bytes);
      return [new Uint8Array(digest).toHex(), id] as const;
    })),
  );
}

function refusal(where: string, what: string, shared: readonly string[]): DiagnosticError {
  const more = shared.length > NAMED ? ` and ${shared.length - NAMED} more` : "";
  return new DiagnosticError([{
    code: "splits-overlap",
    severity: "error",
    message: `Cannot use data set ${where} share ${what}: ${
      shared.slice(0, NAMED).join("; ")
    }${more}`,
    notes: ["All rows of one source, such as a drawing or a photo, must be in one split"],
  }]);
}
