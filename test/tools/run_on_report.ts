/** Runs the Python scripts that compute a report again, on scores that a test makes. @module */
import { join } from "@std/path";
import type { Scores } from "../../lib/artifacts/scores.ts";
import { digestText } from "../../lib/cache/digest/digest.ts";
import { summarize } from "../../lib/evaluation/summary.ts";

/** The Python that runs them; another one may have numpy. */
export const python = Deno.env.get("TVP_TEST_PYTHON") ?? "python3";

/** Whether Python is there, and the package. */
export async function hasPython(packageName?: string): Promise<boolean> {
  const args = packageName === undefined ? ["--version"] : ["-c", `import ${packageName}`];
  try {
    return (await new Deno.Command(python, { args, stderr: "null" }).output()).success;
  } catch {
    return false;
  }
}

const primary = [
  { a: "tvp", b: "vp", over: "unseen" },
  { a: "tvp", b: "shrunk", over: "unseen" },
  { a: "vp", b: "none", over: "source" },
] as const;

/**
 * Runs a script of this folder on a run's folder with the report of these scores.
 *
 * @param change Changes the report before it is read.
 */
export async function runOnReport(
  script: "recompute.py" | "resample.py",
  scores: readonly Scores[],
  change: (report: Record<string, unknown>) => void = () => {},
): Promise<{ code: number; text: string }> {
  const folder = await Deno.makeTempDir();
  const files = scores.map((run) => JSON.stringify(run) + "\n");
  for (const [i, text] of files.entries()) {
    await Deno.mkdir(join(folder, "transfer", `${i}`), { recursive: true });
    await Deno.writeTextFile(join(folder, "transfer", `${i}`, "scores.json"), text);
  }
  const report = {
    ...summarize(scores, { primary }),
    answers: files.map((text) => digestText(text)),
  };
  change(report);
  await Deno.mkdir(join(folder, "report"));
  await Deno.writeTextFile(join(folder, "report", "report.json"), JSON.stringify(report));
  const { pathname } = new URL(script, import.meta.url);
  const { code, stdout, stderr } = await new Deno.Command(python, { args: [pathname, folder] })
    .output();
  await Deno.remove(folder, { recursive: true });
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, text: decode(stdout) + decode(stderr) };
}
