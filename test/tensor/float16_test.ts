import { assertEquals } from "@std/assert";
import { castTensor, fromNumbers, toNumbers } from "../../lib/tensor/convert.ts";
import { fromBfloat16, fromFloat16, toBfloat16, toFloat16 } from "../../lib/tensor/float16.ts";

Deno.test("toFloat16() inverts fromFloat16() on every bit pattern", () => {
  for (let bits = 0; bits < 0x10000; bits++) {
    const value = fromFloat16(bits);
    if (Number.isNaN(value)) assertEquals(Number.isNaN(fromFloat16(toFloat16(value))), true);
    else assertEquals(toFloat16(value), bits);
  }
});

Deno.test("toBfloat16() inverts fromBfloat16() on every bit pattern", () => {
  for (let bits = 0; bits < 0x10000; bits++) {
    const value = fromBfloat16(bits);
    if (Number.isNaN(value)) assertEquals(Number.isNaN(fromBfloat16(toBfloat16(value))), true);
    else assertEquals(toBfloat16(value), bits);
  }
});

Deno.test("toFloat16() rounds to the nearest, ties to even", () => {
  const cases: [number, number][] = [
    [1 + 2 ** -11, 1],
    [1 + 3 * 2 ** -11, 1 + 2 ** -9],
    [65504, 65504],
    [65519, 65504],
    [65520, Infinity],
    [2 ** -25, 0],
    [2 ** -25 * 1.01, 2 ** -24],
    [2 ** -14 - 2 ** -26, 2 ** -14],
    [-1e9, -Infinity],
  ];
  for (const [value, rounded] of cases) assertEquals(fromFloat16(toFloat16(value)), rounded);
});

Deno.test("doubles are rounded once, not by way of float32", () => {
  const tiny = 2 ** -40;
  const halves: [number, number][] = [
    [1 + 2 ** -11 + tiny, 0x3c01],
    [1 + 3 * 2 ** -11 - tiny, 0x3c01],
    [-1 - 2 ** -11 - tiny, 0xbc01],
    [65520 - 2 ** -37, 0x7bff],
    [2 ** -25 * (1 + tiny), 1],
    [1e39, 0x7c00],
    [-1e-60, 0x8000],
  ];
  for (const [value, bits] of halves) assertEquals(toFloat16(value), bits, `${value}`);
  const brains: [number, number][] = [
    [1 + 2 ** -8 + tiny, 0x3f81],
    [1 + 3 * 2 ** -8 - tiny, 0x3f81],
    [1e39, 0x7f80],
    [-1e-60, 0x8000],
  ];
  for (const [value, bits] of brains) assertEquals(toBfloat16(value), bits, `${value}`);
});

Deno.test("fromNumbers() writes 64-bit integers up to the largest", () => {
  const rows: ["int64" | "uint64", number, bigint][] = [
    ["int64", 2 ** 63, 2n ** 63n - 1n],
    ["int64", -(2 ** 63), -(2n ** 63n)],
    ["uint64", 2 ** 63, 2n ** 63n],
    ["uint64", 2 ** 64, 2n ** 64n - 1n],
    ["uint64", Infinity, 2n ** 64n - 1n],
  ];
  for (const [dtype, value, written] of rows) {
    assertEquals([...fromNumbers(dtype, [1], [value]).data as BigInt64Array], [written]);
  }
});

Deno.test("castTensor() keeps values that the other type can hold", () => {
  const numbers = [0, 1, 2, 100];
  for (const dtype of ["float16", "bfloat16", "int64", "uint64", "int8", "float64"] as const) {
    const x = castTensor(fromNumbers("float32", [4], numbers), dtype);
    assertEquals([x.dtype, ...toNumbers(x)], [dtype, ...numbers]);
  }
  assertEquals([...castTensor(fromNumbers("float32", [2], [0.5, 0]), "bool").data], [1, 0]);
  assertEquals([...castTensor(fromNumbers("float32", [1], [1e30]), "int64").data], [
    2n ** 63n - 1n,
  ]);
});
