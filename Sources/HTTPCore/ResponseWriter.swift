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

    static func append(_ answer: Answer, _ options: Options, commonFields: borrowing ByteBuffer, to output: inout ByteBuffer) {
        appendStatusLine(answer.status, to: &output)
        unsafe output.append(commonFields.bytes)
        if let contentType = answer.contentType { appendField("Content-Type", contentType, to: &output) }
        for header in answer.headers {
            output.append(header.name)
            output.append(": ")
            output.append(header.value)
            output.append("\r\n")
        }
        if options.closes {
            appendField("Connection", "close", to: &output)
        } else if options.confirmsKeepAlive {
            appendField("Connection", "keep-alive", to: &output)
        }
        if answer.status.allowsContent {
            appendContent(answer, options, to: &output)
        } else {
            output.append("\r\n")
        }
    }

    private static func appendStatusLine(_ status: HTTPStatus, to output: inout ByteBuffer) {
        output.append("HTTP/1.1 ")
        output.append(decimal: status.code)
        output.append(UInt8(ascii: " "))
        output.append(status.reason)
        output.append("\r\n")
    }

    private static func appendField(_ name: StaticString, _ value: StaticString, to output: inout ByteBuffer) {
        output.append(name)
        output.append(": ")
        output.append(value)
        output.append("\r\n")
    }

    /// The last field, Content-Length, is reserved in full width; once the length is known its digits are written at
    /// the right and what precedes them moves up. Moving a head is cheap, moving a body is not.
    private static func appendContent(_ answer: Answer, _ options: Options, to output: inout ByteBuffer) {
        output.append("Content-Length: ")
        let digitsStart = output.count
        _ = unsafe output.reserve(maxLengthDigits)
        output.commit(maxLengthDigits)
        output.append("\r\n\r\n")
        let bodyStart = output.count
        answer.writeBody(&output)
        let length = UInt(output.count - bodyStart)
        let digitsEnd = digitsStart + maxLengthDigits
        let firstDigit = unsafe writeDecimal(length, endingAt: digitsEnd, in: output.mutableBytes)
        if options.omitsContent { output.truncate(to: bodyStart) }
        output.close(gap: firstDigit - digitsStart, at: digitsStart)
    }
}
