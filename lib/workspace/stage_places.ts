/** Finds the place of each stage in the files of a pipeline, for annotations. @module */
import { YamlPositions } from "../diagnostic/yaml_positions.ts";
import type { Location } from "../diagnostic/diagnostic.ts";
import type { PipelineSpec } from "../pipeline/read/parse.ts";

/** The place of each stage's name, also in included files. */
export function stagePlaces({ origins, stages }: PipelineSpec): Map<string, Location> {
  const opened = new Map<string, YamlPositions>();
  return new Map(
    Object.keys(stages).map((name) => {
      const source = origins.included.get(`stages.${name}`) ?? origins.main;
      const positions = opened.get(source.path) ?? new YamlPositions(source.text, source);
      opened.set(source.path, positions);
      return [name, positions.locate(["stages", name], "key")];
    }),
  );
}
