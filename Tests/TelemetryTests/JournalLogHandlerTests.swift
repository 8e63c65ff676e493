import Glibc
import Logging
import Telemetry
import Testing

@Suite("Log handler")
struct JournalLogHandlerTests {
    /// A pipe whose far end shows what was written.
    struct Pipe: ~Copyable {
        let reading: Int32
        let writing: Int32

        init() throws {
            var ends: [Int32] = [0, 0]
            try #require(pipe(&ends) == 0)
            (reading, writing) = (ends[0], ends[1])
        }

        deinit {
            close(reading)
            close(writing)
        }

        func read() -> String {
            var bytes = [UInt8](repeating: 0, count: 65_536)
            let count = Glibc.read(reading, &bytes, bytes.count)
            return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
        }
    }

    static func handler(_ sink: LogSink, _ threshold: LogThreshold = LogThreshold(.info)) -> JournalLogHandler {
        JournalLogHandler(
            label: "apus", sink: sink, format: .plain, colour: false, threshold: threshold,
            now: { LogTime(seconds: 0, milliseconds: 0) })
    }

    @Test("writes events with the fields of logger, provider and event, the nearest winning")
    func mergesMetadata() throws {
        let pipe = try Pipe()
        var handler = Self.handler(LogSink(descriptor: pipe.writing))
        handler.metadataProvider = Logger.MetadataProvider { ["a": "provider", "b": "provider"] }
        var logger = Logger(label: "unused") { _ in handler }
        logger[metadataKey: "a"] = "logger"
        logger[metadataKey: "c"] = "logger"
        logger.warning("busy", metadata: ["b": "event"])
        #expect(pipe.read() == "1970-01-01T00:00:00.000Z WARNING  apus: busy a=provider b=event c=logger\n")
    }

    @Test("a changed threshold reaches loggers in use, except those with a level of their own")
    func threshold() throws {
        let pipe = try Pipe()
        let threshold = LogThreshold(.info)
        let sink = LogSink(descriptor: pipe.writing)
        let logger = Logger(label: "apus") { _ in Self.handler(sink, threshold) }
        var quiet = logger
        quiet.logLevel = .error
        logger.debug("hidden")
        threshold.level = .debug
        logger.debug("shown")
        quiet.debug("hidden")
        #expect(pipe.read() == "1970-01-01T00:00:00.000Z DEBUG    apus: shown\n")
    }

    @Test("drops and counts lines that nobody can take, without waiting for ever")
    func dropsLines() throws {
        let pipe = try Pipe()
        #expect(fcntl(pipe.writing, F_SETFL, O_NONBLOCK) == 0)
        let sink = LogSink(descriptor: pipe.writing)
        let line = [UInt8](repeating: 0x61, count: 60_000)
        for _ in 0..<2 { sink.write(line) }
        #expect(sink.droppedLineCount == 1)
        LogSink(descriptor: -1).write(line)
    }

    @Test("takes the journal's format only when its stream is the one behind the descriptor")
    func detectsJournal() throws {
        let pipe = try Pipe()
        var status = stat()
        #expect(fstat(pipe.writing, &status) == 0)
        let stream = "\(status.st_dev):\(status.st_ino)"
        #expect(LogFormat.suiting(descriptor: pipe.writing, environment: ["JOURNAL_STREAM": stream]) == .journal)
        #expect(LogFormat.suiting(descriptor: pipe.writing, environment: ["JOURNAL_STREAM": "0:0"]) == .plain)
        #expect(LogFormat.suiting(descriptor: pipe.writing, environment: [:]) == .plain)
        #expect(LogFormat.suiting(descriptor: -1, environment: ["JOURNAL_STREAM": stream]) == .plain)
    }
}
