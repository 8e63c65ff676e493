import GraphIR
import Tensors

/// Updates of a variable's slices, addressed by rows or by index tuples. Indices outside the variable are refused, before anything
/// is changed for others to see; equal indices are applied in their order.
enum VariableScatter {
    private static let kinds: [(suffix: String, update: VariableUpdate)] = [
        ("Update", .assign), ("Add", .add), ("Sub", .subtract), ("Mul", .multiply), ("Div", .divide), ("Min", .minimum), ("Max", .maximum),
    ]

    static let spellings: [OperatorSpelling] = kinds.flatMap { kind in
        VariableOperator.updates("ResourceScatter\(kind.suffix)", reference: "Scatter\(kind.suffix)", inputCount: 3) {
            _ throws(OperatorError) in
            { tensor, variable, context throws(OperatorError) in try rows(kind.update, tensor, variable, context) }
        }
            + VariableOperator.updates("ResourceScatterNd\(kind.suffix)", reference: "ScatterNd\(kind.suffix)", inputCount: 3) {
                reader throws(OperatorError) in
                let ignoresBadIndices = try reader.string("bad_indices_policy", default: "") == "IGNORE"
                return { tensor, variable, context throws(OperatorError) in
                    try tuples(kind.update, ignoresBadIndices, tensor, variable, context)
                }
            }
    }

    /// - Shapes: variable [n, s…], indices [i…], updates [i…, s…] or a scalar.
    private static func rows(
        _ update: VariableUpdate, _ tensor: Tensor, _ variable: Variable, _ context: EvaluationContext
    ) throws(OperatorError) -> Tensor {
        let (indexShape, indices) = try indices(context), updates = try updates(of: tensor, context)
        guard let rowCount = tensor.shape.extents.first else { throw .invalidValue("updates rows of the scalar \"\(variable.name)\"") }
        let expected = indexShape.extents + tensor.shape.extents.dropFirst()
        guard updates.shape.rank == 0 || updates.shape.extents == expected else {
            throw .invalidInput(index: 2, reason: "has shape \(updates.shape), expected \(expected) or a scalar")
        }
        for (position, index) in indices.enumerated() where index < 0 || index >= rowCount {
            throw .variableIndex(index, position, rowCount, variable)
        }
        let length = tensor.shape.elementCount(in: 1..<tensor.shape.rank)
        return try apply(
            update, tensor, places: indices.map { $0 * length }, length: length, updates, isSingle: updates.shape.rank == 0, context)
    }

    /// - Shapes: variable [d…, s…], indices [i…, k] with as many d as k says, updates [i…, s…].
    private static func tuples(
        _ update: VariableUpdate, _ ignoresBadIndices: Bool, _ tensor: Tensor, _ variable: Variable, _ context: EvaluationContext
    ) throws(OperatorError) -> Tensor {
        let (indexShape, indices) = try indices(context), updates = try updates(of: tensor, context)
        guard let depth = indexShape.extents.last, depth <= tensor.shape.rank else {
            throw .invalidInput(index: 1, reason: "has shape \(indexShape), no tuples of indices into \(tensor.spec)")
        }
        let expected = indexShape.extents.dropLast() + tensor.shape.extents.dropFirst(depth)
        guard updates.shape.extents == Array(expected) else {
            throw .invalidInput(index: 2, reason: "has shape \(updates.shape), expected \(Array(expected))")
        }
        let count = indexShape.elementCount(in: 0..<indexShape.rank - 1), strides = tensor.shape.strides
        var places: [Int?] = []
        places.reserveCapacity(count)
        for tuple in 0..<count {
            var place: Int? = 0
            for axis in 0..<depth {
                let index = indices[tuple * depth + axis]
                if index < 0 || index >= tensor.shape[axis] {
                    guard ignoresBadIndices else { throw .variableIndex(index, tuple, tensor.shape[axis], variable) }
                    place = nil
                    break
                }
                place = place.map { $0 + index * strides[axis] }
            }
            places.append(place)
        }
        return try apply(
            update, tensor, places: places, length: tensor.shape.elementCount(in: depth..<tensor.shape.rank), updates, isSingle: false,
            context)
    }

    private static func indices(_ context: EvaluationContext) throws(OperatorError) -> (Shape, [Int]) {
        let view = try context.required(1)
        guard view.elementType == .int32 || view.elementType == .int64, let indices = view.integers else {
            throw .invalidInput(index: 1, reason: "is \(view.spec), expected int32 or int64 indices")
        }
        return (view.shape, indices)
    }

    private static func updates(of tensor: Tensor, _ context: EvaluationContext) throws(OperatorError) -> TensorView {
        let view = try context.required(2)
        guard view.elementType == tensor.elementType else {
            throw .invalidInput(index: 2, reason: "is \(view.elementType), the variable is \(tensor.elementType)")
        }
        return view
    }

    private static func apply(
        _ update: VariableUpdate, _ tensor: Tensor, places: [Int?], length: Int, _ updates: TensorView, isSingle: Bool,
        _ context: EvaluationContext
    ) throws(OperatorError) -> Tensor {
        let type = tensor.elementType, width = type.byteCount
        return try context.changed(tensor) { target throws(OperatorError) in
            for (position, place) in places.enumerated() {
                guard let place else { continue }
                let source = updates.baseAddress + (isSingle ? 0 : position * length * width)
                try update.apply(type, to: target + place * width, from: source, count: length, step: isSingle ? 0 : 1)
            }
        }
    }
}

extension OperatorError {
    static func variableIndex(_ index: Int, _ position: Int, _ extent: Int, _ variable: Variable) -> OperatorError {
        .invalidValue("index \(index) (number \(position)) is outside 0..<\(extent) of the variable \"\(variable.name)\"")
    }
}
