/// Builds a response in the connection's output: the body is written straight behind the head, whose length field is
/// filled in afterwards (RFC 9112 §4, §6.2).
enum ResponseWriter {
    struct Options {
        /// HEAD: the head of the answer alone, with the length that the content would have.
        var omitsContent = false
        var closes = false
        /// HTTP/1.0 clients that asked to keep the connection are told that it is kept.
        var confirmsKeepAlive = false
        /// The client asks for compressed content.
        var prefersGzip = false
        /// Bytes from which on content is compressed for those who ask.
        var compressionThreshold = Int.max
    }

    /// Room for the digits of any content length.
    private static let maxLengthDigits = 19
    private static let varyField: StaticString = "\r\nVary: Accept-Encoding"
    private static let gzipField: StaticString = "\r\nContent-Encoding: gzip"

    // Named with their type, as a literal argument would be a String first.
    private static let lineEnd: StaticString = "\r\n"
    private static let colon: StaticString = ": "
    private static let statusLineStart: StaticString = "HTTP/1.1 "
    private static let lengthFieldStart: StaticString = "Content-Length: "
    private static let headEnd: StaticString = "\r\n\r\n"

    static func append(
        _ answer: Answer, _ options: Options, commonFields: borrowing ByteBuffer, coder: ContentCoder, to output: inout ByteBuffer
    ) {
        output.append(statusLineStart)
        output.append(decimal: answer.status.code)
        output.append(UInt8(ascii: " "))
        output.append(answer.status.reason)
        output.append(lineEnd)
        unsafe output.append(commonFields.bytes)
        if let contentType = answer.contentType { appendField("Content-Type", contentType, to: &output) }
        for header in answer.headers {
            output.append(header.name)
            output.append(colon)
            output.append(header.value)
            output.append(lineEnd)
        }
        if options.closes {
            appendField("Connection", "close", to: &output)
        } else if options.confirmsKeepAlive {
            appendField("Connection", "keep-alive", to: &output)
        }
        if answer.status.allowsContent {
            appendContent(answer, options, coder, to: &output)
        } else {
            output.append(lineEnd)
        }
    }

    private static func appendField(_ name: StaticString, _ value: StaticString, to output: inout ByteBuffer) {
        output.append(name)
        output.append(colon)
        output.append(value)
        output.append(lineEnd)
    }

    /// The last field, Content-Length, is reserved in full width; once the length is known its digits are written at
    /// the right and what precedes them moves up. Moving a head is cheap, moving a body is not.
    private static func appendContent(_ answer: Answer, _ options: Options, _ coder: ContentCoder, to output: inout ByteBuffer) {
        output.append(lengthFieldStart)
        let digitsStart = output.count
        let reserved = maxLengthDigits + varyField.utf8CodeUnitCount
        _ = unsafe output.reserve(reserved)
        output.commit(reserved)
        output.append(headEnd)
        let bodyStart = output.count
        answer.writeBody(&output)
        let length = output.count - bodyStart
        var digitsEnd = digitsStart + reserved
        // What is large is sent in two forms, and caches have to know that (RFC 9110 §12.5.5).
        if length >= options.compressionThreshold, !answer.headers.contains(where: \.isContentEncoding) {
            if options.prefersGzip, compress(from: bodyStart, fieldsFrom: digitsStart, options, coder, &output) { return }
            digitsEnd -= varyField.utf8CodeUnitCount
            output.overwrite(at: digitsEnd, varyField)
        }
        let firstDigit = unsafe writeDecimal(UInt(length), endingAt: digitsEnd, in: output.mutableBytes)
        if options.omitsContent { output.truncate(to: bodyStart) }
        output.close(gap: firstDigit - digitsStart, at: digitsStart)
    }

    /// Puts the content's compressed form, and the fields that belong to it, in the place of the content that has been
    /// written; answers false when it would be no shorter.
    private static func compress(
        from bodyStart: Int, fieldsFrom digitsStart: Int, _ options: Options, _ coder: ContentCoder, _ output: inout ByteBuffer
    ) -> Bool {
        var compressed = ByteBuffer()
        let content = unsafe UnsafeRawBufferPointer(rebasing: output.bytes[bodyStart...])
        guard unsafe coder.gzip(content, into: &compressed) else { return false }
        output.truncate(to: digitsStart)
        output.append(decimal: compressed.count)
        output.append(varyField)
        output.append(gzipField)
        output.append(headEnd)
        if !options.omitsContent { unsafe output.append(compressed.bytes) }
        return true
    }
}
