/** The paths of the project's own files, and of the folder that holds stores and runs. @module */

/** Root of the project: where `stages/`, `zoo/` and `datasets/` are. */
export const projectRoot: URL = new URL("../../", import.meta.url);

/** Folder of the store and the runs, in the working directory. */
export const stateFolder = ".tvp";

/** Folder of the store where none is named. */
export const defaultCacheFolder: string = `${stateFolder}/cache`;
