package import ServableCore

/// What a predict request says besides its tensors.
package struct PredictEnvelope: Sendable, Equatable {
    /// Nil when the body names none.
    package var model: String?
    package var selector: VersionSelector = .latest
    /// As the body has it; absent and empty mean the default signature.
    package var signatureName: String?
    /// Names of the outputs that are wanted; empty means all.
    package var outputs: [String] = []

    package init(model: String? = nil, selector: VersionSelector = .latest, signatureName: String? = nil) {
        self.model = model
        self.selector = selector
        self.signatureName = signatureName
    }
}

/// Where a predict request says which model it means.
package enum PredictAddressing: Sendable {
    /// In its URL: of the body only `signature_name` and `outputs_filter` count.
    case url
    /// In its body: `model`, and `version` or `label`.
    case body
}

/// Collects the members of an envelope, in whatever order they come.
struct EnvelopeReader {
    private(set) var envelope = PredictEnvelope()
    private let addressing: PredictAddressing
    /// Nothing that is served has a longer name, and one that is not found is quoted in the response and in the metrics.
    private static let maxNameBytes = 1024
    /// More outputs than any signature has.
    static let maximumFilterCount = 1024
    /// One bit a name.
    private var seen: UInt8 = 0

    private enum Name: UInt8 {
        case signatureName = 1, outputsFilter = 16
        case model = 2, version = 4, label = 8
    }

    init(_ addressing: PredictAddressing) { self.addressing = addressing }

    /// Takes a member of the body's object when it is one of the envelope's; the first of equal names counts.
    ///
    /// - Parameter value: at the first byte of a sound value.
    /// - Returns: whether the name is one of the envelope's.
    mutating func take(
        _ name: JSONString, _ value: UnsafePointer<UInt8>, _ text: SentinelText, document: () -> String
    ) throws(ServableError) -> Bool {
        guard let known = member(name) else { return false }
        guard seen & known.rawValue == 0 else { return true }
        seen |= known.rawValue
        switch known {
        case .signatureName:
            guard let string = unsafe string(value, text) else {
                let message = "JSON Value: \(document()) not formatted correctly. 'signature_name' key must be a string value."
                throw ServableError(.invalidArgument, message)
            }
            envelope.signatureName = string
        case .outputsFilter:
            guard let names = unsafe names(value, text) else {
                throw mistyped("outputs_filter", "a list of at most \(Self.maximumFilterCount) names of outputs")
            }
            envelope.outputs = names
        case .model:
            guard let string = unsafe string(value, text) else { throw mistyped("model", "a string") }
            envelope.model = string
        case .label:
            guard let string = unsafe string(value, text) else { throw mistyped("label", "a string") }
            try select(.label(string))
        case .version:
            guard let number = unsafe integer(value, text), number >= 0 else {
                throw mistyped("version", "a number without fraction, at least 0")
            }
            try select(.version(number))
        }
        return true
    }

    private func member(_ name: JSONString) -> Name? {
        if name.spells("signature_name") { return .signatureName }
        if name.spells("outputs_filter") { return .outputsFilter }
        guard addressing == .body else { return nil }
        if name.spells("model") { return .model }
        if name.spells("version") { return .version }
        return name.spells("label") ? .label : nil
    }

    private mutating func select(_ selector: VersionSelector) throws(ServableError) {
        guard envelope.selector == .latest else {
            throw ServableError(.invalidArgument, "both 'version' and 'label' are given; name the version by one of them")
        }
        envelope.selector = selector
    }

    private func mistyped(_ name: String, _ expected: String) -> ServableError {
        ServableError(.invalidArgument, "'\(name)' must be \(expected)")
    }

    private func string(_ value: UnsafePointer<UInt8>, _ text: SentinelText) -> String? {
        unsafe value.pointee == UInt8(ascii: "\"") ? JSONString(at: value, end: text.end).text(cutAt: Self.maxNameBytes) : nil
    }

    /// The strings of a sound list of nothing else.
    private func names(_ value: UnsafePointer<UInt8>, _ text: SentinelText) -> [String]? {
        guard unsafe value.pointee == UInt8(ascii: "[") else { return nil }
        var position = unsafe value + 1, names: [String] = []
        unsafe JSONBytes.skipWhitespace(&position)
        if unsafe position.pointee == UInt8(ascii: "]") { return [] }
        while names.count < Self.maximumFilterCount, unsafe position.pointee == UInt8(ascii: "\"") {
            let name = unsafe JSONString(at: position, end: text.end)
            names.append(name.text(cutAt: Self.maxNameBytes))
            unsafe position += name.byteCount
            unsafe JSONBytes.skipWhitespace(&position)
            if unsafe position.pointee == UInt8(ascii: "]") { return names }
            unsafe position += 1
            unsafe JSONBytes.skipWhitespace(&position)
        }
        return nil
    }

    private func integer(_ value: UnsafePointer<UInt8>, _ text: SentinelText) -> Int64? {
        unsafe ElementReaders.Integer<Int64>.read(value, text.readableEnd, PowersOfFive.table)?.value
    }
}
