package import GraphIR
import Tensors

/// Ragged tensors: rows of different lengths, as row splits and values.
package enum RaggedOperators {
    package static let spellings: [OperatorSpelling] = [
        .tensorFlow("RaggedTensorToTensor") { reader throws(OperatorError) in try RaggedTensorToTensor(reader) },
        .tensorFlow("RaggedTensorToSparse") { _ throws(OperatorError) in RaggedTensorToSparse() },
        .tensorFlow("RaggedRange") { reader throws(OperatorError) in
            RaggedRange(splitsType: try reader.elementType("Tsplits", default: .int64, of: [.int32, .int64]))
        },
        .tensorFlow("RaggedGather") { _ throws(OperatorError) in RaggedGather() },
        .tensorFlow("RaggedCross") { reader throws(OperatorError) in try RaggedCross(reader) },
        .tensorFlow("RaggedFillEmptyRows") { _ throws(OperatorError) in RaggedFillEmptyRows() },
        .tensorFlow("RaggedTensorToVariant") { reader throws(OperatorError) in
            RaggedTensorToVariant(isBatched: try reader.flag("batched_input", default: false))
        },
        .tensorFlow("RaggedTensorFromVariant") { reader throws(OperatorError) in try RaggedTensorFromVariant(reader) },
    ]
}
