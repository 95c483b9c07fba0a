/** The state that DVC's first run leaves, where waiting for that run would take too long. @module */
import { hash } from "node:crypto";
import { join } from "@std/path";
import { inputsOf, outputOf } from "./engine_graph.ts";

/** Writes outputs, cache and `dvc.lock`; DVC then finds that there is nothing to do. */
export function seedDvc(folder: string, size: number): void {
  const lines = ['schema: "2.0"', "stages:"];
  for (let task = 0; task < size; task++) {
    const [inputs, output] = [inputsOf(task), outputOf(task)];
    const bytes = inputs.map((path) => Deno.readTextFileSync(join(folder, path))).join("");
    Deno.writeTextFileSync(join(folder, output), bytes);
    keep(folder, bytes);
    lines.push(`  s${task}:`, `    cmd: cat ${inputs.join(" ")} > ${output}`, "    deps:");
    lines.push(...inputs.toSorted().flatMap((path) => entryOf(folder, path)));
    lines.push("    outs:", ...entryOf(folder, output));
  }
  Deno.writeTextFileSync(join(folder, "dvc.lock"), `${lines.join("\n")}\n`);
}

function keep(folder: string, bytes: string): void {
  const digest = hash("md5", bytes);
  const home = join(folder, ".dvc/cache/files/md5", digest.slice(0, 2));
  Deno.mkdirSync(home, { recursive: true });
  Deno.writeTextFileSync(join(home, digest.slice(2)), bytes, { mode: 0o444 });
}

function entryOf(folder: string, path: string): string[] {
  const bytes = Deno.readTextFileSync(join(folder, path));
  return [
    `    - path: ${path}`,
    "      hash: md5",
    `      md5: ${hash("md5", bytes)}`,
    `      size: ${bytes.length}`,
  ];
}
