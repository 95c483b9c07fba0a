/** @module */

/** An npy file as NumPy writes it. */
export function npyFile(
  fields: { descr: string; fortran?: boolean; shape: string; version?: number },
  data: Uint8Array,
): Uint8Array {
  const { descr, fortran = false, shape, version = 1 } = fields;
  const order = fortran ? "True" : "False";
  const text = `{'descr': ${descr}, 'fortran_order': ${order}, 'shape': ${shape}, }\n`;
  const header = new TextEncoder().encode(text);
  const length = version > 1 ? [0, 8, 16, 24] : [0, 8];
  return Uint8Array.from([
    ...[0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0],
    ...length.map((shift) => (header.length >> shift) & 0xff),
    ...header,
    ...data,
  ]);
}
