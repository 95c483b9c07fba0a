/** The family of InstructBLIP. @module */
import { blip2 } from "./blip_2.ts";
import type { Family } from "./family.ts";

/** InstructBLIP: as BLIP-2, but the Q-Former reads the instruction too (arXiv 2305.06500, section 2.3). */
export const instructblip: Family = {
  ...blip2,
  modelTypes: ["instructblip"],
  readsInstruction: true,
};
