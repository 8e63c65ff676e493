package import Logging

/// Back end of swift-log: one line an event, in the format that suits where the lines go.
package struct JournalLogHandler: LogHandler {
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?

    private let label: String
    private let sink: LogSink
    /// Nil where lines go to the sink alone.
    private let journal: JournalSocket?
    private let format: LogFormat
    private let colour: Bool
    private let threshold: LogThreshold
    private let now: @Sendable () -> LogTime

    /// The level of this very logger where it was set; else the shared threshold applies.
    private var ownLevel: Logger.Level?

    package init(
        label: String, sink: LogSink, journal: JournalSocket? = nil, format: LogFormat, colour: Bool, threshold: LogThreshold,
        now: @escaping @Sendable () -> LogTime = LogTime.now
    ) {
        self.label = label
        self.sink = sink
        self.journal = journal
        self.format = format
        self.colour = colour
        self.threshold = threshold
        self.now = now
    }

    package var logLevel: Logger.Level {
        get { ownLevel ?? threshold.level }
        set { ownLevel = newValue }
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let metadata = fields(of: event)
        if let journal, journal.send(event, label: label, metadata: metadata) { return }
        sink.write(LogLine.bytes(event, label: label, metadata: metadata, format: format, colour: colour, time: now()))
    }

    /// The event's fields win over the provider's, these over the logger's.
    private func fields(of event: LogEvent) -> Logger.Metadata {
        var fields = metadata
        if let provided = metadataProvider?.get() { fields.merge(provided) { $1 } }
        if let own = event.metadata { fields.merge(own) { $1 } }
        if let error = event.error { fields["error"] = "\(error)" }
        return fields
    }
}
