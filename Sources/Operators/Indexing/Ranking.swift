import GraphIR
import Tensors

/// Whether the target class of each row is among the k most probable; ties at the edge count as in.
///
/// - Shapes: predictions float32 [rows, classes], targets [rows], k → bool [rows].
/// - Source: TensorFlow's InTopK (k is an attribute) and InTopKV2. A row with a number that is not finite before the answer is
///   clear, or a target that is no class, gives false.
struct InTopK: Operator {
    /// nil: input 2.
    var count: Int?
    var name: String { count == nil ? "InTopKV2" : "InTopK" }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(count == nil ? 3...3 : 2...2)
        let predictions = try inputs.required(0, of: [.float32]), targets = try inputs.indices(1)
        if let rank = predictions.rank, rank != 2 { throw .invalidInput(index: 0, reason: "has rank \(rank), expected 2") }
        if let rank = targets.rank, rank != 1 { throw .invalidInput(index: 1, reason: "has rank \(rank), expected 1") }
        if count == nil {
            let shape = try inputs.indices(2).shape?.concrete
            if let shape, shape.elementCount != 1 { throw .invalidInput(index: 2, reason: "has shape \(shape), expected one number") }
        }
        let rows = Dimension.unified(predictions.shape?[0] ?? .unknown, targets.shape?[0] ?? .unknown)
        guard let rows else { throw .invalidInput(index: 1, reason: "has another number of rows than input 0") }
        return [ValueFact(.bool, SymbolicShape([rows]))]
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        guard inputs.axis(0) == 0, inputs.axis(1) == 0, inputs.isFixed(2) else { return .mixed(RowReason.positional) }
        return .rows(axis: 0, of: inputs)
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let shape = try context.input(0).shape, targets = try context.input(1), count = count
        let given = count == nil ? try context.input(2) : targets
        return CompiledOperator(
            LoopKernel { context in
                let k = count ?? IntegerMemory(context.input(2), given)[0]
                let chosen = IntegerMemory(context.input(1), targets), result = context.output(0, as: Bool.self)
                for row in 0..<shape[0] {
                    let line = context.input(0, as: Float.self) + row * shape[1]
                    result[row] = Self.isIn(line, shape[1], chosen[row], k)
                }
            })
    }

    private static func isIn(_ line: UnsafePointer<Float>, _ count: Int, _ target: Int, _ k: Int) -> Bool {
        guard (0..<count).contains(target), line[target].isFinite else { return false }
        var better = 0
        for place in 0..<count {
            guard line[place].isFinite else { return false }
            guard line[place] > line[target] else { continue }
            better += 1
            if better > k { break }
        }
        return better < k
    }
}

/// The n-th smallest (or largest) number of each line along the last axis.
///
/// - Shapes: data [A…, k], n (one int32 below k) → [A…].
/// - Source: TensorFlow's NthElement.
struct NthElement: Operator {
    var fromLargest = false

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...2)
        let data = try inputs.required(0, of: ElementTypes.numbers)
        let shape = try inputs.required(1, of: [.int32]).shape?.concrete
        if let shape, shape.rank != 0 { throw .invalidInput(index: 1, reason: "has shape \(shape), expected a scalar") }
        if let rank = data.rank, rank < 1 { throw .invalidInput(index: 0, reason: "is a scalar, expected at least one axis") }
        return [ValueFact(data.elementType, data.shape.map { SymbolicShape(Array($0.dimensions.dropLast())) })]
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        guard let rank = inputs.extents(0)?.count else { return .mixed(RowReason.unknown) }
        return inputs.linewise(along: [rank - 1], keepsAxes: false)
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let data = try context.input(0), extent = data.shape[data.shape.rank - 1]
        let kernel = NthElementKernel(
            type: data.elementType, extent: extent, lineCount: context.outputs[0].shape.elementCount, fromLargest: fromLargest)
        return CompiledOperator(
            kernel, scratchByteCount: ByteCount.product(extent, data.elementType.byteCount))
    }
}

private struct NthElementKernel: Kernel {
    let type: ElementType
    let extent: Int
    let lineCount: Int
    let fromLargest: Bool

    func run(_ context: KernelContext) throws(OperatorError) {
        let wanted = Int(context.input(1, as: Int32.self).pointee)
        guard (0..<extent).contains(wanted) else {
            throw .invalidValue("n is \(wanted), the last axis has \(extent) elements")
        }
        try type.dispatch(Selection(kernel: self, rank: fromLargest ? extent - 1 - wanted : wanted, context: context))
    }

    private struct Selection: NumericVisitor {
        let kernel: NthElementKernel
        let rank: Int
        let context: KernelContext

