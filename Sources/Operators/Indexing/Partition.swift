import GraphIR
import Tensors

/// Slices of the data sorted into as many outputs as there are parts.
///
/// - Shapes: data [P…, S…], part numbers int32 [P…] → for each part [count, S…], in the order of the data.
/// - Source: TensorFlow's DynamicPartition.
struct DynamicPartition: ElementMover {
    var count: Int
    var shapeOperands: Set<Int> { [1] }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...2)
        let data = try inputs.dense(0), parts = try inputs.required(1, of: [.int32])
        guard let shape = data.shape, let prefix = parts.shape else {
            return [ValueFact](repeating: ValueFact(data.elementType, nil as SymbolicShape?), count: count)
        }
        guard shape.rank >= prefix.rank, zip(shape.dimensions, prefix.dimensions).allSatisfy({ Dimension.unified($0, $1) != nil })
        else { throw .invalidInput(index: 1, reason: "has shape \(prefix), which does not begin the data's shape \(shape)") }
        var lengths = [Dimension](repeating: .unknown, count: count)
        if let numbers = parts.integers {
            var counts = [Int](repeating: 0, count: count)
            for (place, number) in numbers.enumerated() {
                guard (0..<count).contains(number) else {
                    throw .invalidValue("part \(number) of slice \(place) is outside 0..<\(count)")
                }
                counts[number] += 1
            }
            lengths = counts.map(Dimension.known)
        }
        let slice = Array(shape.dimensions[prefix.rank...])
        return lengths.map { ValueFact(data.elementType, SymbolicShape([$0] + slice)) }
    }

    func rows(_ inputs: RowInputs) -> RowFlow { .mixed(RowReason.compacted) }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let data = try context.input(0), parts = try context.input(1), count = count
        let byteCount = data.shape.elementCount(in: parts.shape.rank..<data.shape.rank) * data.elementType.byteCount
        let kernel = LoopKernel { context in
            let numbers = IntegerMemory(context.input(1), parts), source = context.input(0)
            let filled = context.scratch.assumingMemoryBound(to: Int.self)
            filled.initialize(repeating: 0, count: count)
            for place in 0..<numbers.count {
                let part = numbers[place]
                (context.output(part) + filled[part] * byteCount).copyMemory(from: source + place * byteCount, byteCount: byteCount)
                filled[part] += 1
            }
        }
        return CompiledOperator(kernel, scratchByteCount: ByteCount.of(Int.self, count))
    }
}

/// Slices put in the places that indices name: the inverse of a partition.
///
/// - Shapes: k × indices int32 [Pi…], k × data [Pi…, S…] → [largest index + 1, S…]. Of several slices for one place the last one
///   stays; places that nobody names are zeros.
/// - Source: TensorFlow's DynamicStitch and ParallelDynamicStitch.
struct DynamicStitch: ElementMover {
    /// Of the index inputs, which come first.
    var count: Int
    func movesElements(ofInput index: Int) -> Bool { index >= count }
    var shapeOperands: Set<Int> { Set(0..<count) }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        guard count > 0 else { throw .invalidAttribute(name: "N", reason: "is 0") }
        try inputs.checkCount(2 * count...2 * count)
        let type = try inputs.dense(count).elementType
        var slice: SymbolicShape?
        var largest: Int? = -1
        for index in 0..<count {
            let indices = try inputs.required(index, of: [.int32]), data = try inputs.dense(count + index)
            try inputs.checkSameType(count + index, as: count)
            if let prefix = indices.shape, let shape = data.shape {
                guard shape.rank >= prefix.rank,
                    zip(shape.dimensions, prefix.dimensions).allSatisfy({ Dimension.unified($0, $1) != nil })
                else {
                    throw .invalidInput(
                        index: count + index, reason: "has shape \(shape), which does not begin with that of its indices, \(prefix)")
                }
                let own = SymbolicShape(Array(shape.dimensions[prefix.rank...]))
                if let known = slice,
                    known.rank != own.rank
                        || !zip(known.dimensions, own.dimensions).allSatisfy({ Dimension.unified($0, $1) != nil })
                {
                    throw .invalidInput(index: count + index, reason: "has slices of shape \(own), those before have \(known)")
                }
                slice = own
            }
            guard let numbers = indices.integers else {
                largest = nil
                continue
            }
            for number in numbers where number < 0 { throw .invalidInput(index: index, reason: "has the index \(number)") }
            largest = largest.map { max($0, numbers.max() ?? -1) }
        }
        guard let slice else { return [ValueFact(type, nil as SymbolicShape?)] }
        let extent = largest.map { Dimension.known($0 + 1) } ?? .unknown
        return [ValueFact(type, try SymbolicShape([extent] + slice.dimensions).checked("the output"))]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { .mixed(RowReason.positional) }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let output = context.outputs[0], count = count
        var indices: [TensorSpec] = []
        for index in 0..<count { indices.append(try context.input(index)) }
        let byteCount = output.shape.elementCount(in: 1..<output.shape.rank) * output.elementType.byteCount
        let specs = indices
        let kernel = LoopKernel { context in
            let target = context.output(0)
            target.initializeMemory(as: UInt8.self, repeating: 0, count: output.byteCount)
            for index in 0..<count {
                let numbers = IntegerMemory(context.input(index), specs[index]), source = context.input(count + index)
                for place in 0..<numbers.count {
                    (target + numbers[place] * byteCount).copyMemory(from: source + place * byteCount, byteCount: byteCount)
                }
            }
        }
        return CompiledOperator(kernel)
    }
}

enum PartitionOperators {
    static let spellings: [OperatorSpelling] = [
        .tensorFlow("DynamicPartition") { reader throws(OperatorError) in
            DynamicPartition(count: try reader.argumentCount("num_partitions"))
        },
        .tensorFlow("DynamicStitch") { reader throws(OperatorError) in DynamicStitch(count: reader.inputCount / 2) },
        .tensorFlow("ParallelDynamicStitch") { reader throws(OperatorError) in DynamicStitch(count: reader.inputCount / 2) },
    ]
}
