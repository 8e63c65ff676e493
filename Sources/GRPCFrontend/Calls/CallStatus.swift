import GRPCCore
import ServableCore

extension RPCError {
    /// An error of the house as gRPC has it: the numbers of the codes are the same, long messages are cut as TensorFlow Serving's are.
    init(_ error: ServableError) {
        let code = Status.Code(rawValue: error.code.rawValue).flatMap { RPCError.Code($0) } ?? .unknown
        self.init(code: code, message: Self.cut(error.message))
    }

    private static let messageByteLimit = 1024
    private static let cutMark = "...TRUNCATED"

    private static func cut(_ message: String) -> String {
        guard message.utf8.count > messageByteLimit else { return message }
        // A character that does not fit whole is left out.
        var end = message.utf8.index(message.startIndex, offsetBy: messageByteLimit)
        while end > message.startIndex, end.samePosition(in: message.unicodeScalars) == nil { end = message.utf8.index(before: end) }
        return String(message[..<end]) + cutMark
    }
}

extension ServableError {
    /// What a call that was cancelled means, once it is known whether its time was over.
    func ofCall(_ token: CallToken) -> ServableError {
        guard code == .cancelled, token.isOverdue else { return self }
        return ServableError(.deadlineExceeded, "the call's time was over: \(message)")
    }
}
