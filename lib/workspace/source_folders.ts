/** Where names of models, data sets and files are looked up. @module */
import type { Diagnostic } from "../diagnostic/diagnostic.ts";

/** Where names are looked up. */
export interface SourceFolders {
  /** Root of the project, with `zoo/` and `datasets/`; ends in a slash. */
  readonly root: string;
  /** Folder of the pipeline file, without a slash at its end. */
  readonly base: string;
  /** Folders of the user's own code, as the pipeline file names them. */
  readonly own?: OwnFolders;
  readonly onWarning?: (warning: Diagnostic) => void;
  /** Called with the progress of a model download. */
  readonly onFetch?: (fetched: Fetched) => void;
}

/** How far the download of a hub's model is. */
export interface Fetched {
  readonly model: string;
  readonly file: string;
  /** Bytes that are there, of those that are known to be needed. */
  readonly done: number;
  readonly total: number;
}

/** Folders of the user's own code, relative to the folder of the pipeline file. */
export interface OwnFolders {
  readonly datasetFolder?: string | undefined;
  readonly lossFolder?: string | undefined;
  readonly promptFolder?: string | undefined;
}

/** The path of a name: relative ones count from the pipeline file. */
export function filePath({ base }: SourceFolders, name: string): string {
  return name.startsWith("/") ? name : `${base}/${name.replace(/^\.\//, "")}`;
}
