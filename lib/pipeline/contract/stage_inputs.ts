/** What the parameters of a stage become when it runs: artifacts, models, data sets, code. @module */
import type { ArtifactType } from "./parameter_kind.ts";

/** An artifact as a stage sees it: immutable, read from `path` (a file or a folder). */
export interface Artifact {
  readonly type: ArtifactType;
  /** sha256 of the bytes of a file; Merkle digest of a folder. */
  readonly digest: string;
  readonly path: string;
  /** Device on which it was computed, if models ran; for reports, never in a key. */
  readonly provider?: string;
}

/** A model directory as a stage sees it: the name the user wrote and where it lies. */
export interface ModelSource {
  /** As written, `zoo/mini-minigpt4`; for an artifact the name its stage gave it. */
  readonly name: string;
  readonly digest: string;
  readonly path: string;
  /** Types of weights by part, or one type for all parts, if the pipeline sets them. */
  readonly weights?: string | Readonly<Record<string, string>>;
}

/** Code by name: a module and the digest of its code. */
export interface CodeSource {
  readonly name: string;
  readonly digest: string;
  /** URL of the module. */
  readonly module: string;
}

/** A data set: the module `datasets/NAME.ts`, files, or files that such a module reads. */
export type DatasetSource = CodeSource | DataFiles;

/** A data set that lies in files; the digest is that of their contents too. */
export interface DataFiles {
  readonly name: string;
  readonly digest: string;
  /** What was written, with absolute paths. */
  readonly files: Readonly<Record<string, unknown>>;
  /** URL of the module that reads them, where they are those of a published set. */
  readonly module?: string;
}
