/** Explains a missing permission to the author of a stage type. @module */
import { fromFileUrl } from "@std/path";
import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import type { Job } from "../pipeline/contract/job.ts";
import { isProjectCode } from "../pipeline/contract/project_code.ts";
import { shownPath } from "../pipeline/contract/shown_path.ts";
import type { StagePermission } from "../pipeline/contract/stage.ts";
import { ownFrames, placeOf } from "../pipeline/contract/thrown.ts";

/** `Requires net access to "example.org:443", run again with the --allow-net flag` */
const refusal = /Requires (\w+) access(?: to (.+?))?, run again/;

const kinds = {
  read: { does: "read", permission: "read" },
  write: { does: "write", permission: "write" },
  net: { does: "use the network:", permission: "net" },
  import: { does: "fetch code:", permission: "net" },
  run: { does: "start the program", permission: "run" },
  ffi: { does: "load native code:", permission: "ffi" },
  all: { does: "use", permission: "all" },
} as const satisfies Record<string, { does: string; permission: StagePermission }>;

/** The diagnostic of an error with which Deno has refused something; undefined for others. */
export function notPermitted(error: unknown, { task, stage, module, permissions }: Job) {
  if (!(error instanceof Deno.errors.NotCapable)) return undefined;
  const [, asked = "all", what = ""] = refusal.exec(error.message) ?? [];
  const { does, permission } = kinds[asked as keyof typeof kinds] ?? kinds.all;
  const [frame] = ownFrames(error.stack ?? "");
  const diagnostic: Diagnostic = {
    code: "not-permitted",
    severity: "error",
    message: `Cannot finish task "${task}": its process is not allowed to ${does} ${what}`
      .trimEnd(),
    notes: [
      ...(frame === undefined ? [] : [`asked for in ${placeOf(frame)}`]),
      ...(isProjectCode(module) ? [] : [
        `a stage type declares what it needs: permissions: ${
          JSON.stringify([...permissions, permission])
        } in ${shownPath(fromFileUrl(module))}`,
      ]),
      `${stage} may read the folders of the pipeline file and of the run, and may write its outputs, ` +
      "context.scratch and temporary files",
    ],
  };
  return diagnostic;
}
