import GraphIR
import Tensors

/// Replaces one value (usually NaN) by another, the same for all features or one for each.
///
/// - Shapes: table [rows, features] → the same.
/// - Source: ONNX operator ai.onnx.ml Imputer.
struct Imputer: Operator {
    let imputedFloats: [Float]
    let replacedFloat: Float
    let imputedIntegers: [Int]
    let replacedInteger: Int

    init(_ reader: AttributeReader) throws(OperatorError) {
        imputedFloats = try reader.floats("imputed_value_floats") ?? []
        replacedFloat = try reader.float("replaced_value_float", default: 0)
        imputedIntegers = try reader.integers("imputed_value_int64s") ?? []
        replacedInteger = try reader.integer("replaced_value_int64", default: 0)
        guard imputedFloats.isEmpty != imputedIntegers.isEmpty else {
            throw .invalidAttribute(
                name: "imputed_value_floats and imputed_value_int64s", reason: "must be given one or the other")
        }
    }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        let table = try inputs.required(0, of: ClassicalInput.types)
        let count = table.elementType.isInteger ? imputedIntegers.count : imputedFloats.count
        guard count > 0 else {
            throw .invalidInput(
                index: 0,
                reason: "is \(table.elementType), the values to put in are \(imputedFloats.isEmpty ? "integers" : "floats")")
        }
        let columns = try ClassicalInput.table(table).columns
        if let columns = columns.value, count != 1, columns != count {
            throw .invalidInput(index: 0, reason: "has \(columns) features, expected \(count)")
        }
        return [ValueFact(table.type)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        max(imputedFloats.count, imputedIntegers.count) == 1 ? inputs.elementwise() : inputs.tableRows()
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let table = try context.input(0), columns = ClassicalInput.table(table.shape).columns
        if context.makesNothing { return .nothing }
        func spread<Value>(_ values: [Value]) -> [Value] {
            values.count == 1 ? [Value](repeating: values[0], count: columns) : values
        }
        let kernel = ImputerKernel(
            type: table.elementType, rows: ClassicalInput.table(table.shape).rows, columns: columns,
            floats: spread(imputedFloats.map(Double.init)), replacedFloat: Double(replacedFloat),
            integers: spread(imputedIntegers), replacedInteger: replacedInteger)
        return CompiledOperator(kernel, inPlace: [InPlace(output: 0, input: 0)])
    }
}

private struct ImputerKernel: Kernel {
    let type: ElementType
    let rows: Int
    let columns: Int
    let floats: [Double]
    let replacedFloat: Double
    let integers: [Int]
    let replacedInteger: Int

    func run(_ context: KernelContext) {
        switch type {
        case .float32: replaceFloats(Float.self, context)
        case .float64: replaceFloats(Double.self, context)
        case .int32: replaceIntegers(Int32.self, context)
        default: replaceIntegers(Int64.self, context)
        }
    }

    @inline(__always)
    private func replaceFloats<Element: BinaryFloatingPoint>(_: Element.Type, _ context: KernelContext) {
        let source = context.input(0, as: Element.self), target = context.output(0, as: Element.self)
        let replaced = Element(replacedFloat), columns = columns
        floats.withUnsafeBufferPointer { values in
            for row in 0..<rows {
                for column in 0..<columns {
                    let value = source[row * columns + column]
                    let isReplaced = replaced.isNaN ? value.isNaN : value == replaced
                    target[row * columns + column] = isReplaced ? Element(values[column]) : value
                }
            }
        }
    }

    @inline(__always)
    private func replaceIntegers<Element: FixedWidthInteger>(_: Element.Type, _ context: KernelContext) {
        let source = context.input(0, as: Element.self), target = context.output(0, as: Element.self)
        let columns = columns
        integers.withUnsafeBufferPointer { values in
            for row in 0..<rows {
                for column in 0..<columns {
                    let value = source[row * columns + column]
                    target[row * columns + column] =
                        Int(value) == replacedInteger ? Element(truncatingIfNeeded: values[column]) : value
                }
            }
        }
    }
}
