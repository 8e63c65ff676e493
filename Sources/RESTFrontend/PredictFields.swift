import HTTPCore
import ModelServing
import ServableCore
import TensorCodecs
import Tensors

/// What the header fields of a predict request ask for, gathered in one pass.
struct PredictFields: Sendable {
    var timeout: Duration?
    /// Whether the client has chosen the timeout.
    var isTimeoutOfClient = false
    var priority = CallPriority.high
    var nonfinite: NonfiniteForm
    var content = RequestContent.json
    /// What the client prefers; nil follows from the request's content.
    var response: ResponseContent?
    private var rare = RareFields.none

    /// What few requests have, in memory of its own, so that the others carry nothing of it along.
    private indirect enum RareFields: Sendable {
        case none
        case some(Rare)
    }

    private struct Rare: Sendable {
        var signatureName: String?
        var outputs: [String] = []
        var shape: Shape?
        var elementType: ElementType?
        var scale: SampleScale?
    }

    private var rareValue: Rare? { if case .some(let rare) = rare { rare } else { nil } }

    /// Of a request whose body has no place for it.
    var signatureName: String? { rareValue?.signatureName }
    /// Of a request whose body names none; empty means all.
    var outputs: [String] { rareValue?.outputs ?? [] }
    /// Of a body of elements alone.
    var shape: Shape? { rareValue?.shape }
    var elementType: ElementType? { rareValue?.elementType }
    /// Of a picture.
    var scale: SampleScale? { rareValue?.scale }

    /// - Throws: `invalidArgument` that names the field, what was found and what was expected.
    init(_ request: borrowing Request, timeout limit: Duration?, nonfinite: NonfiniteForm) throws(ServableError) {
        timeout = limit
        self.nonfinite = nonfinite
        for index in 0..<request.headerCount {
            let (name, value) = unsafe request.header(at: index)
            try unsafe note(name, value, limit)
        }
        // Bytes without a shape are what TensorFlow Serving takes them for.
        if content == .raw, shape == nil { content = .json }
    }

    /// The length selects first, as most fields matter to nobody here.
    @inline(__always)
    private mutating func note(
        _ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, _ limit: Duration?
    ) throws(ServableError) {
        switch name.count {
        case 6 where unsafe Self.equals(name, "accept"): response = unsafe ResponseContent(accept: value)
        case 12 where unsafe Self.equals(name, "content-type"): content = unsafe RequestContent(mediaType: value)
        case 14 where unsafe Self.equals(name, "apus-nonfinite"): nonfinite = try unsafe Self.nonfinite(value)
        case 18 where unsafe Self.equals(name, "x-request-priority"): priority = try unsafe Self.priority(value)
        case 15, 16, 17, 19: try unsafe noteRare(name, value)
        case 20 where unsafe Self.equals(name, "x-request-timeout-ms"):
            timeout = try unsafe RequestTimeout.value(value, atMost: limit)
            isTimeoutOfClient = limit.map { timeout ?? $0 < $0 } ?? true
        default: break
        }
    }

