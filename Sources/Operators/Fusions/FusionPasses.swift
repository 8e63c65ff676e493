package import GraphIR

/// The fusions, in the order that lets each find what those before it made.
package enum FusionPasses {
    package static let all: [any GraphPass] = [
        QuantizationMoves(), ByteFunctions(), IntegerOperators(), DynamicProducts(), TensorLoops(), RecurrentLoops(),
        DenseLayers(), ChannelScales(), PadFusion(), BatchNormFusion(), BiasFusion(),
        ComposedActivations(), ActivationFusion(), ResidualFusion(), ChannelShuffles(), OneHotProducts(), StackedExtrema(),
    ]
}
