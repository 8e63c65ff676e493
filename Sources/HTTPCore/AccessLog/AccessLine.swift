/// Writes the line of one record.
struct AccessLine {
    private let format: AccessLogConfiguration.Format
    private let text: LogText

    init(_ format: AccessLogConfiguration.Format) {
        self.format = format
        text = LogText(escapes: format == .json ? .json : .hex)
    }

    /// Appends a line with its end; `duration` in nanoseconds, `appendTime` writes when the request ended.
    func append(
        _ record: AccessRecord, _ outcome: AccessOutcome, listener: String?, duration: Int64,
        to buffer: inout ByteBuffer, appendTime: (inout ByteBuffer) -> Void
    ) {
        switch format {
        case .text: appendText(record, outcome, listener, duration, to: &buffer, appendTime)
        case .json: appendJSON(record, outcome, listener, duration, to: &buffer, appendTime)
        }
    }

    /// `127.0.0.1 - - [22/Nov/2026:15:58:02 +0000] "POST /v1/models/m:predict HTTP/1.1" 200 512 "-" "curl/8" model="m" version=3 rows=1
    /// us=347 id="r-1" in=34 port=40000 conn=5 kept=1 …`: the combined log format, whose referrer and user are never known, then the
    /// five fields that every line has.
    private func appendText(
        _ record: AccessRecord, _ outcome: AccessOutcome, _ listener: String?, _ duration: Int64, to buffer: inout ByteBuffer,
        _ appendTime: (inout ByteBuffer) -> Void
    ) {
        record.peer.appendHost(to: &buffer)
        buffer.append(" - - [")
        appendTime(&buffer)
        buffer.append("] \"")
        appendRequestLine(record, to: &buffer)
        buffer.append("\" ")
        buffer.append(decimal: outcome.status.code)
        appendNumber(" ", outcome.responseByteCount, to: &buffer)
        buffer.append(" \"-\"")
        if let agent = record.userAgent { appendText(" ", agent, of: record, to: &buffer) } else { buffer.append(" \"-\"") }
        if let subject = outcome.subject { appendString(" model=", subject.model, to: &buffer) } else { buffer.append(" model=-") }
        appendOptional(" version=", outcome.subject?.version.map { Int($0) }, to: &buffer)
        appendOptional(" rows=", outcome.subject?.rowCount, to: &buffer)
        appendNumber(" us=", Int(duration / 1000), to: &buffer)
        if let name = record.requestID { appendText(" id=", name, of: record, to: &buffer) } else { buffer.append(" id=-") }
        appendNumber(" in=", record.requestByteCount, to: &buffer)
        appendNumber(" port=", Int(record.peer.port), to: &buffer)
        appendNumber(" conn=", Int(clamping: record.connectionID), to: &buffer)
        buffer.append(outcome.keepsAlive ? " kept=1" : " kept=0")
        if outcome.hasClientLeft { buffer.append(" left=1") }
        if let listener { appendString(" listener=", listener, to: &buffer) }
        if let trace = record.trace { appendText(" trace=", trace, of: record, to: &buffer) }
        if let refusal = record.refusal { appendString(" refused=", refusal, to: &buffer) }
        buffer.append(UInt8(ascii: "\n"))
    }

    private func appendOptional(_ name: StaticString, _ number: Int?, to buffer: inout ByteBuffer) {
        guard let number else {
            buffer.append(name)
            return buffer.append(UInt8(ascii: "-"))
        }
        appendNumber(name, number, to: &buffer)
    }

