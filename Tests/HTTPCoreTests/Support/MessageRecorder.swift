import Logging
import Synchronization

/// Remembers what is told to the daemon's log.
final class MessageRecorder: Sendable {
    struct Message: Sendable, Equatable {
        var level: Logger.Level
        var text: String
        var metadata: [String: String]
    }

    private let recorded = Mutex<[Message]>([])

    var messages: [Message] { recorded.withLock { $0 } }

    var logger: Logger { Logger(label: "test") { _ in Handler(recorder: self) } }

    private struct Handler: LogHandler {
        let recorder: MessageRecorder
        var metadata = Logger.Metadata()
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let all = metadata.merging(event.metadata ?? [:]) { $1 }.mapValues { "\($0)" }
            let message = Message(level: event.level, text: "\(event.message)", metadata: all)
            recorder.recorded.withLock { $0.append(message) }
        }
    }
}