    @inline(never)
    private mutating func noteRare(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws(ServableError) {
        var rare = rareValue ?? Rare()
        switch name.count {
        case 15 where unsafe Self.equals(name, "apus-image-mean"):
            rare.scale = rare.scale ?? SampleScale()
            rare.scale?.mean = try unsafe Self.numbers(value, "Apus-Image-Mean")
        case 16 where unsafe Self.equals(name, "apus-image-scale"):
            rare.scale = rare.scale ?? SampleScale()
            rare.scale?.scale = try unsafe Self.numbers(value, "Apus-Image-Scale")
        case 16 where unsafe Self.equals(name, "apus-tensor-type"): rare.elementType = try unsafe Self.elementType(value)
        case 17 where unsafe Self.equals(name, "apus-tensor-shape"): rare.shape = try unsafe Self.shape(value)
        case 19 where unsafe Self.equals(name, "apus-outputs-filter"): rare.outputs = try unsafe Self.names(value)
        case 19 where unsafe Self.equals(name, "apus-signature-name"): rare.signatureName = unsafe Self.text(value)
        default: return
        }
        self.rare = .some(rare)
    }

    // MARK: Values

    /// Longer texts are of no use here, and would only be quoted.
    private static let maximumTextByteCount = 1024
    private static let maximumNameCount = EnvelopeReader.maximumFilterCount

    private static func equals(_ name: UnsafeRawBufferPointer, _ word: StaticString) -> Bool { unsafe ModelPath.hasPrefix(name, word) }

    private static func text(_ value: UnsafeRawBufferPointer) -> String {
        unsafe String(decoding: value.prefix(maximumTextByteCount), as: UTF8.self)
    }

    private static func refusal(_ name: String, _ found: String, _ expected: String) -> ServableError {
        ServableError(.invalidArgument, "the header \(name) is \"\(found)\"; expected \(expected)")
    }

    private static func nonfinite(_ value: UnsafeRawBufferPointer) throws(ServableError) -> NonfiniteForm {
        let text = unsafe text(value)
        guard let form = NonfiniteForm(rawValue: text) else { throw refusal("Apus-Nonfinite", text, "bare, null or string") }
        return form
    }

    private static func priority(_ value: UnsafeRawBufferPointer) throws(ServableError) -> CallPriority {
        switch unsafe text(value) {
        case "high": return .high
        case "low": return .low
        case let text: throw refusal("X-Request-Priority", text, "high or low")
        }
    }

    private static func elementType(_ value: UnsafeRawBufferPointer) throws(ServableError) -> ElementType {
        let text = unsafe text(value)
        guard let type = ElementType.allCases.first(where: { $0.isDense && $0.name == text }) else {
            let names = ElementType.allCases.filter(\.isDense).map(\.name).joined(separator: ", ")
            throw refusal("Apus-Tensor-Type", text, "one of \(names)")
        }
        return type
    }

    private static func shape(_ value: UnsafeRawBufferPointer) throws(ServableError) -> Shape {
        let text = unsafe text(value)
        let extents = text.isEmpty ? [] : list(text).map { Int($0) ?? -1 }
        guard let shape = Shape(checking: extents) else {
            throw refusal("Apus-Tensor-Shape", text, "at most \(Shape.maximumRank) extents such as 1,224,224,3, and nothing for a scalar")
        }
        return shape
    }

    private static func numbers(_ value: UnsafeRawBufferPointer, _ name: String) throws(ServableError) -> [Float] {
        let text = unsafe text(value)
        let numbers = list(text).compactMap { Float($0) }.filter(\.isFinite)
        guard (1...4).contains(numbers.count), numbers.count == list(text).count else {
            throw refusal(name, text, "one number, or one for each channel, separated by commas")
        }
        return numbers
    }

    private static func names(_ value: UnsafeRawBufferPointer) throws(ServableError) -> [String] {
        let names = unsafe list(String(decoding: value, as: UTF8.self))
        guard names.count <= maximumNameCount, names.allSatisfy({ !$0.isEmpty }) else {
            throw unsafe refusal("Apus-Outputs-Filter", text(value), "at most \(maximumNameCount) names of outputs, separated by commas")
        }
        return names
    }

    /// The parts between commas, without the white space around them.
    private static func list(_ text: String) -> [String] {
        text.split(separator: ",", omittingEmptySubsequences: false).map { part in
            String(part.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
        }
    }
}

/// How long a request may take: the server's limit, or less when the client says so.
enum RequestTimeout {
    static let header: StaticString = "x-request-timeout-ms"

    /// As `value`, where a text that is no number counts as none.
    static func limit(_ text: String?, atMost limit: Duration?) -> Duration? {
        guard let milliseconds = text.flatMap({ Int64($0) }), milliseconds > 0 else { return limit }
        return shorter(milliseconds, limit)
    }

    /// A number that no duration holds is longer than any limit.
    private static func shorter(_ milliseconds: Int64, _ limit: Duration?) -> Duration {
        let wanted = Duration.milliseconds(min(milliseconds, 1 << 40))
        return limit.map { min($0, wanted) } ?? wanted
    }

    static func value(_ value: UnsafeRawBufferPointer, atMost limit: Duration?) throws(ServableError) -> Duration? {
        let text = unsafe String(decoding: value, as: UTF8.self)
        guard let milliseconds = Int64(text), milliseconds > 0 else {
            throw ServableError(
                .invalidArgument, "the header X-Request-Timeout-Ms is \"\(text)\"; expected a whole number of milliseconds above 0")
        }
        return shorter(milliseconds, limit)
    }
}
