import GraphIR
import Tensors

/// What a loop over a sequence comes to when its counters and their bounds are known: which steps it walks, and where its results go.
///
/// - Inputs: the sequence's shape int64 [r], the length of the list of results, then each counter's beginning, then each bound; all
///   integers.
/// - Outputs: int64 [1] the first step and the end of the steps; int64 [1] the first result kept and the end of those kept; int64 [6]
///   zeros before and after them; each counter's end.
/// - Source: made of a loop that counts up to bounds, by `RecurrentLoops`.
struct LoopSpan: Operator {
    /// Which counters must stay below which bound: the counter of each bound.
    let bounded: [Int]
    let counterTypes: [ElementType]
    /// The counter that numbers the steps.
    let stepCounter: Int
    /// Where every step puts its result; nil: at its number.
    let fixedPlace: Int?

    private var counterCount: Int { counterTypes.count }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        let count = 2 + counterCount + bounded.count
        try inputs.checkCount(count...count)
        for index in 0..<count { _ = try inputs.indices(index) }
        let single = ValueFact(.int64, [1] as Shape)
        return [single, single, single, single, ValueFact(.int64, [6] as Shape)] + counterTypes.map { ValueFact($0, Shape.scalar) }
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        var specs: [TensorSpec] = []
        for index in 0..<2 + counterCount + bounded.count {
            let spec = try context.input(index)
            guard spec.shape.elementCount > 0, index == 0 || spec.shape.elementCount == 1 else {
                throw .invalidInput(index: index, reason: "is \(spec), expected a single integer")
            }
            specs.append(spec)
        }
        return CompiledOperator(LoopSpanKernel(op: self, specs: specs))
    }

    fileprivate func compute(_ numbers: [Int], _ context: KernelContext) throws(OperatorError) {
        let length = numbers[0], listLength = numbers[1]
        let starts = numbers[2..<2 + counterCount], bounds = numbers[(2 + counterCount)...]
        var count = Int.max
        for (bound, counter) in zip(bounds, bounded) {
            let (distance, overflow) = bound.subtractingReportingOverflow(starts[starts.startIndex + counter])
            count = min(count, overflow ? 0 : max(distance, 0))
        }
        let first = starts[starts.startIndex + stepCounter]
        guard count == 0 || first >= 0 && count <= length - min(first, length) else {
            throw .invalidValue("walks \(count) steps from \(first) on of a sequence of \(length)")
        }
        guard listLength >= 0, listLength <= TensorList.maximumCount else {
            throw .invalidValue("makes a list of \(listLength) elements")
        }
        let kept = fixedPlace == nil ? count : min(count, 1)
        let before = kept == 0 ? 0 : fixedPlace ?? first
        guard before >= 0, kept <= listLength - min(before, listLength) else {
            throw .invalidValue("puts \(kept) elements at \(before) of a list of \(listLength)")
        }
        let begin = count == 0 ? 0 : first
        for (output, number) in [begin, begin + count, count - kept, count].enumerated() {
            context.output(output, as: Int64.self)[0] = Int64(number)
        }
        let pads = context.output(4, as: Int64.self)
        for index in 0..<6 { pads[index] = 0 }
        pads[0] = Int64(before)
        pads[3] = Int64(listLength - before - kept)
        for (index, start) in starts.enumerated() {
            if counterTypes[index] == .int32 {
                context.output(5 + index, as: Int32.self)[0] = Int32(truncatingIfNeeded: start &+ count)
            } else {
                context.output(5 + index, as: Int64.self)[0] = Int64(start &+ count)
            }
        }
    }
}

private struct LoopSpanKernel: Kernel {
    let op: LoopSpan
    let specs: [TensorSpec]

    func run(_ context: KernelContext) throws(OperatorError) {
        let numbers = specs.indices.map { index in
            specs[index].elementType == .int32
                ? Int(context.input(index, as: Int32.self)[0]) : Int(context.input(index, as: Int64.self)[0])
        }
        try op.compute(numbers, context)
    }
}
