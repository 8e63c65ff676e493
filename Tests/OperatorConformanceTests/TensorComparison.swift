import Foundation
import Tensors

/// How far a computed value may be from the expected one.
struct Tolerance: Sendable, Equatable {
    var relative: Double
    var absolute: Double
    /// For quantized models: the cosine between all values that alone decides, when given.
    var minimumCosine: Double?

    /// Of ONNX's own node tests.
    static let nodeTests = Tolerance(relative: 1e-3, absolute: 1e-7)
}

/// Compares a computed tensor with the expected one.
enum TensorComparison {
    /// - Returns: what differs, nil when nothing does. Types and shapes must be equal, integers and booleans too; floating
    ///   point values pass when |got - want| ≤ absolute + relative·|want|, NaN equals NaN.
    static func difference(_ got: Tensor, _ want: Tensor, _ tolerance: Tolerance) -> String? {
        guard got.spec == want.spec else { return "is \(got.spec), expected \(want.spec)" }
        guard want.elementType.isFloatingPoint else { return integerDifference(got, want) }
        let got = reals(got), want = reals(want)
        if let floor = tolerance.minimumCosine { return cosineDifference(got, want, floor) }
        var wrong = 0
        var first = ""
        for (index, (value, expected)) in zip(got, want).enumerated() {
            let isClose = abs(value - expected) <= tolerance.absolute + tolerance.relative * abs(expected)
            if value == expected || isClose && expected.isFinite || value.isNaN && expected.isNaN { continue }
            if wrong == 0 { first = "element \(index) is \(value), expected \(expected)" }
            wrong += 1
        }
        return wrong == 0 ? nil : "differs in \(wrong) of \(want.count) elements: \(first)"
    }

    private static func integerDifference(_ got: Tensor, _ want: Tensor) -> String? {
        let width = want.elementType.byteCount
        return got.withBytes { got in
            want.withBytes { want in
                guard let byte = zip(got, want).enumerated().first(where: { $1.0 != $1.1 })?.offset else { return nil }
                return "differs at element \(byte / width)"
            }
        }
    }

    private static func cosineDifference(_ got: [Double], _ want: [Double], _ floor: Double) -> String? {
        let product = zip(got, want).reduce(0) { $0 + $1.0 * $1.1 }
        let lengths = (got.reduce(0) { $0 + $1 * $1 } * want.reduce(0) { $0 + $1 * $1 }).squareRoot()
        let cosine = product / max(lengths, .leastNormalMagnitude)
        return cosine >= floor ? nil : "has the cosine \(cosine) to what is expected, at least \(floor) is wanted"
    }

    private static func reals(_ tensor: Tensor) -> [Double] {
        switch tensor.elementType {
        case .float32: tensor.values(Float.self).map(Double.init)
        case .float64: tensor.values(Double.self)
        case .float16: bits(tensor).map { Double(HalfPrecision.float(fromBinary16: $0)) }
        case .bfloat16: bits(tensor).map { Double(HalfPrecision.float(fromBFloat16: $0)) }
        case let type:
            tensor.withBytes { codes in codes.compactMap { code in type.narrow.map { Double($0.value(of: code)) } } }
        }
    }

    private static func bits(_ tensor: Tensor) -> [UInt16] {
        tensor.withBytes { bytes in
            (0..<tensor.elementCount).map { bytes.loadUnaligned(fromByteOffset: $0 * 2, as: UInt16.self) }
        }
    }
}
