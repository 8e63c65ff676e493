package import GraphIR
import Tensors

/// TensorFlow's variables: handles, reads, assignments and updates in place.
package enum VariableOperators {
    package static let spellings: [OperatorSpelling] =
        handles + reads + assignments + sums + VariableGather.spellings + VariableScatter.spellings + VariableSlice.spellings

    /// What a variable is called among the version's resources.
    package static func resourceName(_ name: String, container: String = "") -> String {
        container.isEmpty ? "variable/\(name)" : "variable/\(container)/\(name)"
    }

    private static let handles: [OperatorSpelling] = [
        .tensorFlow("VarHandleOp") { reader throws(OperatorError) in
            let type = TensorType(try reader.requiredType("dtype"), try reader.shape("shape")?.nameless)
            let shared = try reader.string("shared_name", default: "")
            let name = shared.isEmpty ? reader.node.name : shared
            let key = resourceName(name, container: try reader.string("container", default: ""))
            return VariableOperator("VarHandleOp", effects: []) { inputs throws(OperatorError) in
                try inputs.checkCount(0...0)
                return [ValueFact(.resource(.variable(type)))]
            } run: { context throws(OperatorError) in
                let variable = try context.resources.resource(key) { Variable(name: name, type: type) }
                guard variable.type.elementType == type.elementType else {
                    throw .invalidValue("the variable \"\(name)\" is \(type) here and \(variable.type) elsewhere in the model")
                }
                return [.resource(variable)]
            }
        }
    ]

    private static let reads: [OperatorSpelling] =
        [
            .tensorFlow("ReadVariableOp") { reader throws(OperatorError) in
                let wanted = try reader.elementType("dtype")
                return VariableOperator("ReadVariableOp", effects: .readsResource) { inputs throws(OperatorError) in
                    try inputs.checkCount(1...1)
                    let type = try inputs.variable()
                    guard wanted == nil || wanted == type.elementType else {
                        throw .invalidInput(index: 0, reason: "is the handle of a variable \(type), expected \(wanted?.name ?? "")")
                    }
                    return [ValueFact(type)]
                } run: { context throws(OperatorError) in
                    let variable = try context.variable(), value = try variable.read()
                    return [value]
                }
            },
            .tensorFlow("VariableShape") { reader throws(OperatorError) in
                let type = try reader.elementType("out_type", default: .int32, of: [.int32, .int64])
                return VariableOperator("VariableShape", effects: .readsResource) { inputs throws(OperatorError) in
                    try inputs.checkCount(1...1)
                    return [ValueFact(type, try inputs.variable().shape.map { SymbolicShape([.known($0.rank)]) })]
                } run: { context throws(OperatorError) in
                    let extents = try context.variable().read().tensorShape?.extents ?? []
                    let shape: Shape = [extents.count]
                    return [
                        .tensor(
                            type == .int64
                                ? Tensor(extents.map(Int64.init), shape: shape) : Tensor(extents.map { Int32(clamping: $0) }, shape: shape))
                    ]
                }
            },
        ]
        + ["VarIsInitializedOp", "IsVariableInitialized"].map { name in
            .tensorFlow(name) { _ throws(OperatorError) in
                VariableOperator(name, effects: .readsResource) { inputs throws(OperatorError) in
                    try inputs.checkCount(1...1)
                    _ = try inputs.variable()
                    return [ValueFact(.bool, Shape.scalar)]
                } run: { context throws(OperatorError) in
                    [.tensor(Tensor(scalar: try context.variable().isInitialized))]
                }
            }
        }

    private static let assignments: [OperatorSpelling] =
        [("AssignVariableOp", false), ("Assign", true)].map { name, givesValue in
            .tensorFlow(name) { _ throws(OperatorError) in
                VariableOperator(name, effects: .writesResource) { inputs throws(OperatorError) in
                    try inputs.checkCount(2...2)
                    let type = try inputs.variable(), value = try inputs.tensor(1)
                    guard value.elementType == type.elementType else {
                        throw .invalidInput(index: 1, reason: "is \(value), the variable is \(type)")
                    }
                    return givesValue ? [ValueFact(type)] : []
                } run: { context throws(OperatorError) in
                    let value = try context.copy(try context.value(1))
                    try context.variable().assign(value)
                    return givesValue ? [value] : []
                }
            }
        } + [
            .tensorFlow("DestroyResourceOp") { _ throws(OperatorError) in
                VariableOperator("DestroyResourceOp", effects: .writesResource) { inputs throws(OperatorError) in
                    try inputs.checkCount(1...1)
                    return []
                } run: { context throws(OperatorError) in
                    if case .object(.resource(let resource)) = try context.value(0) { (resource as? Variable)?.clear() }
                    return []
                }
            }
        ]

    private static let sums: [OperatorSpelling] =
        [("AssignAddVariableOp", "AssignAdd", VariableUpdate.add), ("AssignSubVariableOp", "AssignSub", .subtract)].flatMap {
            name, reference, update in
            VariableOperator.updates(name, reference: reference, inputCount: 2) { _ throws(OperatorError) in
                { tensor, variable, context throws(OperatorError) in
                    let value = try context.required(1)
                    guard value.spec == tensor.spec else {
                        throw .invalidInput(index: 1, reason: "is \(value.spec), the variable \"\(variable.name)\" is \(tensor.spec)")
                    }
                    return try context.changed(tensor) { target throws(OperatorError) in
                        try update.apply(tensor.elementType, to: target, from: value.baseAddress, count: tensor.elementCount)
                    }
                }
            }
        } + ["ResourceCountUpTo", "CountUpTo"].map(counter)

    /// Counts a variable up to a limit; gives the number before.
    private static func counter(_ name: String) -> OperatorSpelling {
        .tensorFlow(name) { reader throws(OperatorError) in
            guard let limit = try reader.integer("limit") else { throw .invalidAttribute(name: "limit", reason: "is missing") }
            return VariableOperator(name, effects: [.readsResource, .writesResource]) { inputs throws(OperatorError) in
                try inputs.checkCount(1...1)
                return [ValueFact(try inputs.variable().elementType, Shape.scalar)]
            } run: { context throws(OperatorError) in
                let variable = try context.variable()
                let result = try variable.update { value throws(OperatorError) in
                    let tensor = try context.dense(value, of: variable)
                    guard let number = tensor.integers?.first, tensor.elementCount == 1, number < limit else {
                        throw .invalidValue("has counted the variable \"\(variable.name)\" up to its limit \(limit)")
                    }
                    switch tensor.elementType {
                    case .int32: return .tensor(Tensor(scalar: Int32(clamping: number + 1)))
                    case .int64: return .tensor(Tensor(scalar: Int64(number + 1)))
                    default: throw .unsupported("counting a variable of \(tensor.elementType)")
                    }
                }
                return [result.before]
            }
        }
    }
}
