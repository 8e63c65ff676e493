package import GraphIR
package import ModelServing
package import ServableCore
import Tensors

/// The tensors of a predict request, and how they were written.
package typealias PredictBody = (format: TensorFormat, inputs: CallInputs)

/// Reads the bodies of predict requests: TensorFlow Serving's (section 5 of its REST contract) and `/predict`'s.
///
/// Two ways lead to the same result. Most bodies name model and signature before their tensors, so the tensors can be read in the
/// one pass that finds them. Whatever is not so, or not right, is read again with care: first the whole text is checked, then
/// the target looked up, then the tensors read, so that faults are reported in that order.
package struct PredictBodyReader: Sendable {
    /// Finds what the envelope names and returns the inputs of its signature; called once or twice for a body, and the last
    /// result counts.
    package typealias Resolve = (PredictEnvelope) throws(ServableError) -> [Signature.Parameter]

    private let dialect: TensorJSONDialect
    private let limits: TensorJSONLimits

    package init(dialect: TensorJSONDialect = .extended, limits: TensorJSONLimits = .init()) {
        self.dialect = dialect
        self.limits = limits
    }

    package func read(
        _ body: UnsafeRawBufferPointer, addressing: PredictAddressing, resolve: Resolve
    ) throws(ServableError) -> PredictBody {
        let bytes = unsafe body.assumingMemoryBound(to: UInt8.self)
        return try unsafe withUnsafeTemporaryAllocation(of: Int.self, capacity: ListLevels.wordCount(limits)) {
            (memory) throws(ServableError) in
            // Temporary memory always has an address.
            let levels = unsafe ListLevels(memory.baseAddress.unsafelyUnwrapped, limits)
            if let text = unsafe SentinelText(bytes),
                let result = text.withMargin({ readInOnePass($0, levels, addressing, resolve) })
            {
                return result
            }
            return try unsafe readWithCare(bytes, levels, addressing, resolve)
        }
    }

    /// Nil when the body is not sound, not complete, or in an order that needs a second look.
    private func readInOnePass(
        _ text: SentinelText, _ levels: ListLevels, _ addressing: PredictAddressing, _ resolve: Resolve
    ) -> PredictBody? {
        // Values stand one level below the body's object.
        let validator = unsafe JSONValidator(text.bytes, maximumDepth: limits.maximumDepth - 1)
        var envelope = EnvelopeReader(addressing)
        var result: PredictBody?
        do {
            var offset = validator.skipWhitespace(0)
            guard validator.byte(offset) == UInt8(ascii: "{") else { return nil }
            repeat {
                let nameOffset = validator.skipWhitespace(offset + 1)
                if let (format, value) = try tensors(nameOffset, validator, text) {
                    guard result == nil else { return nil }
                    var position = unsafe text.start + value
                    let inputs = try unsafe decoder(try resolve(envelope.envelope), levels).read(format, &position, text)
                    result = (format, inputs)
                    offset = unsafe position - text.start
                } else {
                    let value = try validator.skipName(nameOffset)
                    offset = try validator.skipValue(value)
                    let name = unsafe JSONString(at: text.start + nameOffset, end: text.end)
                    let isEnvelope = try unsafe envelope.take(name, text.start + value, text) { "" }
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

    /// The format that the member at `start` is for, and where its value begins; nil when its name is another.
    @inline(__always)
    private func tensors(
        _ start: Int, _ validator: JSONValidator, _ text: SentinelText
    ) throws(JSONSyntaxError) -> (TensorFormat, value: Int)? {
        // These letters are hardly ever escaped, so that names are compared as they stand before the string is parsed.
        guard let (format, next) = unsafe TensorFormat.plainName(at: text.start + start, text.end) else {
            let value = try validator.skipName(start)
            return unsafe TensorFormat(memberName: JSONString(at: text.start + start, end: text.end)).map { ($0, value) }
        }
        return unsafe (format, try validator.skipColon(next - text.start))
    }

    private func readWithCare(
        _ bytes: UnsafeBufferPointer<UInt8>, _ levels: ListLevels, _ addressing: PredictAddressing, _ resolve: Resolve
    ) throws(ServableError) -> PredictBody {
        let outline: RequestOutline
        do {
            outline = try unsafe RequestOutline(bytes, addressing, limits)
        } catch let error as JSONSyntaxError {
            throw error.serving
        } catch let error as ServableError {
            throw error
        } catch {
            throw ServableError(wrapping: error)
        }
        let inputs = try resolve(outline.envelope)
        guard !inputs.isEmpty else {
            let name = outline.envelope.signatureName.flatMap { $0.isEmpty ? nil : $0 } ?? "DEFAULT"
            throw ServableError(.invalidArgument, "Failed to get input map for signature: \(name)")
        }
        let (format, start) = try unsafe outline.tensors()
        var position = unsafe start
        do {
            return unsafe (format, try decoder(inputs, levels).read(format, &position, outline.text))
        } catch DecodeFault.refused(let error) {
            throw error
        } catch {
            // The text was found sound before, so that reader and validator contradict each other: a fault of this module.
            throw ServableError(.internal, "tensor JSON was checked but could not be read; please report this request")
        }
    }

    private func decoder(_ inputs: [Signature.Parameter], _ levels: ListLevels) -> TensorDecoder {
        TensorDecoder(inputs: inputs, dialect: dialect, limits: limits, levels: levels)
    }
}
