/** Ops that deliberately have neither a rule nor a decomposition, and why. @module */

/** Reasons, continuing "has no gradient rule: ", with the ops of com.microsoft that they hold for. */
const microsoft: Readonly<Record<string, readonly string[]>> = {
  "it is a loop or a step of text generation": [
    ...["BeamSearch", "GreedySearch", "Sampling", "WhisperBeamSearch", "NGramRepeatBlock"],
    ...["DecoderMaskedMultiHeadAttention", "DecoderMaskedSelfAttention", "DecoderAttention"],
    ...["ConvStateReplay", "GatedDeltaNetStateReplay", "Mamba2Verify", "SpeculativePrefixCommit"],
  ],
  "it takes the tokens of all rows packed together": [
    ...["PackedAttention", "PackedMultiHeadAttention", "PagedAttention", "SparsePagedAttention"],
    ...["GatherPacked", "MatMulPacked", "MoEPacked", "RemovePadding", "RestorePadding"],
    ...["PackedSparseAttentionIndexer", "PackedSparseAttentionIndexerMerge"],
    "VarlenCausalConvWithState",
  ],
  "it routes tokens to experts": ["MoEGroupRouter", "RouterGateUpProj"],
  "its weights are packed as floats of 4 or 8 bits": [
    ...["GemmFloat8", "MatMulFpQ4", "MatMulBlockQuantizedFp4Weight"],
    ...["MatMulBlockQuantizedFp8Weight", "QuantizeBFP", "DequantizeBFP"],
  ],
  "it computes with integers only, and has no straight-through rule": [
    ...["QOrderedAttention", "QOrderedGelu", "QOrderedLayerNormalization", "QOrderedMatMul"],
    ...["QOrderedLongformerAttention", "QuantizeWithOrder", "DequantizeWithOrder"],
    ...["QEmbedLayerNormalization", "QLinearReduceMean", "DynamicQuantizeLSTM", "MatMulInteger16"],
  ],
  "its layout belongs to one execution provider": ["NhwcConv", "NhwcFusedConv", "NhwcMaxPool"],
  "its inputs choose the positions it attends to": [
    ...["LongformerAttention", "SparseAttention", "DynamicSparseAttention"],
    ...["SparseAttentionIndexer", "SparseToDenseMatMul"],
  ],
  "it is a recurrence over time": [
    ...["LinearAttentionGate", "GatedDeltaNet", "AttnLSTM"],
  ],
  "the optimiser fuses it from ops that have rules": [
    ...["SwiGLU", "ScaledSiLU", "RMSNormRotary", "BranchwiseRMSNorm"],
    ...["HyperConnectionLowRankMix", "HyperConnectionPostMix", "HyperConnectionPreMix"],
    ...["MatMulNBitsMlp", "MatMulNBitsQkv", "MatMulNBitsQLoRA", "EngramGate"],
    ...["BiasSoftmax", "ComplexMul", "ComplexMulConj", "Rfft", "Irfft", "RelativePositionBias"],
  ],
  "it drops elements at random": ["BitmaskDropout", "BitmaskBiasDropout"],
  "its table is packed": ["GatherBlockQuantized"],
  "it holds a model compiled for one device": ["EPContext", "Snpe"],
  "it is rare in models": [
    ...["CropAndResize", "MaxpoolWithMask", "WordConvEmbedding", "SampleOp"],
  ],
};

const sequences = [
  ...["SequenceAt", "SequenceConstruct", "SequenceEmpty", "SequenceErase", "SequenceInsert"],
  ...["SplitToSequence", "ConcatFromSequence"],
];

/** Why an op has no gradient rule, by op. */
export const refusedOps: Readonly<Record<string, string>> = Object.fromEntries([
  ...Object.entries(microsoft).flatMap(([reason, ops]) =>
    ops.map((op) => [`com.microsoft.${op}`, reason] as const)
  ),
  ...sequences.map((op) => [op, "only a run knows what its sequence holds"] as const),
  ["SequenceMap", "it loops over a sequence"],
  ["Optional", "only a run knows whether its value exists"],
  ["OptionalGetElement", "only a run knows whether its value exists"],
  ["MaxRoiPool", "its cells depend on its regions; RoiAlign has a rule"],
]);
