/** The 16-bit floats. @module */

/** An element type of 16 bits. */
export type Half = "float16" | "bfloat16";

/** Whether an element type is a 16-bit float. */
export function isHalf(dtype: string): dtype is Half {
  return dtype === "float16" || dtype === "bfloat16";
}
