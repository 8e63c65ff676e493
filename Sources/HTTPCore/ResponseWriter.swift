/// Builds a response in the connection's output: the body is written straight behind the head, whose length field is
/// filled in afterwards (RFC 9112 §4, §6.2).
enum ResponseWriter {
    struct Options {
        /// HEAD: the head of the response alone, with the length that the content would have.
        var omitsContent = false
        var closes = false
        /// HTTP/1.0 clients that want the connection kept need a confirmation.
        var confirmsKeepAlive = false
        /// How the client prefers content.
        var preference = ContentPreference.none
        var compression = ResponseCompression.whenLarge
        /// Bytes from which on content is compressed for clients that prefer it.
        var compressionThreshold = Int.max
        /// The response travels encrypted.
        var isEncrypted = false

        /// Whether content is compressed because the client asks for it, whatever its size.
        var isAsked: Bool { compression == .whenAsked && preference.isWish && compressionThreshold < .max }
    }

    /// Room for the digits of any content length, and for the field that may follow them.
    private static let reservedByteCount = 19 + 23
    private static let varyField: StaticString = "\r\nVary: Accept-Encoding"
    private static let encodingField: StaticString = "\r\nContent-Encoding: "

    // Named with their type, as a literal argument would be a String first.
    private static let lineEnd: StaticString = "\r\n"
    private static let colon: StaticString = ": "
    private static let lengthFieldStart: StaticString = "Content-Length: "
    private static let headEnd: StaticString = "\r\n\r\n"
    static let jsonType: StaticString = "application/json"

    /// Where the parts of a response under construction lie in the output.
    struct Place {
        fileprivate let digitsStart: Int
        fileprivate let contentStart: Int
    }

    static func append(
        _ response: Response, _ options: Options, _ identity: RequestIdentity, _ context: ConnectionContext,
        to output: inout ByteBuffer
    ) {
        appendStart(response.status, contentType: response.contentType, context, to: &output)
        identity.appendFields(to: &output)
        for header in response.headers { header.append(to: &output) }
        if case .built(let content) = response.content { unsafe output.append(content.fields.bytes) }
        appendConnection(options, context, to: &output)
        guard response.status.allowsContent else { return output.append(lineEnd) }
        switch response.content {
        case .built(let content):
            content.appendDescription(to: &output)
            if !options.omitsContent { content.move(to: &output, &context.pool) }
        case .written(let write):
            let place = beginContent(to: &output)
            write(&output)
            var options = options
            if response.headers.contains(where: \.isContentEncoding) { options.compressionThreshold = .max }
            end(place, options, context.coder, &output)
        }
    }

    /// Begins a response, in JSON unless another type is given; its content is to be appended next.
    static func beginJSON(
        _ status: HTTPStatus, _ contentType: StaticString?, _ fields: (inout ByteBuffer) -> Void, _ options: Options,
        _ identity: RequestIdentity, _ context: ConnectionContext, to output: inout ByteBuffer
    ) -> Place {
        if status == .ok, contentType == nil {
            unsafe output.append(context.startOfJSON.bytes)
        } else {
            appendStart(status, contentType: contentType ?? jsonType, context, to: &output)
        }
        identity.appendFields(to: &output)
        fields(&output)
        appendConnection(options, context, to: &output)
        return beginContent(to: &output)
    }

    /// Ends a response once its content lies in the output.
    ///
    /// The digits of the length are written at the right of their place and what precedes them moves up. Moving a head is
    /// cheap, moving a body is not.
    static func end(_ place: Place, _ options: Options, _ coder: ContentCoder, _ output: inout ByteBuffer) {
        let length = output.count - place.contentStart
        var digitsEnd = place.digitsStart + reservedByteCount
        // What is large, or may be asked for, is sent in several forms, and caches have to know that (RFC 9110 §12.5.5).
        if length >= options.compressionThreshold || options.compression == .whenAsked {
            if length >= options.compressionThreshold || options.isAsked, compress(place, options, coder, &output) { return }
            digitsEnd -= varyField.utf8CodeUnitCount
            output.overwrite(at: digitsEnd, varyField)
        }
        let firstDigit = unsafe writeDecimal(UInt(length), endingAt: digitsEnd, in: output.mutableBytes)
        if options.omitsContent { output.truncate(to: place.contentStart) }
        output.close(gap: firstDigit - place.digitsStart, at: place.digitsStart)
    }

    /// Puts the content's compressed form, and the fields that belong to it, in the place of the content that has been
    /// written.
    ///
    /// - Returns: false, with nothing changed, when the client prefers it as it is, or the compressed form would be no shorter.
    private static func compress(
        _ place: Place, _ options: Options, _ coder: ContentCoder, _ output: inout ByteBuffer
    ) -> Bool {
        var compressed = ByteBuffer()
        let content = unsafe UnsafeRawBufferPointer(rebasing: output.bytes[place.contentStart...])
        guard let coding = options.preference.coding,
            unsafe coder.compress(content, coding, isAsked: options.isAsked, into: &compressed)
        else { return false }
        output.truncate(to: place.digitsStart)
        output.append(decimal: compressed.count)
        output.append(varyField)
        output.append(encodingField)
        output.append(coding.name)
        output.append(headEnd)
        if !options.omitsContent { unsafe output.append(compressed.bytes) }
        return true
    }

    /// The status line, and the fields that every response has.
    static func appendStart(
        _ status: HTTPStatus, contentType: StaticString?, _ context: ConnectionContext, to output: inout ByteBuffer
    ) {
        let version: StaticString = "HTTP/1.1 "
        output.append(version)
        output.append(decimal: status.code)
        output.append(UInt8(ascii: " "))
        output.append(status.reason)
        output.append(lineEnd)
        unsafe output.append(context.commonFields.bytes)
        if let contentType { appendField("Content-Type", contentType, to: &output) }
    }

    private static func appendConnection(_ options: Options, _ context: ConnectionContext, to output: inout ByteBuffer) {
        if options.isEncrypted { unsafe output.append(context.encryptedFields.bytes) }
        if options.closes {
            appendField("Connection", "close", to: &output)
        } else if options.confirmsKeepAlive {
            appendField("Connection", "keep-alive", to: &output)
        }
    }

    /// The last field but one, Content-Length, is reserved in full width.
    private static func beginContent(to output: inout ByteBuffer) -> Place {
        output.append(lengthFieldStart)
        let digitsStart = output.count
        _ = unsafe output.reserve(reservedByteCount)
        output.commit(reservedByteCount)
        output.append(headEnd)
        return Place(digitsStart: digitsStart, contentStart: output.count)
    }

    private static func appendField(_ name: StaticString, _ value: StaticString, to output: inout ByteBuffer) {
        output.append(name)
        output.append(colon)
        output.append(value)
        output.append(lineEnd)
    }
}
