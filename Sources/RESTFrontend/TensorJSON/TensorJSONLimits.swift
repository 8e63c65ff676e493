import OpenInference
import Tensors

/// How much tensor JSON one request may hold. Bytes are bounded before, by the HTTP server's body limit.
package struct TensorJSONLimits: Sendable, Equatable {
    /// Arrays and objects open at once, anywhere in the text; an open one costs a bit.
    package var maximumDepth: Int
    /// Axes of one tensor, the batch axis included; no more than `Shape.maximumRank`.
    package var maximumRank: Int
    /// Elements of one tensor.
    package var maximumElementCount: Int
    /// Elements of the sequences and entries of the maps of one input together; each takes some hundred bytes of memory.
    package var maximumEntryCount: Int

    package init(
        maximumDepth: Int = 1_000_000, maximumRank: Int = 32, maximumElementCount: Int = 1 << 27, maximumEntryCount: Int = 1 << 18
    ) {
        self.maximumDepth = maximumDepth
        self.maximumRank = min(maximumRank, 32)
        self.maximumElementCount = maximumElementCount
        self.maximumEntryCount = maximumEntryCount
    }
}

/// Which element types may be read and written as JSON.
package enum TensorJSONDialect: Sendable, Equatable {
    /// Those of TensorFlow Serving and what else ONNX models use: float16, bfloat16, uint16, and the types of 8 bits and fewer.
    case extended
    /// Exactly those of TensorFlow Serving.
    case tensorFlowServing
    /// Those of the Open Inference Protocol: integers are in the range of their type, strings are strings and nothing else.
    case openInference

    /// Whether integers of 8 and 16 bits that do not fit are refused; TensorFlow Serving keeps their low bits.
    var checksRanges: Bool { self == .openInference }
    /// Whether `{"b64": "…"}` stands for a string's bytes.
    var takesBase64: Bool { self != .openInference }

    /// What messages call a type.
    func name(of type: ElementType) -> String {
        self == .openInference ? Datatype(nearestTo: type).name : type.tensorFlowName
    }

    func supports(_ type: ElementType) -> Bool {
        switch type {
        case .float16, .bfloat16, .uint16: self != .tensorFlowServing
        case .complex64, .complex128: false
        case let type where type.narrow != nil: self == .extended
        default: true
        }
    }
}
