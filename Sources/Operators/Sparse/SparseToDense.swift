import GraphIR
import Tensors

/// A dense tensor of elements at given places.
///
/// - Shapes: indices: int32 or int64, [], [n] or [n, r]; shape [r]; values [n] or one for all; default [] → [shape].
/// - Order: with `validate_indices` indices must ascend without repetition.
/// - Source: TensorFlow operator SparseToDense.
struct SparseToDense: DynamicOperator {
    let validates: Bool

    var acceptsObjects: Bool { true }
    var shapeOperands: Set<Int> { [1] }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(4...4)
        let values = try inputs.tensor(2)
        if let extents = inputs[1]?.integers {
            guard let shape = Shape(checking: extents) else { throw .invalidInput(index: 1, reason: "is \(extents), which is no shape") }
            return [ValueFact(values.elementType, shape)]
        }
        guard let rank = try inputs.listLength(1) else { return [ValueFact(values.elementType, nil as SymbolicShape?)] }
        return [.unknown(values.elementType, rank: rank)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let shape = try context.shape(1), indices = try context.required(0)
        let width = indices.shape.rank < 2 ? 1 : indices.shape[1]
        guard indices.shape.rank <= 2, width == shape.rank else {
            throw OperatorError.invalidInput(
                index: 0, reason: "is \(indices.spec), expected rows of \(shape.rank) indices")
        }
        let places = try context.integers(0), count = width == 0 ? indices.shape[0] : places.count / width
        let values = try context.elements(2), blank = try context.elements(3)
        guard values.count == count || values.shape.rank == 0 else {
            throw OperatorError.invalidInput(index: 2, reason: "has shape \(values.shape), expected \(count) values or one")
        }
        guard blank.count == 1, blank.elementType == values.elementType else {
            throw OperatorError.invalidInput(index: 3, reason: "is \(blank.elementType)\(blank.shape), expected one \(values.elementType)")
        }
        let offsets = try offsets(places, count, shape)
        return [try DenseFill(shape: shape, blank: blank).filled(offsets, { values.shape.rank == 0 ? 0 : $0 }, values, context)]
    }

    private func offsets(_ places: [Int], _ count: Int, _ shape: Shape) throws(OperatorError) -> [Int] {
        let strides = shape.strides
        var offsets: [Int] = []
        offsets.reserveCapacity(count)
        for row in 0..<count {
            var offset = 0
            for axis in strides.indices {
                let index = places[row * strides.count + axis]
                guard index >= 0, index < shape[axis] else {
                    throw .invalidValue("Indices are not valid (out of bounds).  Shape: \(shape)")
                }
                offset += index * strides[axis]
            }
            if validates, let last = offsets.last, offset <= last {
                let index = places[row * strides.count..<(row + 1) * strides.count]
                throw .invalidValue("indices[\(row)] = \(Array(index)) is \(offset == last ? "repeated" : "out of order")")
            }
            offsets.append(offset)
        }
        return offsets
    }
}

/// A dense tensor that holds one element everywhere but at some offsets.
struct DenseFill {
    let shape: Shape
    /// One element.
    let blank: ElementList

    /// - Parameters:
    ///   - offsets: inside the shape.
    ///   - position: which of `values` goes to each of the offsets, in their order.
    func filled(
        _ offsets: [Int], _ position: (Int) -> Int, _ values: ElementList, _ context: EvaluationContext
    ) throws(OperatorError) -> RuntimeValue {
        switch (blank, values) {
        case (.strings(let blank), .strings(let texts)):
            return try context.withScratch(ByteCount.product(shape.elementCount, MemoryLayout<[UInt8]>.stride)) {
                () throws(OperatorError) in
                var elements = [[UInt8]](repeating: blank.elements[0], count: shape.elementCount)
                for (place, offset) in offsets.enumerated() { elements[offset] = texts.elements[position(place)] }
                return .strings(StringTensor(shape: shape, elements: elements))
            }
        case (.dense(let blank), .dense(let view)):
            let width = view.elementType.byteCount
            return .tensor(
                try context.makeTensor(TensorSpec(view.elementType, shape)) { bytes in
                    guard let base = bytes.baseAddress else { return }
                    fill(bytes, with: blank, width)
                    for (place, offset) in offsets.enumerated() {
                        (base + offset * width).copyMemory(from: view.baseAddress + position(place) * width, byteCount: width)
                    }
                })
        default: throw .invalidValue("mixes strings and numbers")
        }
    }

    private func fill(_ bytes: UnsafeMutableRawBufferPointer, with blank: TensorView, _ width: Int) {
        guard let base = bytes.baseAddress, shape.elementCount > 0 else { return }
        if blank.bytes.allSatisfy({ $0 == 0 }) {
            bytes.initializeMemory(as: UInt8.self, repeating: 0)
            return
        }
        for place in 0..<shape.elementCount {
            (base + place * width).copyMemory(from: blank.baseAddress, byteCount: width)
        }
    }
}
