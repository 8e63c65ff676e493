package import GraphIR

/// ONNX's operators on sequences and optionals.
package enum CollectionOperators {
    package static let spellings: [OperatorSpelling] =
        TensorSequences.spellings + SequencePartOperators.spellings + Optionals.spellings
        + [.onnx("SequenceMap", since: 17) { _ throws(OperatorError) in SequenceMap() }]
}
