/** Conversions between numbers and the bits of float16 and bfloat16. @module */

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/**
 * Bits of the float32 between zero and `value`, odd if it is not `value` itself: so a tie is a tie only
 * where `value` is one, and the next rounding is the only one.
 */
function oddBits(value: number): number {
  float[0] = value;
  const nearest = float[0];
  const x = bits[0]!;
  if (nearest === value || Number.isNaN(value)) return x;
  return (Math.abs(nearest) > Math.abs(value) ? x - 1 : x) | 1;
}

/** Bits of the float16 nearest to `value`, ties to even. */
export function toFloat16(value: number): number {
  const x = oddBits(value);
  const sign = (x >>> 16) & 0x8000;
  const magnitude = x & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude < 0x38800000) return sign | subnormalBits(Math.abs(value));
  const rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1);
  return sign | ((rounded - 0x38000000) >>> 13);
}

/** A magnitude below 2⁻¹⁴ in units of 2⁻²⁴, rounded to even. */
function subnormalBits(magnitude: number): number {
  const scaled = magnitude * 2 ** 24;
  const floor = Math.floor(scaled);
  const rest = scaled - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}

/** Value of the float16 with these bits. */
export function fromFloat16(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >>> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Bits of the bfloat16 nearest to `value`, ties to even. */
export function toBfloat16(value: number): number {
  const x = oddBits(value);
  if ((x & 0x7fffffff) > 0x7f800000) return ((x >>> 16) | 0x40) & 0xffff;
  return ((x + 0x7fff + ((x >>> 16) & 1)) >>> 16) & 0xffff;
}

/** Value of the bfloat16 with these bits. */
export function fromBfloat16(half: number): number {
  bits[0] = half << 16;
  return float[0]!;
}
