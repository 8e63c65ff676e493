package import GraphIR

/// TensorFlow's operators on sequences: fused recurrent cells, decoding and loss of connectionist temporal classification.
package enum SequenceOperators {
    package static let spellings: [OperatorSpelling] =
        BlockLSTM.spellings + [.tensorFlow("GRUBlockCell") { _ throws(OperatorError) in GRUBlockCell() }] + CTCDecoders.spellings
}
