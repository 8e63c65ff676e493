package import GraphIR
package import ServableCore

/// The two ways to lay out tensors in a request; the answer follows the request's.
package enum TensorFormat: Sendable {
    /// `instances` → `predictions`
    case row
    /// `inputs` → `outputs`
    case columnar
}

/// A predict request, read and addressed.
package struct PredictBody<Target> {
    package let target: Target
    package let signature: Signature
    package let format: TensorFormat
    /// In the order of `signature.inputs`.
    package let inputs: [TensorValue]
}

/// Reads the bodies of predict requests: TensorFlow Serving's (section 5 of its REST contract) and `/predict`'s.
///
/// Two ways lead to the same result. Most bodies name model and signature before their tensors, so the tensors can be read in the
/// one pass that finds them. Whatever is not so, or not right, is read again with care: first the whole text is checked, then
/// the target looked up, then the tensors read, so that faults are told in that order.
package struct PredictBodyReader: Sendable {
    private let dialect: TensorJSONDialect
    private let limits: TensorJSONLimits

    package init(dialect: TensorJSONDialect = .extended, limits: TensorJSONLimits = .init()) {
        self.dialect = dialect
        self.limits = limits
    }

    /// - Parameter resolve: finds what the envelope names; called once or twice.
    package func read<Target>(
        _ body: UnsafeRawBufferPointer, addressing: PredictAddressing,
        resolve: (PredictEnvelope) throws(ServableError) -> (target: Target, signature: Signature)
    ) throws(ServableError) -> PredictBody<Target> {
        let bytes = body.assumingMemoryBound(to: UInt8.self)
        if let result = readInOnePass(bytes, addressing, resolve) { return result }
        return try readWithCare(bytes, addressing, resolve)
    }

    /// Nil when the body is not sound, not complete, or in an order that needs a second look.
    private func readInOnePass<Target>(
        _ bytes: UnsafeBufferPointer<UInt8>, _ addressing: PredictAddressing,
        _ resolve: (PredictEnvelope) throws(ServableError) -> (target: Target, signature: Signature)
    ) -> PredictBody<Target>? {
        let text = bytes.prefix((bytes.lastIndex { !JSONBytes.isWhitespace($0) } ?? -1) + 1)
        guard text.last == UInt8(ascii: "}"), let base = bytes.baseAddress else { return nil }
        let end = base + text.count
        // Values stand one level below the body's object.
        let validator = JSONValidator(UnsafeBufferPointer(rebasing: text), maximumDepth: limits.maximumDepth - 1)
        var envelope = EnvelopeReader(addressing)
        var result: PredictBody<Target>?
        do {
            var offset = validator.skipWhitespace(0)
            guard validator.byte(offset) == UInt8(ascii: "{") else { return nil }
            repeat {
                let nameOffset = validator.skipWhitespace(offset + 1)
                offset = try validator.skipName(nameOffset)
                let name = JSONString(at: base + nameOffset, end: end)
                if let format = TensorFormat(memberName: name) {
                    guard result == nil else { return nil }
                    let (target, signature) = try resolve(envelope.envelope)
                    var position = base + offset
                    let inputs = try readTensors(&position, end, format, signature)
                    result = PredictBody(target: target, signature: signature, format: format, inputs: inputs)
                    offset = position - base
                } else {
                    let valueOffset = offset
                    offset = try validator.skipValue(offset)
                    let isEnvelope = try envelope.take(name, base + valueOffset, end) { "" }
                    // What the tensors were read by may be another signature than this names.
                    guard !isEnvelope || result == nil else { return nil }
                }
                offset = validator.skipWhitespace(offset)
            } while validator.byte(offset) == UInt8(ascii: ",")
            return validator.byte(offset) == UInt8(ascii: "}") ? result : nil
        } catch {
            return nil
        }
    }

    private func readWithCare<Target>(
        _ bytes: UnsafeBufferPointer<UInt8>, _ addressing: PredictAddressing,
        _ resolve: (PredictEnvelope) throws(ServableError) -> (target: Target, signature: Signature)
    ) throws(ServableError) -> PredictBody<Target> {
        let outline: RequestOutline
        do {
            outline = try RequestOutline(bytes, addressing, limits)
        } catch let error as JSONSyntaxError {
            throw error.serving
        } catch let error as ServableError {
            throw error
        } catch {
            throw ServableError(wrapping: error)
        }
        let (target, signature) = try resolve(outline.envelope)
        guard !signature.inputs.isEmpty else {
            let name = outline.envelope.signatureName.flatMap { $0.isEmpty ? nil : $0 } ?? "DEFAULT"
            throw ServableError(.invalidArgument, "Failed to get input map for signature: \(name)")
        }
        let (format, start) = try outline.tensors()
        var position = start
        do {
            let inputs = try readTensors(&position, outline.end, format, signature)
            return PredictBody(target: target, signature: signature, format: format, inputs: inputs)
        } catch DecodeFault.refused(let error) {
            throw error
        } catch {
            // The text was found sound before, so that reader and validator contradict each other: ours is the fault.
            throw ServableError(.internal, "tensor JSON was checked but could not be read; please report this request")
        }
    }

    private func readTensors(
        _ position: inout UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, _ format: TensorFormat, _ signature: Signature
    ) throws(DecodeFault) -> [TensorValue] {
        let decoder = TensorDecoder(
            signature.inputs, dialect: dialect, limits: limits, textByteCount: end - position)
        return switch format {
        case .row: try decoder.readRows(&position, end)
        case .columnar: try decoder.readColumns(&position, end)
        }
    }
}