        func visit<Element: NumericElement>(_: Element.Type) throws(OperatorError) {
            let data = context.input(0, as: Element.self), output = context.output(0, as: Element.self)
            let line = context.scratch.assumingMemoryBound(to: Element.self)
            for index in 0..<kernel.lineCount {
                line.update(from: data + index * kernel.extent, count: kernel.extent)
                output[index] = select(line)
            }
        }

        /// The element that sorting would put at `rank`: what lies left of it is moved apart from what lies right, again and again.
        private func select<Element: NumericElement>(_ line: UnsafeMutablePointer<Element>) -> Element {
            var low = 0, high = kernel.extent - 1
            while low < high {
                let pivot = line[low + (high - low) / 2]
                var left = low, right = high
                while left <= right {
                    while line[left].isBelow(pivot) { left += 1 }
                    while pivot.isBelow(line[right]) { right -= 1 }
                    guard left <= right else { break }
                    (line[left], line[right]) = (line[right], line[left])
                    left += 1
                    right -= 1
                }
                if rank <= right { high = right } else if rank >= left { low = left } else { break }
            }
            return line[rank]
        }
    }
}

/// Where values would be put into sorted rows: before what is equal, or behind it.
///
/// - Shapes: sorted rows [rows, n], values [rows, m] → int32 or int64 [rows, m].
/// - Source: TensorFlow's LowerBound and UpperBound.
struct SortedPlaces: Operator {
    var afterEqual = false
    var elementType = ElementType.int32
    var name: String { afterEqual ? "UpperBound" : "LowerBound" }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...2)
        _ = try inputs.required(0, of: ElementTypes.numbers)
        try inputs.checkSameType(1, as: 0)
        for index in 0..<2 {
            if let rank = inputs[index]?.rank, rank != 2 { throw .invalidInput(index: index, reason: "has rank \(rank), expected 2") }
        }
        if let sorted = inputs[0]?.shape, let values = inputs[1]?.shape, Dimension.unified(sorted[0], values[0]) == nil {
            throw .invalidInput(index: 1, reason: "has \(values[0]) rows, input 0 has \(sorted[0])")
        }
        return [ValueFact(elementType, inputs[1]?.shape ?? SymbolicShape(unknownRank: 2))]
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        guard inputs.axis(0) == 0, inputs.axis(1) == 0 else { return .mixed(RowReason.positional) }
        return .rows(axis: 0, of: inputs)
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let sorted = try context.input(0), values = try context.input(1).shape, result = elementType, afterEqual = afterEqual
        return CompiledOperator(
            LoopKernel { (context) throws(OperatorError) in
                try sorted.elementType.dispatch(
                    Search(sorted: sorted.shape, values: values, result: result, afterEqual: afterEqual, context: context))
            })
    }

    private struct Search: NumericVisitor {
        let sorted: Shape
        let values: Shape
        let result: ElementType
        let afterEqual: Bool
        let context: KernelContext

        func visit<Element: NumericElement>(_: Element.Type) throws(OperatorError) {
            for row in 0..<values[0] {
                let line = context.input(0, as: Element.self) + row * sorted[1]
                for column in 0..<values[1] {
                    let place = row * values[1] + column, value = context.input(1, as: Element.self)[place]
                    var low = 0, high = sorted[1]
                    while low < high {
                        let middle = low + (high - low) / 2
                        if afterEqual ? !value.isBelow(line[middle]) : line[middle].isBelow(value) {
                            low = middle + 1
                        } else {
                            high = middle
                        }
                    }
                    IntegerMemory.store(low, context.output(0), result, place)
                }
            }
        }
    }
}

enum RankingOperators {
    static let spellings: [OperatorSpelling] = [
        .tensorFlow("InTopK") { reader throws(OperatorError) in
            guard let count = try reader.integer("k") else { throw .invalidAttribute(name: "k", reason: "is missing") }
            return InTopK(count: count)
        },
        .tensorFlow("InTopKV2") { _ throws(OperatorError) in InTopK() },
        .tensorFlow("NthElement") { reader throws(OperatorError) in
            NthElement(fromLargest: try reader.flag("reverse", default: false))
        },
        .tensorFlow("LowerBound") { reader throws(OperatorError) in
            SortedPlaces(elementType: try reader.elementType("out_type", default: .int32, of: [.int32, .int64]))
        },
        .tensorFlow("UpperBound") { reader throws(OperatorError) in
            SortedPlaces(afterEqual: true, elementType: try reader.elementType("out_type", default: .int32, of: [.int32, .int64]))
        },
    ]
}
