/** Opens a model for running it token by token. @module */
import { pastInputs } from "../../models/compose_generate.ts";
import { openAnswering } from "./answering_runs.ts";
import { openCached } from "./cached_runs.ts";
import type { DecoderRuns, RunOptions } from "./decoder_contract.ts";
import { openRepeating } from "./repeating_runs.ts";

/** Opens a model for running it token by token, as its graphs allow. */
export async function openDecoder(options: RunOptions): Promise<DecoderRuns> {
  const model = await options.directory.readPart("decoder_model_merged");
  const open = options.directory.has("encoder_model")
    ? openAnswering
    : pastInputs(model).length > 0
    ? openCached
    : openRepeating;
  return await open(options, model);
}