extension TensorFormat {
    fileprivate init?(memberName: JSONString) {
        if memberName.equals("instances") {
            self = .row
        } else if memberName.equals("inputs") {
            self = .columnar
        } else {
            return nil
        }
    }
}

/// The members of a body that was found to be sound JSON, by their places.
private struct RequestOutline {
    private(set) var envelope = PredictEnvelope()
    /// After the closing brace.
    let end: UnsafePointer<UInt8>
    private var rows: UnsafePointer<UInt8>?
    private var columns: UnsafePointer<UInt8>?
    private let document: JSONValue

    init(_ bytes: UnsafeBufferPointer<UInt8>, _ addressing: PredictAddressing, _ limits: TensorJSONLimits) throws {
        let validator = JSONValidator(bytes, maximumDepth: limits.maximumDepth)
        let start = validator.skipWhitespace(0)
        guard start < bytes.count, let base = bytes.baseAddress else {
            throw JSONSyntaxError(reason: .emptyDocument, offset: start)
        }
        // What follows the first value does not count.
        end = base + (try validator.skipValue(start))
        document = JSONValue(base + start, end, maximumDepth: limits.maximumDepth)
        guard base[start] == UInt8(ascii: "{") else {
            throw ServableError(.invalidArgument, "JSON Value: \(document.quotation) Is not object")
        }
        var reader = EnvelopeReader(addressing)
        var offset = validator.skipWhitespace(start + 1)
        while validator.byte(offset) != UInt8(ascii: "}") {
            let name = JSONString(at: base + offset, end: end)
            let value = try validator.skipName(offset)
            switch TensorFormat(memberName: name) {
            case .row: rows = rows ?? base + value
            case .columnar: columns = columns ?? base + value
            case nil: _ = try reader.take(name, base + value, end) { [document] in document.quotation }
            }
            offset = validator.skipWhitespace(try validator.skipValue(value))
            if validator.byte(offset) == UInt8(ascii: ",") { offset = validator.skipWhitespace(offset + 1) }
        }
        envelope = reader.envelope
    }

    /// Where the tensors are.
    func tensors() throws(ServableError) -> (TensorFormat, UnsafePointer<UInt8>) {
        switch (rows, columns) {
        case (let rows?, nil): return (.row, rows)
        case (nil, let columns?): return (.columnar, columns)
        case (nil, nil): throw ServableError(.invalidArgument, "Missing 'inputs' or 'instances' key")
        case (_?, _?):
            let message = "Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist "
            throw ServableError(.invalidArgument, "JSON Value: \(document.quotation) \(message)")
        }
    }
}
