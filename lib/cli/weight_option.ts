/** Defines the option that chooses the weights of a model. @module */

/** The option that chooses among the weights of a model. */
export const weightOption = {
  weights: {
    type: "text",
    value: "TYPE",
    help: "weights: q4, or for each part, vision_encoder=fp32,decoder=q4f16",
  },
} as const;
