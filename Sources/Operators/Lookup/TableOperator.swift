import GraphIR
import Tensors

/// What is done with a table whose handle is the first input.
///
/// - Source: TensorFlow operators LookupTableInsert, LookupTableRemove, LookupTableImport, LookupTableExport, LookupTableSize,
///   InitializeTable and their second versions.
struct TableOperator: DynamicOperator {
    let name: String
    let effects: Effects
    let inputCount: Int
    let type: @Sendable (OperatorInputs) throws(OperatorError) -> [ValueFact]
    let run: @Sendable (EvaluationContext, LookupTable) throws(OperatorError) -> [RuntimeValue]

    var acceptsObjects: Bool { true }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(inputCount...inputCount)
        _ = try inputs.table(0)
        return try type(inputs)
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] { try run(context, try context.table()) }

    static let spellings: [OperatorSpelling] =
        make(["LookupTableInsert", "LookupTableInsertV2"], .writesResource, inputs: 3) { context, table throws(OperatorError) in
            let entries = try context.entries(1, of: table)
            try context.withScratch(ByteCount.product(entries.count, 64)) { () throws(OperatorError) in
                try table.insert(entries.keys, entries.values, count: entries.count)
            }
            return []
        }
        + make(["LookupTableRemoveV2"], .writesResource, inputs: 2) { context, table throws(OperatorError) in
            let (count, _) = try context.keys(1, of: table)
            try table.remove(try context.elements(1), count: count)
            return []
        }
        + make(
            ["LookupTableImport", "LookupTableImportV2", "InitializeTable", "InitializeTableV2"], .writesResource, inputs: 3
        ) { context, table throws(OperatorError) in
            let entries = try context.entries(1, of: table)
            try context.withScratch(ByteCount.product(entries.count, 64)) { () throws(OperatorError) in
                try table.fill(entries.keys, entries.values, count: entries.count)
            }
            return []
        }
        + make(
            ["LookupTableSize", "LookupTableSizeV2"], .readsResource, inputs: 1,
            type: { _ throws(OperatorError) in [ValueFact(.int64, Shape.scalar)] },
            run: { context, table throws(OperatorError) in [try context.tensor([Int64(try table.current().count)], .scalar)] })
        + make(
            ["LookupTableExport", "LookupTableExportV2"], .readsResource, inputs: 1,
            type: { inputs throws(OperatorError) in
                let (key, value) = try inputs.table(0)
                let shape = value.shape.map { SymbolicShape([.unknown] + $0.dimensions) }
                return [ValueFact(key, shape == nil ? nil : SymbolicShape([.unknown])), ValueFact(value.elementType, shape)]
            },
            run: { context, table throws(OperatorError) in
                let contents = try table.current()
                let outcome: Result<[RuntimeValue], OperatorError> = contents.withLists { keys, values in
                    Result { () throws(OperatorError) in
                        [try keys.copied(keys.shape, context), try values.copied(values.shape, context)]
                    }
                }
                return try outcome.get()
            })

    private static func make(
        _ names: [String], _ effects: Effects, inputs: Int,
        type: @escaping @Sendable (OperatorInputs) throws(OperatorError) -> [ValueFact] = { _ throws(OperatorError) in [] },
        run: @escaping @Sendable (EvaluationContext, LookupTable) throws(OperatorError) -> [RuntimeValue]
    ) -> [OperatorSpelling] {
        names.map { name in
            .tensorFlow(name) { _ throws(OperatorError) in
                TableOperator(name: name, effects: effects, inputCount: inputs, type: type, run: run)
            }
        }
    }
}

extension OperatorInputs {
    /// The types of the table whose handle input `index` is.
    func table(_ index: Int) throws(OperatorError) -> (key: ElementType, value: TensorType) {
        guard case .resource(.table(let key, let value)) = try required(index).valueType else {
            throw .invalidInput(index: index, reason: "is \(try required(index).valueType), expected the handle of a lookup table")
        }
        return (key, value)
    }
}

/// The values of keys, or a default.
///
/// - Shapes: handle, keys [A…], default [value] or one for each key → [A…, value].
/// - Source: TensorFlow operators LookupTableFind and LookupTableFindV2.
struct LookupTableFind: DynamicOperator {
    /// False for a table that nothing changes after it is initialised.
    var readsChanges = true

    var acceptsObjects: Bool { true }
    var effects: Effects { readsChanges ? .readsResource : [] }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(3...3)
        let (key, value) = try inputs.table(0), keys = try inputs.tensor(1)
        guard keys.elementType == key else {
            throw .invalidInput(index: 1, reason: "is of type \(keys.elementType), the table's keys are \(key)")
        }
        guard try inputs.tensor(2).elementType == value.elementType else {
            throw .invalidInput(
                index: 2, reason: "is of type \(try inputs.tensor(2).elementType), the table's values are \(value.elementType)")
        }
        guard let outer = keys.shape, let inner = value.shape else { return [ValueFact(value.elementType, nil as SymbolicShape?)] }
        return [ValueFact(value.elementType, SymbolicShape(outer.dimensions + inner.dimensions))]
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        guard let axis = inputs.onlyAxis(of: 1), inputs.outputs.first?.type.shape != nil else { return .mixed(RowReason.parameter) }
        return .rows(axis: axis, of: inputs)
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let table = try context.table()
        let (count, outer) = try context.keys(1, of: table)
        let keys = try context.elements(1), blank = try context.elements(2), contents = try table.current()
        let each = contents.valueShape.elementCount
        guard blank.elementType == contents.valueType, blank.count == each || blank.count == ByteCount.product(count, each) else {
            throw OperatorError.invalidInput(
                index: 2, reason: "is \(blank.elementType)\(blank.shape), expected \(contents.valueType)\(contents.valueShape)")
        }
        guard let shape = Shape(checking: outer + contents.valueShape.extents) else {
            throw OperatorError.invalidInput(index: 1, reason: "has too many keys")
        }
        try table.check(keys, count)
        return try context.withScratch(ByteCount.product(count, 16)) { () throws(OperatorError) in
            let found = (0..<count).map { contents.place(keys, $0) }
            return [try contents.gathered(found, blank: blank, shape, context)]
        }
    }

    static let spellings: [OperatorSpelling] = ["LookupTableFind", "LookupTableFindV2"].map { name in
        .tensorFlow(name) { _ throws(OperatorError) in LookupTableFind() }
    }
}
