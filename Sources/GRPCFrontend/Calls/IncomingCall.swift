import CPlatform
import GRPCCore
import ModelServing
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
    let metadata: Metadata
    /// Whether the client is a process of this machine that may open the socket's file.
    let isLocal: Bool

    /// - Parameter limit: of the time of a call; nil: none.
    init(_ message: MessageBytes, _ metadata: Metadata, _ context: ServerContext, limit: Duration?, _ drain: DrainFlag) {
        self.message = message
        self.metadata = metadata
        let start = apus_monotonic_nanoseconds()
        self.start = start
        let asked = metadata[stringValues: Self.timeoutKey].first { _ in true }.flatMap(CallTimeout.duration)
        let chosen = [asked, limit].compactMap(\.self).min()
        timeout = chosen
        isTimeoutOfClient = asked != nil && asked == chosen
        token = CallToken(context.cancellation, deadline: asked.map { start + Self.nanoseconds($0) }, drain)
        isLocal = context.remotePeer.hasPrefix("unix:")
    }

    private static let timeoutKey = "grpc-timeout"

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

    /// The token of `authorization: Bearer …`; nil when there is none.
    var bearer: String? {
        guard let value = metadata[stringValues: "authorization"].first(where: { _ in true }) else { return nil }
        let scheme = "bearer "
        guard value.utf8.count > scheme.utf8.count, value.prefix(scheme.count).lowercased() == scheme else { return nil }
        return String(value.dropFirst(scheme.count))
    }
}
