import GraphIR
import Inference
import ServableCore
import Tensors

extension ServableError {
    /// What a failed run means to the client.
    init(run error: any Error) {
        switch error {
        case let known as ServableError: self = known
        case let failure as EngineError: self.init(failure.statusCode, failure.description)
        default: self.init(.internal, String(describing: error))
        }
    }
}

extension EngineError {
    fileprivate var statusCode: StatusCode {
        switch self {
        case .node(_, _, let error) where error.isUnsupported: .unimplemented
        case .unsupported: .unimplemented
        case .node(_, _, .memory(let refusal)), .memory(_, let refusal): refusal.statusCode
        case .invalidInput, .node(_, _, .invalidValue), .node(_, _, .invalidInput), .tooLarge: .invalidArgument
        case .node(_, _, .unavailable): .unavailable
        case .stopped(.deadline): .deadlineExceeded
        case .stopped(.abandoned): .cancelled
        case .stopped(.shutdown): .unavailable
        case .node, .invalidGraph: .internal
        }
    }
}

extension MemoryRefusal {
    fileprivate var statusCode: StatusCode {
        switch cause {
        case .limit: .invalidArgument
        case .budget, .system: .resourceExhausted
        }
    }
}
