/** Lines of the stages in a pipeline file, for annotations. @module */
import { YamlPositions } from "../diagnostic/yaml_positions.ts";
import type { SourceText } from "../pipeline/problem.ts";
import { parse } from "@std/yaml";

/** Line of each stage's name. */
export function stageLines({ text, path }: SourceText): Promise<Map<string, number>> {
  const positions = new YamlPositions(text, { path });
  const tree = parse(text) as { stages?: Record<string, unknown> };
  const names = Object.keys(tree.stages ?? {});
  const lines = names.map((name) =>
    [name, positions.locate(["stages", name], "key").line] as const
  );
  return Promise.resolve(new Map(lines));
}
