package import Tensors

/// One tensor in an `.npy` file.
package enum NumPyFile {
    /// Reads a file into memory of its own, as a row-major tensor in the processor's byte order.
    ///
    /// - Parameter expected: the type that is wanted, where the caller knows; unsigned integers are then taken as the bits of
    ///   bfloat16 or of a type of 8 bits and fewer, which NumPy has not.
    package static func read(_ path: String, expected: ElementType? = nil) throws(TensorFileError) -> Tensor {
        let file: FileContents
        do throws(FileError) { file = try FileContents(path: path) } catch {
            throw .inputOutput(path: path, reason: "cannot be read: \(error.description)")
        }
        return try withExtendedLifetime(file) { () throws(TensorFileError) in
            try unsafe read(file.bytes, path: path, expected: expected)
        }
    }

    /// Reads the bytes of a whole file; `path` is for messages.
    package static func read(
        _ bytes: UnsafeRawBufferPointer, path: String, expected: ElementType? = nil
    ) throws(TensorFileError) -> Tensor {
        var header: NumPyHeader
        do throws(NumPyHeader.Failure) { header = try unsafe NumPyHeader(bytes) } catch {
            throw error.isUnsupported
                ? .unsupported(path: path, reason: error.reason) : .malformed(path: path, reason: error.reason)
        }
        guard header.elementType != .string else {
            throw .unsupported(path: path, reason: NumPyHeader.unknown("|S\(header.textByteCount)").reason)
        }
        if let expected, NumPyHeader.written(expected) == header.elementType { header.elementType = expected }
        let spec = TensorSpec(header.elementType, header.shape)
        let data = unsafe UnsafeRawBufferPointer(rebasing: bytes[header.dataOffset...])
        guard data.count == spec.byteCount else {
            throw .malformed(path: path, reason: "has \(data.count) bytes of elements, \(spec) needs \(spec.byteCount)")
        }
        guard unsafe holdsCodes(data, header.elementType.bitWidth) else {
            throw .malformed(
                path: path,
                reason: "has bytes above \(1 << header.elementType.bitWidth - 1), expected the bits of one \(header.elementType) in each")
        }
        do throws(MemoryRefusal) {
            return try unsafe Tensor(spec) { target in unsafe fill(target, from: data, header) }
        } catch {
            throw .outOfMemory(path: path, byteCount: error.byteCount)
        }
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

    package static func write(_ tensor: Tensor, to path: String) throws(TensorFileError) {
        guard tensor.elementType != .string else {
            throw .unsupported(path: path, reason: "cannot take strings; Apus writes numbers to .npy files")
        }
        try FileOutput.create(at: path) { output throws(TensorFileError) in
            try output.append(tensor.numPyHeader)
            try unsafe tensor.withBytes { bytes throws(TensorFileError) in try unsafe output.append(bytes) }
        }
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

extension Tensor {
    fileprivate var numPyHeader: [UInt8] { NumPyHeader(elementType: elementType, shape: shape).bytes }
}
