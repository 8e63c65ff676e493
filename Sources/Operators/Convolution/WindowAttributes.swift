import GraphIR
import Tensors

/// How padding is stated: by numbers, or by a rule that the input's extents decide.
package enum AutoPadding: String, CaseIterable, Sendable {
    case explicit = "NOTSET"
    /// ceil(input / stride) outputs; an odd element of padding goes to the end.
    case sameUpper = "SAME_UPPER"
    /// As `sameUpper`, the odd element goes to the start.
    case sameLower = "SAME_LOWER"
    case valid = "VALID"
}

/// The attributes that convolutions and poolings share: a window that moves over the spatial axes.
///
/// Source: ONNX attributes `kernel_shape`, `strides`, `dilations`, `pads`, `auto_pad`.
package struct WindowAttributes: Sendable {
    var kernel: [Int]?
    var strides: [Int]?
    var dilations: [Int]?
    /// All starts, then all ends.
    var pads: [Int]?
    var autoPadding = AutoPadding.explicit

    /// Keeps every sum and product of window attributes far from overflow.
    static let limit = 1 << 24

    package init(
        kernel: [Int]? = nil, strides: [Int]? = nil, dilations: [Int]? = nil, pads: [Int]? = nil,
        autoPadding: AutoPadding = .explicit
    ) {
        self.kernel = kernel
        self.strides = strides
        self.dilations = dilations
        self.pads = pads
        self.autoPadding = autoPadding
    }

    init(_ attributes: AttributeReader) throws(OperatorError) {
        kernel = try Self.list(attributes, "kernel_shape", atLeast: 1)
        strides = try Self.list(attributes, "strides", atLeast: 1)
        dilations = try Self.list(attributes, "dilations", atLeast: 1)
        pads = try Self.list(attributes, "pads", atLeast: 0)
        autoPadding = try attributes.choice("auto_pad", default: .explicit)
    }

    static func list(
        _ attributes: AttributeReader, _ name: String, atLeast minimum: Int
    ) throws(OperatorError) -> [Int]? {
        guard let values = try attributes.integers(name) else { return nil }
        try check(name, values, atLeast: minimum)
        return values
    }

    /// Refuses values outside `minimum ... limit`.
    static func check(_ name: String, _ values: [Int], atLeast minimum: Int) throws(OperatorError) {
        for value in values where !(minimum...limit).contains(value) {
            throw .invalidAttribute(name: name, reason: "holds \(value), expected values of \(minimum) to \(limit)")
        }
    }

    /// The window over `axes` spatial axes.
    ///
    /// - Parameter weights: the kernel extents that the weights show, where there are weights.
    func window(axes: Int, weights: [Dimension]? = nil) throws(OperatorError) -> Window {
        try check("strides", strides, count: axes, atLeast: 1)
        try check("dilations", dilations, count: axes, atLeast: 1)
        try check("pads", pads, count: 2 * axes, atLeast: 0)
        try check("kernel_shape", kernel, count: axes, atLeast: 1)
        var extents = kernel.map { $0.map { Dimension.known($0) } }
        if let weights {
            if let kernel, zip(kernel, weights).contains(where: { $1.value != nil && $1.value != $0 }) {
                throw .invalidAttribute(
                    name: "kernel_shape", reason: "is \(kernel), the weights are \(SymbolicShape(weights))")
            }
            for extent in weights.compactMap(\.value) where !(1...Self.limit).contains(extent) {
                throw .invalidInput(index: 1, reason: "has a kernel axis of \(extent), expected 1 to \(Self.limit)")
            }
            extents = weights
        }
        guard let extents else { throw .invalidAttribute(name: "kernel_shape", reason: "is missing") }
        let pads = pads ?? [Int](repeating: 0, count: 2 * axes)
        return Window(
            axes: (0..<axes).map { axis in
                Window.Axis(
                    kernel: extents[axis].value, stride: strides?[axis] ?? 1, dilation: dilations?[axis] ?? 1,
                    padStart: pads[axis], padEnd: pads[axes + axis], autoPadding: autoPadding)
            })
    }

    private func check(_ name: String, _ values: [Int]?, count: Int, atLeast minimum: Int) throws(OperatorError) {
        guard let values else { return }
        guard values.count == count else {
            throw .invalidAttribute(name: name, reason: "has \(values.count) values, expected \(count)")
        }
        try Self.check(name, values, atLeast: minimum)
    }
}
