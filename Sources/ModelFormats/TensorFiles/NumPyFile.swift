import TensorCodecs
package import Tensors

/// One tensor in an `.npy` file.
package enum NumPyFile {
    /// Reads a file into memory of its own, as a row-major tensor in the processor's byte order.
    ///
    /// - Parameter expected: the type that is wanted, where the caller knows; see `NumPyArray.read`.
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
        do throws(TensorCodecError) {
            return try unsafe NumPyArray.read(bytes, expected: expected)
        } catch {
            throw TensorFileError(error, path: path)
        }
    }

    package static func write(_ tensor: Tensor, to path: String) throws(TensorFileError) {
        guard tensor.elementType != .string else {
            throw .unsupported(path: path, reason: "cannot take strings; Apus writes numbers to .npy files")
        }
        try FileOutput.create(at: path) { output throws(TensorFileError) in
            try output.append(NumPyArray.header(of: tensor.spec))
            try unsafe tensor.withBytes { bytes throws(TensorFileError) in try unsafe output.append(bytes) }
        }
    }
}

extension TensorFileError {
    /// Why the bytes of the file at `path` are no tensor.
    init(_ error: TensorCodecError, path: String) {
        self =
            switch error {
            case .malformed(let reason), .tooLarge(let reason): .malformed(path: path, reason: reason)
            case .unsupported(let reason): .unsupported(path: path, reason: reason)
            case .outOfMemory(let byteCount): .outOfMemory(path: path, byteCount: byteCount)
            }
    }
}
