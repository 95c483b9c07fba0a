/** Finds the user's own code by its name: loss terms, kinds of prompt and data sets. @module */
import { shownPath } from "../pipeline/contract/shown_path.ts";
import { entries, statOf } from "./path_facts.ts";
import { filePath, type OwnFolders, type SourceFolders } from "./source_folders.ts";

/** Says how the user's own code could have this name. */
export function ownWay(folders: SourceFolders, field: keyof OwnFolders, name: string): string[] {
  if (!isOwnName(name)) return [];
  const folder = ownFolder(folders, field);
  if (folder === undefined) {
    return [`${field}: ./FOLDER names a folder of your own, with ${ownFile(name)} in it`];
  }
  return [`your own would be ${shownPath(`${folder}/${ownFile(name)}`)}`];
}

function ownFolder({ base, own = {} }: SourceFolders, field: keyof OwnFolders): string | undefined {
  return own[field] === undefined ? undefined : filePath({ root: "", base }, own[field]);
}

/** Path of a user's own module, if there is one. */
export function ownModule(
  folders: SourceFolders,
  field: keyof OwnFolders,
  name: string,
): string | undefined {
  const folder = ownFolder(folders, field);
  if (folder === undefined || !isOwnName(name)) return undefined;
  const path = `${folder}/${ownFile(name)}`;
  return isModule(path) ? path : undefined;
}

/** Names of the user's own modules in a folder. */
export function ownNames(folders: SourceFolders, field: keyof OwnFolders): string[] {
  const folder = ownFolder(folders, field);
  return folder === undefined ? [] : moduleNames(folder);
}

/** Whether a name can be that of a module. */
export function isOwnName(name: string): boolean {
  return /^[a-z][a-z0-9-]*$/.test(name);
}

/** The file of a module by its name: dashes become underscores. */
export const ownFile = (name: string) => `${name.replaceAll("-", "_")}.ts`;

/** Names of all modules in a folder that can be named. */
export function moduleNames(folder: string): string[] {
  return entries(folder).map((entry) => entry.name)
    .filter((name) => name.endsWith(".ts") && isModule(`${folder}/${name}`))
    .map((name) => name.slice(0, -3).replaceAll("_", "-")).sort();
}

/** A folder may hold other modules too: what can be named is one with a default export. */
export function isModule(path: string): boolean {
  return statOf(path)?.isFile === true &&
    /^export (default |\{[^}]*\bdefault\b)/m.test(Deno.readTextFileSync(path));
}
