/** The table of operators: how types follow, and how known elements do. @module */
import { containerRows } from "./container.ts";
import type { OpRow } from "./context.ts";
import { creationRows } from "./creation.ts";
import { elementwiseRows } from "./elementwise.ts";
import { imageRows } from "./image.ts";
import { blockedRows, microsoftRows } from "./microsoft.ts";
import { movementRows } from "./movement.ts";
import { normalizationRows } from "./normalization.ts";
import { productRows } from "./product.ts";
import { reductionRows } from "./reduction.ts";
import { positionRows } from "./position.ts";
import { signalRows } from "./signal.ts";
import { slice } from "./slice.ts";

/** Operators by domain, then by name. */
export const opTable: Readonly<Record<string, Readonly<Record<string, OpRow>>>> = {
  "": {
    ...elementwiseRows,
    ...movementRows,
    Slice: slice,
    ...creationRows,
    ...reductionRows,
    ...productRows,
    ...imageRows,
    ...normalizationRows,
    ...containerRows,
    ...signalRows,
    ...positionRows,
  },
  "com.microsoft": microsoftRows,
  "com.microsoft.nchwc": blockedRows,
};

/** The row of an operator, or undefined if nothing is known of it. */
export function opRow(domain: string, opType: string): OpRow | undefined {
  const rows = opTable[domain];
  return rows !== undefined && Object.hasOwn(rows, opType) ? rows[opType] : undefined;
}
