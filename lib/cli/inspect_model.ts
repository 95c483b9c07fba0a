/** Describes a model: its parts and their sizes, its texts, its memory. @module */
import { format } from "@std/fmt/bytes";
import type { LanguageModelDirectory, NamedModel } from "../models/directory.ts";
import { type PartFile, partFiles, type PartSize, partSize } from "../models/part_files.ts";
import { bytesPerToken } from "../models/cached_states.ts";
import { filesOf } from "../models/families/family.ts";
import { type CommandArguments, hasFlag } from "./command.ts";
import { namedModel } from "./open_model.ts";
import { printJson, printLine, table } from "./print.ts";

type Part = PartFile & PartSize;

/** A model in facts. */
interface ModelFacts {
  readonly model: string;
  readonly family: string;
  readonly decoder: "decoder-only" | "encoder-decoder";
  /** Rows of image features per image. */
  readonly imageTokens: number;
  readonly imageToken: string;
  /** Ends an answer. */
  readonly endToken: string;
  /** A question as the model reads it; the image's placeholders are one. */
  readonly prompt: string;
  readonly parts: readonly Part[];
  readonly memory: {
    /** Bytes of the weights that are taken by default. */
    readonly weights: number;
    /** Bytes of keys and values for each token of a sequence; null where their sizes are open. */
    readonly cachePerToken: number | null;
  };
}

/** Prints what a model consists of. @throws {DiagnosticError} If it cannot be opened. */
export async function printModel(args: CommandArguments, name: string): Promise<void> {
  const facts = await factsOf(await namedModel(args, name));
  if (hasFlag(args, "json")) return printJson(facts);
  const { memory, parts } = facts;
  printLine(table([
    ["family", `${facts.family}, ${facts.decoder}`],
    ["image", `${facts.imageTokens} tokens ${facts.imageToken}`],
    ["prompt", JSON.stringify(facts.prompt)],
    ["answer ends", facts.endToken],
    [
      "memory",
      `${format(memory.weights)} of weights, ${shownBytes(memory.cachePerToken)} of cache a token`,
    ],
  ]));
  printLine();
  printLine(table([
    ["part", "weights", "parameters", "in memory", "on disk"],
    ...parts.map(({ part, weights, parameters, weightBytes, fileBytes }) => [
      part,
      weights,
      parameters.toLocaleString("en"),
      format(weightBytes),
      format(fileBytes),
    ]),
  ]));
}

const shownBytes = (bytes: number | null) => bytes === null ? "an unknown size" : format(bytes);

async function factsOf(model: NamedModel): Promise<ModelFacts> {
  const { name, path } = model;
  const { openModelDirectory, directoryOptions } = await import("../models/directory.ts");
  const { openTextEncoder } = await import("../models/instruction_text.ts");
  const directory = await openModelDirectory(path, directoryOptions(model));
  const text = await openTextEncoder(directory);
  const tokenizer = await directory.tokenizer();
  const written = (id: number) => tokenizer.tokenOf(id) ?? String(id);
  const { ids } = text.instruction("What is this?");
  const parts: Part[] = [];
  for (const file of await partFiles(path)) {
    parts.push({ ...file, ...await partSize(path, file) });
  }
  return {
    model: name,
    family: String(directory.config.model_type),
    decoder: directory.has("encoder_model") ? "encoder-decoder" : "decoder-only",
    imageTokens: text.imageTokens,
    imageToken: written(text.imageToken),
    endToken: written(text.endToken),
    prompt: ids.filter((id, i) => id !== text.imageToken || ids[i - 1] !== id).map(written).join(
      "",
    ),
    parts,
    memory: {
      weights: usedBytes(directory, parts),
      cachePerToken: bytesPerToken((await directory.readPart("decoder_model_merged")).graph) ??
        null,
    },
  };
}

/** Bytes of the weights of the parts that are taken where none are asked for. */
function usedBytes(directory: LanguageModelDirectory, parts: readonly Part[]): number {
  const { family, config } = directory;
  const taken = new Set(filesOf(family, config).map((part) => directory.partPath(part)));
  return parts.filter(({ file }) => [...taken].some((path) => path.endsWith(`/${file}`)))
    .reduce((sum, { weightBytes }) => sum + weightBytes, 0);
}
