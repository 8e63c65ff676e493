import TensorCodecs
import Tensors

/// What the body of a predict request is, by its `Content-Type`.
enum RequestContent: Sendable, Equatable {
    /// Whatever is not named below: clients of TensorFlow Serving send all sorts of types, and curl sends a form's.
    case json
    /// `application/x-npy`
    case npy
    /// `application/x-npz`
    case npz
    /// `application/octet-stream` with `Apus-Tensor-Shape`
    case raw
    /// `image/jpeg`, `image/png`
    case picture(Picture.Format)

    /// Media types without their parameters, compared as bytes: most requests have one, and few one of these.
    init(mediaType value: UnsafeRawBufferPointer) {
        let type = unsafe MediaRange.essence(value[...])
        switch unsafe type.count {
        case 9 where unsafe MediaRange.equals(type, "image/png"): self = .picture(.png)
        case 10 where unsafe MediaRange.equals(type, "image/jpeg"): self = .picture(.jpeg)
        case 17 where unsafe MediaRange.equals(type, "application/x-npy"): self = .npy
        case 17 where unsafe MediaRange.equals(type, "application/x-npz"): self = .npz
        case 24 where unsafe MediaRange.equals(type, "application/octet-stream"): self = .raw
        default: self = .json
        }
    }
}

/// What the content of a response is.
enum ResponseContent: Sendable {
    case json, npy, npz, raw

    /// What an `Accept` field prefers (RFC 9110 §12.5.1); nil when it leaves the choice to the server, or names nothing that there is,
    /// as TensorFlow Serving answers JSON whatever a client accepts.
    init?(accept value: UnsafeRawBufferPointer) {
        // What most clients send.
        if unsafe value.elementsEqual("*/*".utf8) { return nil }
        var best: (content: ResponseContent?, weight: Int)?
        let ranges = unsafe value.split(separator: UInt8(ascii: ","))
        for index in unsafe ranges.indices {
            let range = unsafe ranges[index]
            guard let content = unsafe Self.content(MediaRange.essence(range)) else { continue }
            let weight = unsafe MediaRange.weight(range)
            if weight > best?.weight ?? 0 { best = (content, weight) }
        }
        guard let content = best?.content else { return nil }
        self = content
    }

    /// Nil for what there is not; `.some(nil)` for a range of types.
    private static func content(_ type: MediaRange.Text) -> ResponseContent?? {
        if unsafe MediaRange.equals(type, "application/json") { return .json }
        if unsafe MediaRange.equals(type, "application/x-npy") { return .npy }
        if unsafe MediaRange.equals(type, "application/x-npz") { return .npz }
        if unsafe MediaRange.equals(type, "application/octet-stream") { return .raw }
        return unsafe MediaRange.equals(type, "*/*") || MediaRange.equals(type, "application/*") ? .some(nil) : nil
    }
}

/// One element of an `Accept` field, or the value of `Content-Type`, as bytes.
enum MediaRange {
    typealias Text = Slice<UnsafeRawBufferPointer>

    /// Type and subtype: what stands before the parameters, without the white space around it.
    static func essence(_ text: Text) -> Text {
        let end = unsafe text.firstIndex(of: UInt8(ascii: ";")) ?? text.endIndex
        return unsafe trimmed(text[..<end])
    }

    /// The parameter `q` in thousandths; 1000 when there is none or it is no number.
    static func weight(_ text: Text) -> Int {
        let parameters = unsafe text.split(separator: UInt8(ascii: ";")).dropFirst()
        for index in unsafe parameters.indices {
            let trimmed = unsafe trimmed(parameters[index])
            guard unsafe trimmed.count > 2, unsafe ModelPath.hasPrefix(UnsafeRawBufferPointer(rebasing: trimmed), "q=") else { continue }
            let weight = unsafe Double(String(decoding: trimmed.dropFirst(2), as: UTF8.self)) ?? 1
            return weight >= 0 && weight <= 1 ? Int(weight * 1000) : 1000
        }
        return 1000
    }

    /// Whether the text is this word, given in lower case, without regard to case.
    static func equals(_ text: Text, _ word: StaticString) -> Bool {
        unsafe text.count == word.utf8CodeUnitCount && ModelPath.hasPrefix(UnsafeRawBufferPointer(rebasing: text), word)
    }

    static func trimmed(_ text: Text) -> Text {
        var text = unsafe text
        while let first = unsafe text.first, first == 0x20 || first == 0x09 { unsafe text = text.dropFirst() }
        while let last = unsafe text.last, last == 0x20 || last == 0x09 { unsafe text = text.dropLast() }
        return unsafe text
    }
}
