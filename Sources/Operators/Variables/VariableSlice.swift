import GraphIR
import Tensors

/// Puts a tensor in the place of a strided slice of a variable.
///
/// - Source: TensorFlow operators ResourceStridedSliceAssign and StridedSliceAssign.
enum VariableSlice {
    static let spellings = VariableOperator.updates(
        "ResourceStridedSliceAssign", reference: "StridedSliceAssign", inputCount: 5
    ) { reader throws(OperatorError) in
        let masks = Masks(
            begin: try reader.integer("begin_mask", default: 0), end: try reader.integer("end_mask", default: 0),
            ellipsis: try reader.integer("ellipsis_mask", default: 0), newAxis: try reader.integer("new_axis_mask", default: 0),
            shrink: try reader.integer("shrink_axis_mask", default: 0))
        return { tensor, variable, context throws(OperatorError) in
            let box = try Box(
                tensor.shape, begin: try context.integers(1), end: try context.integers(2), strides: try context.integers(3), masks)
            let value = try context.required(4)
            guard value.elementType == tensor.elementType,
                value.shape.extents == box.resultExtents || value.elementCount == 1 && value.shape.rank == 0
            else {
                throw .invalidInput(index: 4, reason: "is \(value.spec), expected \(tensor.elementType)\(box.resultExtents)")
            }
            let sourceStrides =
                value.shape.rank == 0 ? box.extents.map { _ in 0 } : Shape(box.extents).strides
            let copy = StridedCopy(
                extents: box.extents, sourceStrides: sourceStrides,
                destinationStrides: zip(tensor.shape.strides, box.steps).map { $0 * $1 },
                elementByteCount: tensor.elementType.byteCount,
                destinationOffset: zip(tensor.shape.strides, box.starts).reduce(0) { $0 + $1.0 * $1.1 })
            return try context.changed(tensor) { copy.run(from: value.baseAddress, to: $0) }
        }
    }

    struct Masks: Sendable {
        let begin, end, ellipsis, newAxis, shrink: Int

        func has(_ mask: Int, _ index: Int) -> Bool { index < Int.bitWidth - 1 && mask >> index & 1 != 0 }
    }

    /// The elements that a slice takes, by axis of the tensor.
    private struct Box {
        var starts: [Int] = []
        var steps: [Int] = []
        var extents: [Int] = []
        /// The shape that the slice has for its reader.
        var resultExtents: [Int] = []

        init(_ shape: Shape, begin: [Int], end: [Int], strides: [Int], _ masks: Masks) throws(OperatorError) {
            let count = begin.count
            guard end.count == count, strides.count == count, count <= 2 * Shape.maximumRank else {
                throw .invalidValue("has \(begin.count) begins, \(end.count) ends and \(strides.count) strides")
            }
            let ellipsis = (0..<count).first { masks.has(masks.ellipsis, $0) }
            let named = (0..<count).filter { !masks.has(masks.newAxis, $0) || $0 == ellipsis }.count - (ellipsis == nil ? 0 : 1)
            guard named <= shape.rank else { throw .invalidValue("slices \(named) axes of a variable of shape \(shape)") }
            var axis = 0
            for index in 0..<count {
                if index == ellipsis {
                    for _ in 0..<shape.rank - named { addWhole(&axis, shape) }
                } else if masks.has(masks.newAxis, index) {
                    resultExtents.append(1)
                } else {
                    try add(&axis, shape, begin[index], end[index], strides[index], masks, index)
                }
            }
            while axis < shape.rank { addWhole(&axis, shape) }
        }

        private mutating func addWhole(_ axis: inout Int, _ shape: Shape) {
            starts.append(0)
            steps.append(1)
            extents.append(shape[axis])
            resultExtents.append(shape[axis])
            axis += 1
        }

        private mutating func add(
            _ axis: inout Int, _ shape: Shape, _ begin: Int, _ end: Int, _ step: Int, _ masks: Masks, _ index: Int
        ) throws(OperatorError) {
            let extent = shape[axis]
            guard step != 0 else { throw .invalidValue("slices with stride 0") }
            axis += 1
            if masks.has(masks.shrink, index) {
                let place = begin < 0 ? begin &+ extent : begin
                guard place >= 0, place < extent else {
                    throw .invalidValue("slice index \(begin) is outside axis \(axis - 1) of \(shape)")
                }
                starts.append(place)
                steps.append(1)
                extents.append(1)
                return
            }
            let low = step > 0 ? 0 : -1, high = step > 0 ? extent : extent - 1
            func place(_ bound: Int, isOpen: Bool, open: Int) -> Int {
                isOpen ? open : max(low, min(high, bound < 0 ? bound &+ extent : bound))
            }
            let first = place(begin, isOpen: masks.has(masks.begin, index), open: step > 0 ? 0 : extent - 1)
            let last = place(end, isOpen: masks.has(masks.end, index), open: step > 0 ? extent : -1)
            let distance = step > 0 ? last - first : first - last
            let stride = Int(clamping: step.magnitude)
            let count = distance <= 0 ? 0 : 1 + (distance - 1) / stride
            starts.append(count == 0 ? 0 : first)
            steps.append(count <= 1 ? 1 : step)
            extents.append(count)
            resultExtents.append(count)
        }
    }
}
