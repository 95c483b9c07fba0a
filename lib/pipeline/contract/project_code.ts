/** Decides whether code belongs to this project. @module */

const folders = ["lib/", "stages/", "datasets/", "test/"].map((folder) =>
  new URL(`../../../${folder}`, import.meta.url).href
);

/** Whether a module is part of this project, and so trusted by everyone who starts it. */
export function isProjectCode(url: string): boolean {
  return folders.some((folder) => url.startsWith(folder));
}
