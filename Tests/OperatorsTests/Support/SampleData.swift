import Tensors
import Testing

/// Reproducible numbers without a pattern.
enum SampleData {
    /// Multiples of 1/1024 in -1 … 1: exact in every floating-point type of a test.
    static func values(_ count: Int, seed: UInt64 = 1) -> [Double] {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 0x2545_F491_4F6C_DD1D
        return (0..<count).map { _ in
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return Double(Int(state >> 40 & 2047) - 1024) / 1024
        }
    }

    static func floats(_ shape: Shape, seed: UInt64 = 1) -> Tensor {
        Tensor(values(shape.elementCount, seed: seed).map(Float.init), shape: shape)
    }

    static func doubles(_ shape: Shape, seed: UInt64 = 1) -> Tensor {
        Tensor(values(shape.elementCount, seed: seed), shape: shape)
    }
}

/// Checks a result against a reference of the same shape.
///
/// - Parameter scale: what a sum's rounding errors grow with, about the sum of magnitudes.
func expectClose(
    _ found: Tensor, _ expected: [Double], shape: [Int], scale: Double = 1, _ comment: @autoclosure () -> String = "",
    sourceLocation: SourceLocation = #_sourceLocation
) {
    let note = comment()
    #expect(found.shape.extents == shape, "\(note)", sourceLocation: sourceLocation)
    let values = found.numbers
    guard values.count == expected.count else {
        Issue.record("\(note): \(values.count) elements, expected \(expected.count)", sourceLocation: sourceLocation)
        return
    }
    let tolerance = (found.elementType == .float64 ? 1e-13 : 1e-6) * max(scale, 1)
    let worst = zip(values, expected).enumerated().first { _, pair in
        !(abs(pair.0 - pair.1) <= tolerance * max(1, abs(pair.1)) || pair.0 == pair.1 || (pair.0.isNaN && pair.1.isNaN))
    }
    if let (index, (value, wanted)) = worst {
        Issue.record("\(note): element \(index) is \(value), expected \(wanted)", sourceLocation: sourceLocation)
    }
}

/// Checks that `work` throws an error whose text holds every one of `words`.
func expectRefusal(
    _ words: [String], sourceLocation: SourceLocation = #_sourceLocation, _ work: () throws -> Void
) {
    do {
        try work()
        Issue.record("nothing was refused", sourceLocation: sourceLocation)
    } catch {
        for word in words { #expect("\(error)".contains(word), "\(error)", sourceLocation: sourceLocation) }
    }
}
