/// Builds a response in the connection's output: the body is written straight behind the head, whose length field is
/// filled in afterwards (RFC 9112 §4, §6.2).
enum ResponseWriter {
    struct Options {
        /// HEAD: the head of the answer alone, with the length that the content would have.
        var omitsContent = false
        var closes = false
        /// HTTP/1.0 clients that asked to keep the connection are told that it is kept.
        var confirmsKeepAlive = false
    }

    /// Room for the digits of any content length.
    private static let maxLengthDigits = 19

    // Named with their type, as a literal argument would be a String first.
    private static let lineEnd: StaticString = "\r\n"
    private static let colon: StaticString = ": "
    private static let statusLineStart: StaticString = "HTTP/1.1 "
    private static let lengthFieldStart: StaticString = "Content-Length: "
    private static let headEnd: StaticString = "\r\n\r\n"

    static func append(_ answer: Answer, _ options: Options, commonFields: borrowing ByteBuffer, to output: inout ByteBuffer) {
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
            appendContent(answer, options, to: &output)
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
    private static func appendContent(_ answer: Answer, _ options: Options, to output: inout ByteBuffer) {
        output.append(lengthFieldStart)
        let digitsStart = output.count
        _ = unsafe output.reserve(maxLengthDigits)
        output.commit(maxLengthDigits)
        output.append(headEnd)
        let bodyStart = output.count
        answer.writeBody(&output)
        let length = UInt(output.count - bodyStart)
        let digitsEnd = digitsStart + maxLengthDigits
        let firstDigit = unsafe writeDecimal(length, endingAt: digitsEnd, in: output.mutableBytes)
        if options.omitsContent { output.truncate(to: bodyStart) }
        output.close(gap: firstDigit - digitsStart, at: digitsStart)
    }
}
