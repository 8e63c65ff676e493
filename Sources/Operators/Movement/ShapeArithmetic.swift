import GraphIR
import Tensors

/// The shape that two shapes broadcast to.
///
/// - Shapes: [m], [n] of int32 or int64 → [max(m, n)].
/// - Source: TensorFlow's BroadcastArgs.
struct BroadcastArguments: Operator {
    var name: String { "BroadcastArgs" }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        let type = try Self.checkShapes(inputs)
        guard let left = inputs[0]?.shape?[0].value, let right = inputs[1]?.shape?[0].value else {
            return [ValueFact(type, SymbolicShape([.unknown]))]
        }
        return [ValueFact(type, [max(left, right)])]
    }

    static func checkShapes(_ inputs: OperatorInputs) throws(OperatorError) -> ElementType {
        try inputs.checkCount(2...2)
        let type = try inputs.indices(0).elementType
        try inputs.checkSameType(1, as: 0)
        for index in 0..<2 {
            if let rank = inputs[index]?.rank, rank != 1 { throw .invalidInput(index: index, reason: "has rank \(rank), expected 1") }
        }
        return type
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let left = try context.input(0), right = try context.input(1), result = context.outputs[0]
        return CompiledOperator(
            LoopKernel { (context) throws(OperatorError) in
                let a = IntegerMemory(context.input(0), left), b = IntegerMemory(context.input(1), right)
                for place in 0..<result.shape[0] {
                    let first = a[fromEnd: place], second = b[fromEnd: place]
                    guard first == second || first == 1 || second == 1 else {
                        throw .invalidValue("extents \(first) and \(second) do not broadcast")
                    }
                    IntegerMemory.store(
                        first == 1 ? second : first, context.output(0), result.elementType, result.shape[0] - 1 - place)
                }
            })
    }
}

/// The axes over which the gradients of two broadcast operands are summed.
///
/// - Shapes: [m], [n] of int32 or int64 → two lists of axes.
/// - Source: TensorFlow's BroadcastGradientArgs.
struct BroadcastGradientArguments: Operator {
    var name: String { "BroadcastGradientArgs" }
    var shapeOperands: Set<Int> { [0, 1] }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        let type = try BroadcastArguments.checkShapes(inputs)
        guard let left = inputs[0]?.integers, let right = inputs[1]?.integers else {
            let list = ValueFact(type, SymbolicShape([.unknown]))
            return [list, list]
        }
        return try reductions(left, right, type).map(ValueFact.init(constant:))
    }

    private func reductions(_ left: [Int], _ right: [Int], _ type: ElementType) throws(OperatorError) -> [Tensor] {
        var axes: (left: [Int], right: [Int]) = ([], [])
        let rank = max(left.count, right.count)
        for axis in 0..<rank where left != right {
            let a = axis + left.count - rank, b = axis + right.count - rank
            let first = a < 0 ? 1 : left[a], second = b < 0 ? 1 : right[b]
            guard first == second || first == 1 || second == 1 else {
                throw .invalidValue("extents \(first) and \(second) do not broadcast")
            }
            if first == 1 { axes.left.append(axis) }
            if second == 1 { axes.right.append(axis) }
        }
        return [try type.counts(axes.left, shape: [axes.left.count]), try type.counts(axes.right, shape: [axes.right.count])]
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let type = try context.input(0).elementType
        return CompiledOperator(
            ConstantKernel(tensors: try reductions(context.parameters(0), context.parameters(1), type)))
    }
}

/// Where each of the inputs of a concatenation begins in the result.
///
/// - Shapes: an axis, k × [rank] extents → k × [rank].
/// - Source: TensorFlow's ConcatOffset.
struct ConcatOffset: Operator {
    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...Int(Int32.max))
        if let shape = try inputs.indices(0).shape?.concrete, shape.elementCount != 1 {
            throw .invalidInput(index: 0, reason: "has shape \(shape), expected one axis")
        }
        var results: [ValueFact] = []
        for index in 1..<inputs.count {
            let shape = try inputs.indices(index)
            try inputs.checkSameType(index, as: 1)
            if let rank = shape.rank, rank != 1 { throw .invalidInput(index: index, reason: "has rank \(rank), expected 1") }
            if let other = inputs[1]?.shape, let own = shape.shape, Dimension.unified(other[0], own[0]) == nil {
                throw .invalidInput(index: index, reason: "has \(own[0]) extents, the first shape has \(other[0])")
            }
            results.append(ValueFact(shape.type))
        }
        return results
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let axisSpec = try context.input(0), spec = try context.input(1), count = context.inputs.count - 1
        let rank = spec.shape.elementCount
        return CompiledOperator(
            LoopKernel { (context) throws(OperatorError) in
                let axis = try Axes.resolve(IntegerMemory(context.input(0), axisSpec)[0], rank: rank)
                let first = IntegerMemory(context.input(1), spec)
                var offset = 0
                for index in 0..<count {
                    let shape = IntegerMemory(context.input(index + 1), spec)
                    for place in 0..<rank {
                        guard place == axis || shape[place] == first[place] else {
                            throw .invalidValue("shapes 0 and \(index) differ along axis \(place): \(first[place]) and \(shape[place])")
                        }
                        IntegerMemory.store(place == axis ? offset : 0, context.output(index), spec.elementType, place)
                    }
                    offset &+= shape[axis]
                }
            })
    }
}

/// Integers of int32 or int64 as they lie in memory.
struct IntegerMemory {
    private let address: UnsafeRawPointer
    private let isWide: Bool
    let count: Int

    init(_ address: UnsafeRawPointer, _ spec: TensorSpec) {
        self.address = address
        isWide = spec.elementType == .int64
        count = spec.shape.elementCount
    }

    @inline(__always)
    subscript(index: Int) -> Int {
        isWide
            ? Int(address.assumingMemoryBound(to: Int64.self)[index]) : Int(address.assumingMemoryBound(to: Int32.self)[index])
    }

    /// Counted from the last one; 1 before the first.
    subscript(fromEnd index: Int) -> Int { index < count ? self[count - 1 - index] : 1 }

    @inline(__always)
    static func store(_ value: Int, _ address: UnsafeMutableRawPointer, _ type: ElementType, _ index: Int) {
        if type == .int64 {
            address.assumingMemoryBound(to: Int64.self)[index] = Int64(value)
        } else {
            address.assumingMemoryBound(to: Int32.self)[index] = Int32(truncatingIfNeeded: value)
        }
    }
}

enum ShapeArithmeticOperators {
    static let spellings: [OperatorSpelling] = [
        .tensorFlow("BroadcastArgs") { _ throws(OperatorError) in BroadcastArguments() },
        .tensorFlow("BroadcastGradientArgs") { _ throws(OperatorError) in BroadcastGradientArguments() },
        .tensorFlow("ConcatOffset") { _ throws(OperatorError) in ConcatOffset() },
    ]
}
