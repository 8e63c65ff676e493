package import GraphIR

/// Everything Apus computes: one line for each family of operators, and the passes that fuse them.
package enum StandardOperators {
    package static let catalog = OperatorCatalog(families.flatMap(\.self), advice: advice)

    /// Of domains whose operators onnxruntime writes for the layouts of its own kernels.
    private static let advice = ["com.microsoft.nchwc", "com.ms.internal.nhwc"].reduce(into: [:]) { advice, domain in
        advice[domain] = "save the model with onnxruntime's graph optimisation level ORT_ENABLE_EXTENDED or below"
    }

    private static let families: [[OperatorSpelling]] = [
        ElementwiseOperators.spellings,
        ComplexOperators.spellings,
        SpecialOperators.spellings,
        SegmentOperators.spellings,
        CountingOperators.spellings,
        QuantizationOperators.spellings,
        ActivationOperators.spellings,
        ReductionOperators.spellings,
        LinearOperators.spellings,
        ConvolutionOperators.spellings,
        PoolingOperators.spellings,
        NormalizationOperators.spellings,
        AttentionOperators.spellings,
        TransformerOperators.spellings,
        MovementOperators.spellings,
        IndexingOperators.spellings,
        DiagonalOperators.spellings,
        DecompositionOperators.spellings,
        FourierOperators.spellings,
        GenerationOperators.spellings,
        ControlFlowOperators.spellings,
        TensorListOperators.spellings,
        VariableOperators.spellings,
        RandomOperators.spellings,
        SequenceOperators.spellings,
        CollectionOperators.spellings,
        RecurrentOperators.spellings,
        ClassicalOperators.spellings,
        ImageOperators.spellings,
        DecodingOperators.spellings,
        StringOperators.spellings,
        RaggedOperators.spellings,
        SparseOperators.spellings,
        LookupOperators.spellings,
        ParsingOperators.spellings,
    ]

    /// In the order in which they are tried; the engine repeats them until nothing changes.
    package static let passes: [any GraphPass] =
        FusionPasses.all + [ChannelsLastLayout(), UndoneTransposes(), IntegerResiduals()] + LookupOperators.passes
}
