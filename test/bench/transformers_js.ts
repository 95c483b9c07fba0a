/**
 * Generates with transformers.js, for `language.ts`: `deno run transformers_js.ts DIR THREADS`. It runs
 * in a process without this project's lock file, as nothing here depends on it.
 *
 * @module
 */
export {};

const [path, threads] = Deno.args as [string, string];

/** Apache-2.0. Its name is not a literal, so that no lock file takes it in. */
const specifier = ["npm:@huggingface", "transformers@4.3.2"].join("/");
const { AutoTokenizer, LlavaForConditionalGeneration, Tensor, env } = await import(specifier);

const name = path.split("/").at(-1)!;
env.allowRemoteModels = false;
env.localModelPath = path.slice(0, -name.length);
const tokenizer = await AutoTokenizer.from_pretrained(name);
const model = await LlavaForConditionalGeneration.from_pretrained(name, {
  dtype: "fp32",
  device: "cpu",
  session_options: { intraOpNumThreads: Number(threads) },
});

interface Request {
  readonly ids: readonly number[];
  readonly dims: readonly number[];
  readonly tokens: number;
  readonly repeats: number;
}

async function generate({ ids, dims, tokens }: Request): Promise<readonly number[]> {
  const shape = [1, ids.length];
  const output = await model.generate({
    input_ids: new Tensor("int64", BigInt64Array.from(ids, BigInt), shape),
    attention_mask: new Tensor("int64", new BigInt64Array(ids.length).fill(1n), shape),
    pixel_values: new Tensor("float32", new Float32Array(dims.reduce((a, b) => a * b)), dims),
    max_new_tokens: tokens,
    min_new_tokens: tokens,
    do_sample: false,
  });
  return Array.from(output.data as BigInt64Array, Number).slice(ids.length);
}

async function answer(line: string): Promise<void> {
  const request: Request = JSON.parse(line);
  const start = performance.now();
  let ids: readonly number[] = [];
  for (let i = 0; i < request.repeats; i++) ids = await generate(request);
  const ms = (performance.now() - start) / request.repeats;
  console.log(JSON.stringify({ ms, text: tokenizer.decode(ids, { skip_special_tokens: true }) }));
}

let rest = "";
for await (const chunk of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
  const lines = (rest + chunk).split("\n");
  rest = lines.pop()!;
  for (const line of lines) await answer(line);
}
