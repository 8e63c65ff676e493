import Logging
import Telemetry
import Testing

@Suite("Log lines")
struct LogLineTests {
    struct Line: Sendable, CustomTestStringConvertible {
        let name: String
        var level = Logger.Level.info
        var message = "serving"
        var metadata: Logger.Metadata = [:]
        let format: LogFormat
        var colour = false
        let text: String
        var testDescription: String { name }
    }

    static let lines: [Line] = [
        Line(name: "the journal gets a priority and no time", format: .journal, text: "<6>serving\n"),
        Line(name: "a debug line has priority 7", level: .debug, format: .journal, text: "<7>serving\n"),
        Line(name: "a notice has priority 5", level: .notice, format: .journal, text: "<5>serving\n"),
        Line(name: "a warning has priority 4", level: .warning, format: .journal, text: "<4>serving\n"),
        Line(name: "an error has priority 3", level: .error, format: .journal, text: "<3>serving\n"),
        Line(name: "a critical line has priority 2", level: .critical, format: .journal, text: "<2>serving\n"),
        Line(
            name: "a file gets time and level", format: .plain, text: "2026-03-01T12:30:00.007Z INFO     apus: serving\n"),
        Line(
            name: "fields follow in the order of their keys", metadata: ["version": "3", "model": "digits"],
            format: .journal, text: "<6>serving model=digits version=3\n"),
        Line(
            name: "values that could be misread stand in quotes",
            metadata: ["a": "two words", "b": "", "c": "x=y", "d": "say \"hi\"", "e": "ünder"], format: .journal,
            text: #"<6>serving a="two words" b="" c="x=y" d="say \"hi\"" e=ünder"# + "\n"),
        Line(
            name: "a message cannot end its line or speak to the terminal", message: "a\nb\r\u{1B}[2Jc\u{7F}\t",
            format: .journal, text: #"<6>a\nb\r\x1b[2Jc\x7f\t"# + "\n"),
        Line(
            name: "a value cannot end its line", metadata: ["path": "x\n<0>forged"], format: .journal,
            text: #"<6>serving path="x\n<0>forged""# + "\n"),
        Line(
            name: "a key cannot forge a field", metadata: ["a b=c\n": "1"], format: .journal,
            text: "<6>serving a_b_c_=1\n"),
        Line(
            name: "what a message says is not said again by a field", metadata: [".model": "digits", "path": "/m"], format: .plain,
            text: "2026-03-01T12:30:00.007Z INFO     apus: serving path=/m\n"),
        Line(
            name: "JSON has such fields, numbers and truth values as what they are",
            metadata: [".n": .stringConvertible(Int64(-3)), "d": .stringConvertible(1.5), "t": .stringConvertible(true), "s": "7"],
            format: .json,
            text: #"{"time":"2026-03-01T12:30:00.007Z","level":"info","logger":"apus","message":"serving","#
                + #""n":-3,"d":1.5,"s":"7","t":true}"# + "\n"),
        Line(
            name: "a number that JSON has no form for is a string", metadata: ["d": .stringConvertible(Double.infinity)], format: .json,
            text: #"{"time":"2026-03-01T12:30:00.007Z","level":"info","logger":"apus","message":"serving","d":"inf"}"# + "\n"),
        Line(
            name: "JSON holds the same facts", level: .error, message: "can\"not\n", metadata: ["n": "1", "é": "\u{1}"],
            format: .json,
            text: #"{"time":"2026-03-01T12:30:00.007Z","level":"error","logger":"apus","message":"can\"not\n","#
                + #""n":"1","é":"\u0001"}"# + "\n"),
    ]

    static let time = LogTime(seconds: 1_772_368_200, milliseconds: 7)

    static func text(
        _ message: String, level: Logger.Level = .info, metadata: Logger.Metadata = [:], format: LogFormat,
        colour: Bool = false
    ) -> String {
        let event = LogEvent(
            level: level, message: "\(message)", metadata: nil, source: nil, file: #fileID, function: #function, line: 1)
        let bytes = LogLine.bytes(event, label: "apus", metadata: metadata, format: format, colour: colour, time: time)
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test("writes", arguments: lines)
    func writes(_ line: Line) {
        let text = Self.text(line.message, level: line.level, metadata: line.metadata, format: line.format)
        #expect(text == line.text)
    }

    @Test("a terminal gets a time of day, and colour only when asked for")
    func terminal() throws {
        let plain = Self.text("up", level: .error, format: .terminal)
        #expect(try #/\d\d:\d\d:\d\d\.007 ERROR    apus: up\n/#.wholeMatch(in: plain) != nil)
        let coloured = Self.text("up", level: .error, format: .terminal, colour: true)
        #expect(coloured.hasSuffix("\u{1B}[31mERROR   \u{1B}[0m apus: up\n"))
    }

    @Test("cuts an endless line, on a whole character, and says so", arguments: [LogFormat.journal, .plain, .json])
    func truncates(format: LogFormat) {
        let text = Self.text(String(repeating: "ü", count: 100_000), format: format)
        #expect(text.utf8.count < 33 * 1024)
        #expect(text.contains("…"))
        #expect(!text.contains("\u{FFFD}"))
        #expect(text.filter(\.isNewline).count == 1)
    }
}
