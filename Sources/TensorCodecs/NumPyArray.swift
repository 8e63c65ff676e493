package import Tensors

/// One tensor as the bytes of an `.npy` file.
package enum NumPyArray {
    /// Reads the bytes of a whole file into memory of the tensor's own, row-major and in the processor's byte order.
    ///
    /// - Parameter expected: the type that is wanted, where the caller knows; unsigned integers are then taken as the bits of
    ///   bfloat16 or of a type of 8 bits and fewer, which NumPy has not.
    package static func read(_ bytes: UnsafeRawBufferPointer, expected: ElementType? = nil) throws(TensorCodecError) -> Tensor {
        var header = try unsafe NumPyHeader(bytes)
        guard header.elementType != .string else { throw NumPyHeader.unknown("|S\(header.textByteCount)") }
        if let expected, NumPyHeader.written(expected) == header.elementType { header.elementType = expected }
        let spec = TensorSpec(header.elementType, header.shape)
        let data = unsafe UnsafeRawBufferPointer(rebasing: bytes[header.dataOffset...])
        guard data.count == spec.byteCount else {
            throw .malformed("has \(data.count) bytes of elements, \(spec) needs \(spec.byteCount)")
        }
        return try unsafe tensor(spec, data, header)
    }

    /// What stands before the elements of a tensor of this type, which follow row-major and little-endian.
    package static func header(of spec: TensorSpec) -> [UInt8] { NumPyHeader(elementType: spec.elementType, shape: spec.shape).bytes }

    /// Reads little-endian elements without a header.
    package static func read(elements data: UnsafeRawBufferPointer, _ spec: TensorSpec) throws(TensorCodecError) -> Tensor {
        guard data.count == spec.byteCount else {
            throw .malformed("has \(data.count) bytes, \(spec) needs \(spec.byteCount)")
        }
        return try unsafe tensor(spec, data, NumPyHeader(elementType: spec.elementType, shape: spec.shape))
    }

    private static func tensor(
        _ spec: TensorSpec, _ data: UnsafeRawBufferPointer, _ header: NumPyHeader
    ) throws(TensorCodecError) -> Tensor {
        guard unsafe holdsCodes(data, spec.elementType.bitWidth) else {
            throw .malformed(
                "has bytes above \(1 << spec.elementType.bitWidth - 1), expected the bits of one \(spec.elementType) in each")
        }
        return try unsafe .decoded(spec) { target in unsafe fill(target, from: data, header) }
    }

    /// Whether no byte has bits above those of the type, where it has fewer than 8.
    private static func holdsCodes(_ data: UnsafeRawBufferPointer, _ bitWidth: Int) -> Bool {
        unsafe bitWidth == 0 || bitWidth >= 8 || data.allSatisfy { $0 >> UInt8(bitWidth) == 0 }
    }

    private static func fill(
        _ target: UnsafeMutableRawBufferPointer, from data: UnsafeRawBufferPointer, _ header: NumPyHeader
    ) {
        let width = header.elementType.byteCount
        if header.isFortranOrder && header.shape.rank > 1 {
            unsafe copyTransposed(from: data, to: target, shape: header.shape, width: width)
        } else {
            unsafe target.copyMemory(from: data)
        }
        if header.isBigEndian { unsafe swapBytes(of: target, width: width) }
        if header.elementType == .bool { for index in target.indices where unsafe target[index] > 1 { unsafe target[index] = 1 } }
    }

    /// Elements whose first axis varies fastest, to the order where the last one does.
    private static func copyTransposed(
        from source: UnsafeRawBufferPointer, to target: UnsafeMutableRawBufferPointer, shape: Shape, width: Int
    ) {
        guard let from = source.baseAddress, let to = target.baseAddress else { return }
        var strides = [Int](repeating: width, count: shape.rank)
        for axis in 1..<shape.rank { strides[axis] = strides[axis - 1] * shape[axis - 1] }
        var index = [Int](repeating: 0, count: shape.rank)
        var offset = 0
        for element in 0..<shape.elementCount {
            unsafe (to + element * width).copyMemory(from: from + offset, byteCount: width)
            // Counts up like an odometer, the last axis first.
            var axis = shape.rank - 1
            while axis >= 0 {
                index[axis] += 1
                offset += strides[axis]
                if index[axis] < shape[axis] { break }
                offset -= strides[axis] * shape[axis]
                index[axis] = 0
                axis -= 1
            }
        }
    }

    private static func swapBytes(of bytes: UnsafeMutableRawBufferPointer, width: Int) {
        guard width > 1 else { return }
        for start in stride(from: 0, to: bytes.count, by: width) {
            unsafe bytes[start..<start + width].reverse()
        }
    }
}
