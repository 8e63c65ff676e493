import CPlatform
import GRPCCore
import ModelServing
import OpenInference
import ServableCore

/// One call with its one message, as it has come.
struct IncomingCall: Sendable {
    let message: MessageBytes
    let token: CallToken
    /// When the message was there, in nanoseconds of the monotonic clock.
    let start: Int64
    /// From `start` to when the result is of no use any more; nil: as long as it takes.
    private(set) var timeout: Duration?
    /// Whether the client has chosen the timeout.
    private(set) var isTimeoutOfClient: Bool
    /// The token of `authorization: Bearer …`; nil when there is none.
    let bearer: String?
    /// Whether the client is a process of this machine that may open the socket's file.
    let isLocal: Bool

    static let timeoutKey = "grpc-timeout"

    /// - Parameters:
    ///   - timeout: the value of `grpc-timeout`; nil when there is none.
    ///   - limit: of the time of a call; nil: none.
    ///   - cancellation: of a call that gRPC's library carries.
    init(
        _ message: MessageBytes, timeout asked: String?, limit: Duration?, authorization: String? = nil, isLocal: Bool = false,
        cancellation: ServerContext.RPCCancellationHandle? = nil, _ drain: DrainFlag
    ) {
        self.message = message
        let start = apus_monotonic_nanoseconds(), asked = asked.flatMap(CallTimeout.duration)
        self.start = start
        let chosen = [asked, limit].compactMap(\.self).min()
        timeout = chosen
        isTimeoutOfClient = asked != nil && asked == chosen
        token = CallToken(cancellation, deadline: asked.map { start + Self.nanoseconds($0) }, drain)
        bearer = authorization.flatMap(BearerToken.init)?.text
        self.isLocal = isLocal
    }

    init(_ message: MessageBytes, _ metadata: Metadata, _ context: ServerContext, limit: Duration?, _ drain: DrainFlag) {
        self.init(
            message, timeout: metadata[stringValues: Self.timeoutKey].first { _ in true }, limit: limit,
            authorization: metadata[stringValues: "authorization"].first { _ in true }, isLocal: context.remotePeer.hasPrefix("unix:"),
            cancellation: context.cancellation, drain)
    }

    /// Of at most a day.
    private static func nanoseconds(_ duration: Duration) -> Int64 {
        let (seconds, attoseconds) = duration.components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }

    /// Takes note of a time that the message itself gives the call.
    mutating func limit(to asked: Duration?) {
        guard let asked, timeout.map({ asked < $0 }) ?? true else { return }
        timeout = asked
        isTimeoutOfClient = true
    }
}
