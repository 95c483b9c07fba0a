import { assertEquals } from "@std/assert";
import { labelRows, positionsOf, toTextBatch } from "../../lib/models/text_batch.ts";
import type { Tensor } from "../../lib/tensor/tensor.ts";

const rows = [{ instruction: [4, 4, 7], answer: [8, 2] }, { instruction: [4, 4], answer: [9] }];
const numbers = (value: Tensor | undefined) => Array.from(value?.data ?? [], Number);

Deno.test("toTextBatch() joins and pads rows for a decoder", () => {
  const batch = toTextBatch(rows, { padToken: 0, length: 6 });
  assertEquals(batch.inputIds.dims, [2, 6]);
  assertEquals(numbers(batch.inputIds), [4, 4, 7, 8, 2, 0, 4, 4, 9, 0, 0, 0]);
  assertEquals(numbers(batch.attentionMask), [1, 1, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0]);
  const ignored = -100;
  assertEquals(
    numbers(batch.labels),
    [...[ignored, ignored, ignored, 8, 2, ignored], ...[
      ignored,
      ignored,
      9,
      ignored,
      ignored,
      ignored,
    ]],
  );
  assertEquals(batch.decoderInputIds, undefined);
});

Deno.test("toTextBatch() shifts answers right for an encoder and a decoder", () => {
  const batch = toTextBatch(rows, { padToken: 0, startToken: 1, answerLength: 3 });
  assertEquals(numbers(batch.inputIds), [4, 4, 7, 4, 4, 0]);
  assertEquals(numbers(batch.decoderInputIds), [1, 8, 0, 1, 0, 0]);
  assertEquals(numbers(batch.labels), [8, 2, -100, 9, -100, -100]);
});

Deno.test("toTextBatch() begins with what a decoder has read, which is no label", () => {
  const prompted = [{ instruction: [9], answer: [5, 6], prompt: [1, 7, 8] }, {
    instruction: [9],
    answer: [5, 6],
  }];
  const batch = toTextBatch(prompted, { padToken: 0, startToken: 1, answerLength: 4 });
  assertEquals(numbers(batch.decoderInputIds), [1, 7, 8, 5, 1, 5, 0, 0]);
  assertEquals(numbers(batch.labels), [-100, -100, 5, 6, 5, 6, -100, -100]);
});

Deno.test("toTextBatch() masks the padding of what a Q-Former reads", () => {
  const read = rows.map((row, i) => ({ ...row, qformer: [5, 6].slice(i) }));
  const batch = toTextBatch(read, { padToken: 0, qformerLength: 3 });
  assertEquals(numbers(batch.qformerIds), [5, 6, 0, 6, 0, 0]);
  assertEquals(numbers(batch.qformerMask), [1, 1, 0, 1, 0, 0]);
});

Deno.test("labelRows() finds the positions that predict a label", () => {
  const { labels } = toTextBatch(rows, { padToken: 0 });
  const shifted = labelRows(labels, 1);
  assertEquals(numbers(shifted.index), [2, 3, 6]);
  assertEquals(numbers(shifted.ids), [8, 2, 9]);
  assertEquals(numbers(labelRows(labels, 0).index), [3, 4, 7]);
});

Deno.test("positionsOf() counts placeholders", () => {
  const batch = toTextBatch(rows, { padToken: 0 });
  assertEquals(numbers(positionsOf(4, batch.inputIds)), [0, 1, 5, 6]);
});
