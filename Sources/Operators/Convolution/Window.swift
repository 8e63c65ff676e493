import GraphIR
import Tensors

/// A window over spatial axes, and where its outputs lie.
struct Window: Sendable {
    var axes: [Axis]

    /// One axis of a window.
    struct Axis: Sendable {
        /// nil while the weights' extent is unknown.
        var kernel: Int?
        var stride: Int
        var dilation: Int
        var padStart: Int
        var padEnd: Int
        var autoPadding: AutoPadding
        /// Whether a window that ends beyond the padding counts.
        var roundsUp = false

        /// Elements from the first to the last tap.
        var reach: Int? { kernel.map { ($0 - 1) * dilation + 1 } }
    }

    /// What an axis of known input extent gives.
    struct Placement: Sendable, Equatable {
        var output: Int
        var padStart: Int
        var padEnd: Int
    }
}

extension Window.Axis {
    /// The output's extent and the padding in force.
    ///
    /// - Throws: when the window does not fit into the padded input once, or the input is longer than any tensor: no sum or product
    ///   below overflows then, `WindowAttributes.limit` bounding the other terms.
    func place(input: Int, kernel: Int) throws(OperatorError) -> Window.Placement {
        try Self.check(input)
        let reach = (kernel - 1) * dilation + 1
        switch autoPadding {
        case .explicit: return try place(input, reach, padStart, padEnd)
        case .valid: return try place(input, reach, 0, 0)
        case .sameUpper, .sameLower:
            let output = (input + stride - 1) / stride
            let padding = max((output - 1) * stride + reach - input, 0)
            let start = autoPadding == .sameUpper ? padding / 2 : padding - padding / 2
            return Window.Placement(output: output, padStart: start, padEnd: padding - start)
        }
    }

    /// Refuses an input extent that no tensor has.
    static func check(_ input: Int) throws(OperatorError) {
        guard (0...Shape.maximumElementCount).contains(input) else {
            throw .invalidInput(index: 0, reason: "has an axis of \(input), expected 0 to \(Shape.maximumElementCount)")
        }
    }

    private func place(_ input: Int, _ reach: Int, _ start: Int, _ end: Int) throws(OperatorError) -> Window.Placement {
        let room = input + start + end - reach
        guard room >= 0 else {
            if input == 0 { return Window.Placement(output: 0, padStart: start, padEnd: end) }
            throw .invalidInput(
                index: 0,
                reason: "has an axis of \(input), padded \(input + start + end), smaller than a window that reaches over \(reach)"
            )
        }
        var output = (room + (roundsUp ? stride - 1 : 0)) / stride + 1
        // A window that would begin in the padding at the end is left out.
        if roundsUp, output > 1, (output - 1) * stride >= input + start { output -= 1 }
        return Window.Placement(output: output, padStart: start, padEnd: end)
    }

    /// The output's extent as far as it is known.
    func output(_ input: Dimension) throws(OperatorError) -> Dimension {
        guard let kernel else { return .unknown }
        if let extent = input.value { return .known(try place(input: extent, kernel: kernel).output) }
        return keepsExtent(kernel) ? input : .unknown
    }

    /// Whether the output is as long as the input, whatever that is.
    private func keepsExtent(_ kernel: Int) -> Bool {
        guard stride == 1 else { return false }
        switch autoPadding {
        case .sameUpper, .sameLower: return true
        case .valid: return kernel == 1
        case .explicit: return padStart + padEnd == (kernel - 1) * dilation
        }
    }
}

extension Window {
    /// Output extents of the spatial axes as far as they are known.
    func outputs(_ inputs: [Dimension]) throws(OperatorError) -> [Dimension] {
        var result: [Dimension] = []
        for (axis, input) in zip(axes, inputs) { result.append(try axis.output(input)) }
        return result
    }

    /// Placements for known input extents.
    ///
    /// - Precondition: every kernel extent is known.
    func placements(_ inputs: [Int]) throws(OperatorError) -> [Placement] {
        var result: [Placement] = []
        for (axis, input) in zip(axes, inputs) { result.append(try axis.place(input: input, kernel: axis.kernel ?? 1)) }
        return result
    }
}
