import GraphIR
import Tensors

/// The same elements under another shape.
///
/// - Shapes: data […] → […] of equal element count. In the wanted shape 0 keeps the extent of the same axis (unless
///   `allowsZero`), one -1 stands for what is left.
/// - Source: ONNX operator Reshape; opset 1 has the shape as an attribute, opset 5 and later as an input. TensorFlow's Reshape.
struct Reshape: ElementMover {
    /// The wanted shape when it is an attribute.
    var shape: [Int]?
    var allowsZero = false

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(shape == nil ? 2...2 : 1...2)
        let data = try inputs.dense(0)
        guard let wanted = try inputs.parameters(1, or: shape) else {
            let rank = try inputs.parameterCount(1)
            return [ValueFact(data.elementType, rank.map(SymbolicShape.init(unknownRank:)))]
        }
        return [ValueFact(data.elementType, try result(of: data.shape, wanted: wanted).checked("the output"))]
    }

    var shapeOperands: Set<Int> { shape == nil ? [1] : [] }

    /// A wanted shape that is the same for every number of rows must also fit a single row in the same way.
    func rows(_ inputs: RowInputs) -> RowFlow {
        .following { () throws(OperatorError) in
            guard let axis = inputs.onlyAxis(), let data = inputs.extents(0), let wanted = shape ?? inputs.integers(1) else {
                return .mixed(RowReason.parameter)
            }
            let output = try result(of: SymbolicShape(Shape(data)), wanted: wanted).concrete?.extents ?? []
            guard let place = inputs.axis(of: output, holding: axis, of: data) else { return .mixed(RowReason.merged) }
            if shape != nil || inputs.isFixed(1) {
                let row = SymbolicShape(Shape(inputs.extentsOfOneRow(data, axis: axis)))
                let outputOfOneRow = SymbolicShape(Shape(inputs.extentsOfOneRow(output, axis: place)))
                guard try result(of: row, wanted: wanted) == outputOfOneRow else {
                    return .mixed("gives another shape to each number of rows")
                }
            }
            return .rows(axis: place, of: inputs)
        }
    }

    func compile(_ context: CompileContext) -> CompiledOperator { .view(of: 0) }

    private func result(of input: SymbolicShape?, wanted: [Int]) throws(OperatorError) -> SymbolicShape {
        guard wanted.count <= Shape.maximumRank else {
            throw .invalidValue("asks for rank \(wanted.count), at most \(Shape.maximumRank) is possible")
        }
        var output = SymbolicShape(unknownRank: wanted.count)
        var open: Int?
        for (axis, extent) in wanted.enumerated() {
            switch extent {
            case 0 where !allowsZero:
                guard let input else { continue }
                guard axis < input.rank else {
                    throw .invalidValue("wanted shape \(wanted) keeps axis \(axis), which input 0 of shape \(input) has not")
                }
                output[axis] = input[axis]
            case -1:
                guard open == nil else { throw .invalidValue("wanted shape \(wanted) has more than one -1") }
                open = axis
            case 0...: output[axis] = .known(extent)
            default: throw .invalidValue("wanted shape \(wanted) has the negative extent \(extent)")
            }
        }
        guard let input else { return output }
        let remaining = Remaining(of: input, without: output, except: open)
        if let open {
            output[open] = try remaining.quotient(wanted: wanted, input: input)
        } else if remaining.isSettled, remaining.inputCount != remaining.outputCount {
            throw .invalidValue(
                "input 0 of shape \(input) has \(remaining.inputCount) elements, wanted shape \(wanted) has "
                    + "\(remaining.outputCount)"
            )
        }
        return output
    }
}

/// What is left of the input's element count after the wanted extents took theirs; symbols cancel by name.
private struct Remaining {
    var inputCount = 1
    var outputCount = 1
    private var symbols: [Dimension] = []
    private var isKnowable = true

    init(of input: SymbolicShape, without output: SymbolicShape, except open: Int?) {
        for dimension in input.dimensions { take(dimension, into: \.inputCount) { $0.symbols.append($1) } }
        for (axis, dimension) in output.dimensions.enumerated() where axis != open {
            take(dimension, into: \.outputCount) { remaining, dimension in
                if let same = remaining.symbols.firstIndex(of: dimension) {
                    remaining.symbols.remove(at: same)
                } else {
                    remaining.isKnowable = false
                }
            }
        }
    }

    private mutating func take(
        _ dimension: Dimension, into count: WritableKeyPath<Remaining, Int>,
        symbolic: (inout Remaining, Dimension) -> Void
    ) {
        switch dimension {
        case .known(let extent):
            let (product, overflow) = self[keyPath: count].multipliedReportingOverflow(by: extent)
            self[keyPath: count] = product
            if overflow { isKnowable = false }
        case .symbol: symbolic(&self, dimension)
        case .unknown: isKnowable = false
        }
    }

    /// Whether both element counts are known up to what cancels.
    var isSettled: Bool { isKnowable && symbols.isEmpty }

    /// The extent that -1 stands for.
    func quotient(wanted: [Int], input: SymbolicShape) throws(OperatorError) -> Dimension {
        guard isKnowable else { return .unknown }
        if symbols.isEmpty {
            guard outputCount > 0, inputCount % outputCount == 0 else {
                throw .invalidValue(
                    "input 0 of shape \(input) cannot take the wanted shape \(wanted): \(inputCount) elements do not divide "
                        + "by \(outputCount)"
                )
            }
            return .known(inputCount / outputCount)
        }
        return symbols.count == 1 && inputCount == outputCount ? symbols[0] : .unknown
    }
}

extension Reshape {
    static let spellings: [OperatorSpelling] = [
        .onnx("Reshape", through: 4) { reader throws(OperatorError) in
            guard let shape = try reader.integers("shape") else {
                throw .invalidAttribute(name: "shape", reason: "is missing")
            }
            return Reshape(shape: shape)
        },
        .onnx("Reshape", since: 5) { reader throws(OperatorError) in
            Reshape(allowsZero: reader.version >= 14 ? try reader.flag("allowzero", default: false) : false)
        },
        .tensorFlow("Reshape") { _ throws(OperatorError) in Reshape(allowsZero: true) },
    ]
}
