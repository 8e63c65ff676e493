import GraphIR
import Tensors

/// Shifts and scales features: (x - offset) · scale.
///
/// - Shapes: table [rows, features] of numbers → float32 [rows, features]; one offset and scale for all features, or
///   one for each.
/// - Source: ONNX operator ai.onnx.ml Scaler.
struct Scaler: Operator {
    let offset: [Float]
    let scale: [Float]

    init(_ reader: AttributeReader) throws(OperatorError) {
        offset = try reader.floats("offset") ?? []
        scale = try reader.floats("scale") ?? []
        guard !offset.isEmpty, offset.count == scale.count else {
            throw .invalidAttribute(
                name: "offset",
                reason: "has \(offset.count) numbers and scale has \(scale.count); expected equally many, at least one")
        }
    }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        let table = try inputs.required(0, of: ClassicalInput.types)
        let columns = try ClassicalInput.table(table).columns
        if let columns = columns.value, offset.count != 1, columns != offset.count {
            throw .invalidInput(index: 0, reason: "has \(columns) features, expected \(offset.count)")
        }
        return [ValueFact(.float32, table.shape)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { offset.count == 1 ? inputs.elementwise() : inputs.tableRows() }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let table = try context.input(0), columns = ClassicalInput.table(table.shape).columns
        if context.makesNothing { return .nothing }
        let isShared = offset.count == 1
        let kernel = ScalerKernel(
            type: table.elementType, rows: ClassicalInput.table(table.shape).rows, columns: columns,
            offset: isShared ? [Float](repeating: offset[0], count: columns) : offset,
            scale: isShared ? [Float](repeating: scale[0], count: columns) : scale)
        return CompiledOperator(
            kernel, inPlace: table.elementType == .float32 ? [InPlace(output: 0, input: 0)] : [])
    }
}

private struct ScalerKernel: Kernel {
    let type: ElementType
    let rows: Int
    let columns: Int
    let offset: [Float]
    let scale: [Float]

    func run(_ context: KernelContext) throws(OperatorError) {
        try type.dispatchClassical(Scaling(kernel: self, context: context))
    }

    private struct Scaling: ClassicalVisitor {
        let kernel: ScalerKernel
        let context: KernelContext

        func visit<Element: NumericElement>(_: Element.Type) throws(OperatorError) {
            let table = context.input(0, as: Element.self), target = context.output(0, as: Float.self)
            let columns = kernel.columns, isWide = Element.self == Double.self
            kernel.offset.withUnsafeBufferPointer { offset in
                kernel.scale.withUnsafeBufferPointer { scale in
                    for row in 0..<kernel.rows {
                        for column in 0..<columns {
                            let place = row * columns + column
                            target[place] =
                                isWide
                                ? Float((table[place].asDouble - Double(offset[column])) * Double(scale[column]))
                                : (table[place].asFloat - offset[column]) * scale[column]
                        }
                    }
                }
            }
        }
    }
}

/// Brings each row to length 1 in a norm; a row of norm 0 stays.
///
/// - Shapes: table [rows, features] of numbers → float32 [rows, features].
/// - Norms: MAX divides by the largest element, L1 by the sum of magnitudes, L2 by the root of the sum of squares.
/// - Source: ONNX operator ai.onnx.ml Normalizer.
struct Normalizer: Operator {
    enum Norm: String, CaseIterable, Sendable { case max = "MAX", l1 = "L1", l2 = "L2" }

    let norm: Norm

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        let table = try inputs.required(0, of: ClassicalInput.types)
        _ = try ClassicalInput.table(table)
        return [ValueFact(.float32, table.shape)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.tableRows() }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let table = try context.input(0), (rows, columns) = ClassicalInput.table(table.shape)
        return CompiledOperator(
            NormalizerKernel(type: table.elementType, rows: rows, columns: columns, norm: norm),
            inPlace: table.elementType == .float32 ? [InPlace(output: 0, input: 0)] : [])
    }
}

private struct NormalizerKernel: Kernel {
    let type: ElementType
    let rows: Int
    let columns: Int
    let norm: Normalizer.Norm

    func run(_ context: KernelContext) throws(OperatorError) {
        try type.dispatchClassical(Normalizing(kernel: self, context: context))
    }

    private struct Normalizing: ClassicalVisitor {
        let kernel: NormalizerKernel
        let context: KernelContext

        func visit<Element: NumericElement>(_: Element.Type) throws(OperatorError) {
            let columns = kernel.columns
            for row in 0..<kernel.rows {
                let source = context.input(0, as: Element.self) + row * columns
                let target = context.output(0, as: Float.self) + row * columns
                let length = length(source, columns)
                for column in 0..<columns {
                    target[column] = length == 0 ? source[column].asFloat : source[column].asFloat / length
                }
            }
        }

        private func length<Element: NumericElement>(_ row: UnsafePointer<Element>, _ count: Int) -> Float {
            guard count > 0 else { return 0 }
            var result: Float = 0
            switch kernel.norm {
            case .max:
                result = row[0].asFloat
                for column in 1..<max(count, 1) { result = max(result, row[column].asFloat) }
            case .l1: for column in 0..<count { result += abs(row[column].asFloat) }
            case .l2:
                for column in 0..<count { result += row[column].asFloat * row[column].asFloat }
                result = result.squareRoot()
            }
            return result
        }
    }
}

/// 1 where a number is over the threshold, 0 elsewhere.
///
/// - Source: ONNX operator ai.onnx.ml Binarizer.
struct Binarizer: Operator {
    let threshold: Float

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        return [ValueFact(try inputs.required(0, of: ClassicalInput.types).type)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.elementwise() }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let input = try context.input(0)
        return CompiledOperator(
            BinarizerKernel(type: input.elementType, count: input.shape.elementCount, threshold: threshold),
            inPlace: [InPlace(output: 0, input: 0)])
    }
}

private struct BinarizerKernel: Kernel {
    let type: ElementType
    let count: Int
    let threshold: Float

    func run(_ context: KernelContext) {
        switch type {
        case .float32: binarize(Float.self, one: 1, context)
        case .float64: binarize(Double.self, one: 1, context)
        case .int32: binarize(Int32.self, one: 1, context)
        default: binarize(Int64.self, one: 1, context)
        }
    }

    @inline(__always)
    private func binarize<Element: NumericElement & ExpressibleByIntegerLiteral>(
        _: Element.Type, one: Element, _ context: KernelContext
    ) {
        let source = context.input(0, as: Element.self), target = context.output(0, as: Element.self)
        let threshold = Double(threshold)
        for index in 0..<count { target[index] = source[index].asDouble > threshold ? one : 0 }
    }
}
