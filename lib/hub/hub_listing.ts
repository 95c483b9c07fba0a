/** Reads a hub's description of a model or a data set. @module */
import { z } from "zod";
import { issueText } from "../diagnostic/schema_issue.ts";
import { segmentMistake } from "../trust/names.ts";
import { boundedJson } from "../trust/bounded_json.ts";

const bytes = z.int("a number of bytes").min(0, "a number of bytes").nullish();

const listingSchema = z.looseObject({
  sha: z.string("a commit of 40 hexadecimal digits")
    .regex(/^[0-9a-f]{40}$/, "a commit of 40 hexadecimal digits"),
  siblings: z.array(
    z.looseObject({
      rfilename: z.string("a file's name"),
      size: bytes,
      blobId: z.string("a digest of 40 hexadecimal digits")
        .regex(/^[0-9a-f]{40}$/, "a digest of 40 hexadecimal digits").nullish(),
      lfs: z.looseObject({
        sha256: z.string("a SHA-256 in hexadecimal digits")
          .regex(/^[0-9a-f]{64}$/, "a SHA-256 in hexadecimal digits").nullish(),
      }, "a map").nullish(),
    }, "a map"),
    "a list of files",
  ).max(100_000, "a list of at most 100 000 files"),
}, "a map");

/** A file of a commit. */
export interface HubFile {
  /** Its path in the repository: every part of it is safe as the name of a file or folder. */
  readonly name: string;
  /** Bytes, if the hub says how many. */
  readonly size?: number;
  /** In hexadecimal digits, if the hub has one: for large files. */
  readonly sha256?: string;
  /** SHA-1 of a file as git names it, in hexadecimal digits: of the others. */
  readonly gitDigest?: string;
}

/** A commit and its files. */
export interface HubListing {
  /** 40 hexadecimal digits. */
  readonly commit: string;
  readonly files: ReadonlyMap<string, HubFile>;
}

/**
 * Reads the hub's answer on a model. Files whose names could not be written below a folder are left
 * out.
 *
 * @returns The listing, or what is wrong with the answer.
 */
export function parseListing(text: string): HubListing | string {
  const answer = parseJson(text);
  if (answer === undefined) {
    return `its answer is not JSON, but begins with ${JSON.stringify(text.slice(0, 40))}`;
  }
  const { data, error } = listingSchema.safeParse(answer.value);
  if (error !== undefined) return `in its answer, ${issueText(error.issues, answer.value)}`;
  const files = data.siblings.map(({ rfilename: name, size, lfs, blobId }): HubFile => ({
    name,
    ...(typeof size === "number" ? { size } : {}),
    ...(lfs?.sha256 ? { sha256: lfs.sha256 } : {}),
    // Of a large file git knows only a pointer.
    ...(blobId && !lfs ? { gitDigest: blobId } : {}),
  }));
  const safe = files.filter(({ name }) =>
    name.split("/").every((part) => segmentMistake(part) === undefined)
  );
  return { commit: data.sha, files: new Map(safe.map((file) => [file.name, file])) };
}

function parseJson(text: string): { value: unknown } | undefined {
  try {
    return { value: boundedJson(text) };
  } catch {
    return undefined;
  }
}
