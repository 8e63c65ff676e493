import GraphIR
import Tensors

/// Reads of a variable's slices, addressed by rows or by index tuples.
enum VariableGather {
    static let spellings: [OperatorSpelling] = [
        .tensorFlow("ResourceGather") { reader throws(OperatorError) in
            let batchAxes = try reader.integer("batch_dims", default: 0)
            return VariableOperator("ResourceGather", effects: .readsResource) { inputs throws(OperatorError) in
                try inputs.checkCount(2...2)
                let type = try inputs.variable(), indices = try inputs.indices(1)
                guard let shape = type.shape, let chosen = indices.shape else {
                    return [ValueFact(type.elementType, nil as SymbolicShape?)]
                }
                guard batchAxes >= 0, batchAxes < shape.rank, batchAxes <= chosen.rank else {
                    throw .invalidAttribute(name: "batch_dims", reason: "is \(batchAxes) for \(type) and indices \(chosen)")
                }
                let dimensions = chosen.dimensions + shape.dimensions.dropFirst(batchAxes + 1)
                return [ValueFact(type.elementType, SymbolicShape(dimensions))]
            } run: { context throws(OperatorError) in
                let variable = try context.variable()
                return [try rows(of: try variable.read(), batchAxes, variable, context)]
            }
        },
        .tensorFlow("ResourceGatherNd") { _ throws(OperatorError) in
            VariableOperator("ResourceGatherNd", effects: .readsResource) { inputs throws(OperatorError) in
                try inputs.checkCount(2...2)
                let type = try inputs.variable(), indices = try inputs.indices(1)
                guard let shape = type.shape, let tuples = indices.shape, let depth = tuples.dimensions.last?.value else {
                    return [ValueFact(type.elementType, nil as SymbolicShape?)]
                }
                guard depth <= shape.rank else { throw .invalidInput(index: 1, reason: "has tuples of \(depth) for \(type)") }
                let dimensions = tuples.dimensions.dropLast() + shape.dimensions.dropFirst(depth)
                return [ValueFact(type.elementType, SymbolicShape(Array(dimensions)))]
            } run: { context throws(OperatorError) in
                let variable = try context.variable()
                return [try tuples(of: try variable.read(), variable, context)]
            }
        },
    ]

    private static func rows(
        of value: RuntimeValue, _ batchAxes: Int, _ variable: Variable, _ context: EvaluationContext
    ) throws(OperatorError) -> RuntimeValue {
        let indexShape = try context.required(1).shape, indices = try context.integers(1)
        guard let shape = value.tensorShape, batchAxes >= 0, batchAxes < shape.rank, batchAxes <= indexShape.rank,
            shape.extents[..<batchAxes] == indexShape.extents[..<batchAxes]
        else { throw .invalidValue("reads rows of \(value.kind) by indices of shape \(indexShape)") }
        let extent = shape[batchAxes], length = shape.elementCount(in: batchAxes + 1..<shape.rank)
        let batchLength = indexShape.elementCount(in: batchAxes..<indexShape.rank)
        var places: [Int] = []
        places.reserveCapacity(indices.count)
        for (position, index) in indices.enumerated() {
            guard index >= 0, index < extent else { throw .variableIndex(index, position, extent, variable) }
            places.append(((batchLength == 0 ? 0 : position / batchLength) * extent + index) * length)
        }
        let result = try Shape(checked: indexShape.extents + shape.extents.dropFirst(batchAxes + 1), what: "the rows")
        return try slices(of: value, places, length: length, shape: result, context)
    }

    private static func tuples(
        of value: RuntimeValue, _ variable: Variable, _ context: EvaluationContext
    ) throws(OperatorError) -> RuntimeValue {
        let indexShape = try context.required(1).shape, indices = try context.integers(1)
        guard let shape = value.tensorShape, let depth = indexShape.extents.last, depth <= shape.rank else {
            throw .invalidValue("reads slices of \(value.kind) by indices of shape \(indexShape)")
        }
        let strides = shape.strides
        var places: [Int] = []
        for tuple in 0..<indexShape.elementCount(in: 0..<indexShape.rank - 1) {
            var place = 0
            for axis in 0..<depth {
                let index = indices[tuple * depth + axis]
                guard index >= 0, index < shape[axis] else { throw .variableIndex(index, tuple, shape[axis], variable) }
                place += index * strides[axis]
            }
            places.append(place)
        }
        let result = try Shape(checked: indexShape.extents.dropLast() + shape.extents.dropFirst(depth), what: "the slices")
        return try slices(of: value, places, length: shape.elementCount(in: depth..<shape.rank), shape: result, context)
    }

    private static func slices(
        of value: RuntimeValue, _ places: [Int], length: Int, shape: Shape, _ context: EvaluationContext
    ) throws(OperatorError) -> RuntimeValue {
        switch value {
        case .tensor(let tensor):
            let width = tensor.elementType.byteCount
            return .tensor(
                try context.makeTensor(TensorSpec(tensor.elementType, shape)) { bytes in
                    tensor.withBytes { source in
                        guard let target = bytes.baseAddress, let base = source.baseAddress else { return }
                        for (position, place) in places.enumerated() {
                            (target + position * length * width).copyMemory(from: base + place * width, byteCount: length * width)
                        }
                    }
                })
        case .strings(let strings):
            return .strings(StringTensor(shape: shape, elements: places.flatMap { strings.elements[$0..<$0 + length] }))
        default: throw .invalidValue("reads \(value.kind) as a tensor")
        }
    }
}
