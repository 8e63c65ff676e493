import GraphIR
import HTTPCore
import ModelServing
import RESTFrontend
import ServableCore
import Tensors

/// A predict body must be read alike in each of the ways that there are to read one, and what was read and is written must
/// be read as the same again.
enum TensorJSONFuzzing {
    private static let signatures: [[(name: String, type: ElementType)]] = [
        [("x", .float32)], [("x", .int64)], [("x", .string)], [("x", .float64), ("s", .string)], [("a", .bool), ("b", .uint8)],
    ]
    private static let limits = TensorJSONLimits(maximumDepth: 200, maximumRank: 6, maximumElementCount: 3000)

    private enum Reading {
        case tensors(TensorFormat, [TensorValue])
        case refusal(StatusCode)
    }

    static func violation(_ input: [UInt8]) -> String? {
        for (index, signature) in signatures.enumerated() {
            let addressing: PredictAddressing = index == 0 ? .body : .url
            let plain = read(input, signature, addressing)
            // Large bodies are read where they lie; whitespace in front changes nothing else.
            let inPlace = read([UInt8](repeating: 0x20, count: 1200) + input, signature, addressing)
            guard areEqual(plain, inPlace) else { return "\(signature): \(plain); behind whitespace: \(inPlace)" }
            // What follows the body means nothing, but it keeps the quick way from being taken.
            let withCare = read(input + Array(" .".utf8), signature, addressing)
            guard areEqual(plain, withCare) else { return "\(signature): \(plain); read with care: \(withCare)" }
            guard case .tensors(let format, let values) = plain, let text = write(format, values, signature) else { continue }
            let again = read(text, signature, .url)
            guard areEqual(plain, again) else {
                return "\(signature): \(plain); written as \(String(decoding: text, as: UTF8.self)), which is read as \(again)"
            }
        }
        return nil
    }

    private static func read(
        _ body: [UInt8], _ signature: [(name: String, type: ElementType)], _ addressing: PredictAddressing
    ) -> Reading {
        let inputs = signature.map { Signature.Parameter(name: $0.name, valueName: $0.name, type: TensorType($0.type, nil)) }
        let reader = PredictBodyReader(limits: limits)
        return Pieces.withExactMemory(body) { bytes in
            do throws(ServableError) {
                let result = try reader.read(bytes, addressing: addressing) { _ in inputs }
                return .tensors(result.format, result.inputs.values.compactMap(\.tensorValue))
            } catch {
                return .refusal(error.code)
            }
        }
    }

    /// The tensors as the body of a request; nil when there is no such text.
    private static func write(
        _ format: TensorFormat, _ values: [TensorValue], _ signature: [(name: String, type: ElementType)]
    ) -> [UInt8]? {
        var buffer = ByteBuffer()
        do throws(ServableError) {
            let named = zip(signature, values).map { (name: $0.name, value: $1) }
            try TensorPayload.append(named, format: format, to: &buffer)
        } catch {
            return nil
        }
        let text = String(decoding: buffer.bytes, as: UTF8.self)
        // Bytes that are no UTF-8 pass through strings; this way of changing the name would repair them.
        guard text.utf8.elementsEqual(buffer.bytes) else { return nil }
        let (answered, asked) = format == .row ? ("\"predictions\":", "\"instances\":") : ("\"outputs\":", "\"inputs\":")
        return Array("{\(asked)\(text.dropFirst(answered.count))}".utf8)
    }

    private static func areEqual(_ left: Reading, _ right: Reading) -> Bool {
        switch (left, right) {
        case (.refusal(let left), .refusal(let right)): left == right
        case (.tensors(let leftFormat, let left), .tensors(let rightFormat, let right)):
            leftFormat == rightFormat && left.count == right.count && zip(left, right).allSatisfy(areEqual)
        default: false
        }
    }

    private static func areEqual(_ left: TensorValue, _ right: TensorValue) -> Bool {
        switch (left, right) {
        case (.dense(let left), .dense(let right)):
            left.spec == right.spec && left.withBytes { left in right.withBytes { left.elementsEqual($0) } }
        case (.strings(let left), .strings(let right)): left == right
        default: false
        }
    }
}
