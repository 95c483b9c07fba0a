/** A model by its name, for commands that look at one. @module */
import { projectRoot } from "../workspace/places.ts";
import { modelFolder } from "../workspace/sources.ts";
import { showFetched } from "./fetch_line.ts";
import { printNotice } from "./print.ts";

/**
 * The folder of a model: of the zoo, of a hub (fetched where it is not here), or a path.
 *
 * @throws {DiagnosticError} If there is no such model.
 */
export async function modelPath(name: string): Promise<string> {
  const folders = {
    root: projectRoot.pathname,
    base: Deno.cwd(),
    onWarning: ({ message }: { message: string }) => printNotice(message),
    onFetch: showFetched,
  };
  return await modelFolder(folders, name);
}