    /// `{"time":"…","peer":"…","connection":5,"method":"GET","target":"/v1/models","version":"HTTP/1.1","status":200,…}`
    private func appendJSON(
        _ record: AccessRecord, _ outcome: AccessOutcome, _ listener: String?, _ duration: Int64, to buffer: inout ByteBuffer,
        _ appendTime: (inout ByteBuffer) -> Void
    ) {
        buffer.append("{\"time\":\"")
        appendTime(&buffer)
        buffer.append("\",\"peer\":\"")
        record.peer.append(to: &buffer)
        buffer.append(UInt8(ascii: "\""))
        if let listener { appendString(",\"listener\":", listener, to: &buffer) }
        appendNumber(",\"connection\":", Int(clamping: record.connectionID), to: &buffer)
        if let method = record.method {
            buffer.append(",\"method\":\"")
            buffer.append(method.name)
            buffer.append("\"")
            if let target = record.target { appendText(",\"target\":", target, of: record, to: &buffer) }
            buffer.append(record.version == .http10 ? ",\"version\":\"HTTP/1.0\"" : ",\"version\":\"HTTP/1.1\"")
        } else if let line = record.target {
            appendText(",\"request_line\":", line, of: record, to: &buffer)
        }
        appendNumber(",\"status\":", outcome.status.code, to: &buffer)
        appendNumber(",\"request_bytes\":", record.requestByteCount, to: &buffer)
        appendNumber(",\"response_bytes\":", outcome.responseByteCount, to: &buffer)
        appendNumber(",\"duration_us\":", Int(duration / 1000), to: &buffer)
        if let subject = outcome.subject {
            appendString(",\"model\":", subject.model, to: &buffer)
            if let version = subject.version { appendNumber(",\"model_version\":", Int(version), to: &buffer) }
            if let rowCount = subject.rowCount { appendNumber(",\"rows\":", rowCount, to: &buffer) }
        }
        buffer.append(outcome.keepsAlive ? ",\"kept_alive\":true" : ",\"kept_alive\":false")
        if outcome.hasClientLeft { buffer.append(",\"client_left\":true") }
        if let requestID = record.requestID { appendText(",\"request_id\":", requestID, of: record, to: &buffer) }
        if let trace = record.trace { appendText(",\"traceparent\":", trace, of: record, to: &buffer) }
        if let userAgent = record.userAgent { appendText(",\"user_agent\":", userAgent, of: record, to: &buffer) }
        if let refusal = record.refusal { appendString(",\"refusal\":", refusal, to: &buffer) }
        buffer.append("}\n")
    }

    /// The request line as the combined log format has it; "-" when nothing of one came.
    private func appendRequestLine(_ record: AccessRecord, to buffer: inout ByteBuffer) {
        guard let target = record.target else { return buffer.append(UInt8(ascii: "-")) }
        guard let method = record.method else { return appendCut(target, of: record, to: &buffer) }
        buffer.append(method.name)
        buffer.append(UInt8(ascii: " "))
        appendCut(target, of: record, to: &buffer)
        buffer.append(record.version == .http10 ? " HTTP/1.0" : " HTTP/1.1")
    }

    private func appendNumber(_ name: StaticString, _ number: Int, to buffer: inout ByteBuffer) {
        buffer.append(name)
        buffer.append(decimal: number)
    }

    private func appendString(_ name: StaticString, _ value: String, to buffer: inout ByteBuffer) {
        buffer.append(name)
        buffer.append(UInt8(ascii: "\""))
        text.append(value, to: &buffer)
        buffer.append(UInt8(ascii: "\""))
    }

    private func appendText(
        _ name: StaticString, _ value: AccessRecord.Text, of record: AccessRecord, to buffer: inout ByteBuffer
    ) {
        buffer.append(name)
        buffer.append(UInt8(ascii: "\""))
        appendCut(value, of: record, to: &buffer)
        buffer.append(UInt8(ascii: "\""))
    }

    /// Appends what is kept of a text and, when it was cut, a mark with the length that it had: `…(3000 bytes)`.
    private func appendCut(_ value: AccessRecord.Text, of record: AccessRecord, to buffer: inout ByteBuffer) {
        unsafe record.withBytes(of: value) { bytes in unsafe text.append(bytes, to: &buffer) }
        guard value.sentByteCount > value.byteCount else { return }
        buffer.append("...(")
        buffer.append(decimal: value.sentByteCount)
        buffer.append(" bytes)")
    }
}

extension HTTPMethod {
    /// As `rawValue`, with no string made.
    fileprivate var name: StaticString {
        switch self {
        case .get: "GET"
        case .head: "HEAD"
        case .post: "POST"
        case .put: "PUT"
        case .delete: "DELETE"
        case .options: "OPTIONS"
        case .patch: "PATCH"
        case .trace: "TRACE"
        case .connect: "CONNECT"
        }
    }
}
