package import Logging

/// One log event as the bytes of one line, line feed included.
///
/// A field whose key begins with a dot repeats what the message says: it is for machines, and written in JSON alone, without the dot.
package enum LogLine {
    /// Longest line in bytes; the journal's own default (`LineMax=` of journald.conf) is 48 KiB.
    static let maximumByteCount = 32 * 1024

    package static func bytes(
        _ event: LogEvent, label: String, metadata: Logger.Metadata, format: LogFormat, colour: Bool, time: LogTime
    ) -> [UInt8] {
        var line: [UInt8] = []
        line.reserveCapacity(256)
        if format == .json {
            appendJSON(event, label: label, metadata: metadata, time: time, to: &line)
        } else {
            appendPrefix(event.level, format: format, colour: colour, time: time, to: &line)
            // The journal names the program itself.
            if format != .journal { line.append(contentsOf: "\(label): ".utf8) }
            appendText(event, metadata, to: &line)
        }
        truncate(&line, isJSON: format == .json)
        line.append(UInt8(ascii: "\n"))
        return line
    }

    /// The message, and the fields that it does not hold already.
    static func text(_ event: LogEvent, metadata: Logger.Metadata) -> String {
        var line: [UInt8] = []
        appendText(event, metadata, to: &line)
        truncate(&line, isJSON: false)
        return String(decoding: line, as: UTF8.self)
    }

    private static func appendText(_ event: LogEvent, _ metadata: Logger.Metadata, to line: inout [UInt8]) {
        LogText.appendMessage(event.message.description, to: &line)
        appendFields(metadata, to: &line)
    }

    private static func appendPrefix(
        _ level: Logger.Level, format: LogFormat, colour: Bool, time: LogTime, to line: inout [UInt8]
    ) {
        switch format {
        case .journal: line.append(contentsOf: "<\(level.syslogPriority)>".utf8)
        case .terminal:
            let name = level.paddedName
            line.append(contentsOf: "\(time.localTimeOfDay) \(colour ? level.colour + name + "\u{1B}[0m" : name) ".utf8)
        case .plain, .json: line.append(contentsOf: "\(time.utcText) \(level.paddedName) ".utf8)
        }
    }

    private static func appendFields(_ metadata: Logger.Metadata, to line: inout [UInt8]) {
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) where !key.hasPrefix(repeated) {
            line.append(UInt8(ascii: " "))
            LogText.appendKey(key, to: &line)
            line.append(UInt8(ascii: "="))
            LogText.appendValue(value.description, to: &line)
        }
    }

    private static func appendJSON(
        _ event: LogEvent, label: String, metadata: Logger.Metadata, time: LogTime, to line: inout [UInt8]
    ) {
        line.append(contentsOf: "{\"time\":\"\(time.utcText)\",\"level\":\"\(event.level.rawValue)\",\"logger\":".utf8)
        LogText.appendJSONString(label, to: &line)
        line.append(contentsOf: ",\"message\":".utf8)
        LogText.appendJSONString(clipped(event.message.description), to: &line)
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) where line.count < maximumByteCount / 2 {
            line.append(UInt8(ascii: ","))
            LogText.appendJSONString(key.hasPrefix(repeated) ? String(key.dropFirst()) : key, to: &line)
            line.append(UInt8(ascii: ":"))
            appendJSON(value, to: &line)
        }
        line.append(UInt8(ascii: "}"))
    }

    /// Begins the keys of fields that repeat what the message says.
    private static let repeated = "."

    /// Numbers and truth values as such, everything else as a string.
    private static func appendJSON(_ value: Logger.MetadataValue, to line: inout [UInt8]) {
        guard case .stringConvertible(let number) = value, let text = jsonNumber(number) else {
            return LogText.appendJSONString(clipped(value.description), to: &line)
        }
        line.append(contentsOf: text.utf8)
    }

    /// Nil for what JSON does not write as a number (RFC 8259 §6) or a truth value.
    private static func jsonNumber(_ value: any CustomStringConvertible) -> String? {
        switch value {
        case let number as any BinaryInteger: String(number)
        case let number as Double: number.isFinite ? number.description : nil
        case let truth as Bool: truth.description
        default: nil
        }
    }

    /// JSON cannot be cut at the end without breaking it, so that each of its texts is.
    private static func clipped(_ text: String) -> String {
        text.utf8.count <= maximumByteCount / 4 ? text : String(text.unicodeScalars.prefix(maximumByteCount / 32)) + "…"
    }

    private static func truncate(_ line: inout [UInt8], isJSON: Bool) {
        guard !isJSON, line.count > maximumByteCount else { return }
        let excess = line.count - maximumByteCount
        line.removeLast(excess)
        while let last = line.last, last & 0xC0 == 0x80 { line.removeLast() }
        if let last = line.last, last >= 0xC0 { line.removeLast() }
        line.append(contentsOf: "… (\(excess) bytes more)".utf8)
    }
}

extension Logger.Level {
    /// Priority of syslog(3), as sd-daemon(3) reads it from the front of a line.
    var syslogPriority: Int {
        switch self {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }

    /// All of one width, so that messages stand below each other.
    fileprivate var paddedName: String {
        let name = rawValue.uppercased()
        return name + String(repeating: " ", count: max(0, 8 - name.utf8.count))
    }

    /// Control sequence that colours the name (ECMA-48 §8.3.117).
    fileprivate var colour: String {
        switch self {
        case .trace, .debug: "\u{1B}[2m"
        case .info: "\u{1B}[32m"
        case .notice: "\u{1B}[36m"
        case .warning: "\u{1B}[33m"
        case .error: "\u{1B}[31m"
        case .critical: "\u{1B}[1;31m"
        }
    }
}
