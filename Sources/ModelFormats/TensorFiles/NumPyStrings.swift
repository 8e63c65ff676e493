import TensorCodecs
package import Tensors

/// One tensor of strings in an `.npy` file, of NumPy's type `S<n>`: every string takes `n` bytes, shorter ones end in zeros.
///
/// Zeros at the end of a string are lost, as they are in NumPy.
package enum NumPyStrings {
    /// What a file may take; one long string makes all others as long.
    private static let maximumByteCount = 1 << 32

    package static func read(_ path: String) throws(TensorFileError) -> StringTensor {
        let file: FileContents
        do throws(FileError) { file = try FileContents(path: path) } catch {
            throw .inputOutput(path: path, reason: "cannot be read: \(error.description)")
        }
        return try withExtendedLifetime(file) { () throws(TensorFileError) in try unsafe read(file.bytes, path: path) }
    }

    private static func read(_ bytes: UnsafeRawBufferPointer, path: String) throws(TensorFileError) -> StringTensor {
        let header: NumPyHeader
        do throws(TensorCodecError) { header = try unsafe NumPyHeader(bytes) } catch { throw TensorFileError(error, path: path) }
        guard header.elementType == .string else {
            throw .malformed(path: path, reason: "holds \(header.elementType), expected strings (NumPy type 'S')")
        }
        guard !header.isFortranOrder || header.shape.rank <= 1 else {
            throw .unsupported(path: path, reason: "holds strings in Fortran's order; Apus reads those in C's order")
        }
        let data = unsafe UnsafeRawBufferPointer(rebasing: bytes[header.dataOffset...])
        let (byteCount, isTooLarge) = header.shape.elementCount.multipliedReportingOverflow(by: header.textByteCount)
        // Without a length nothing in the file bounds the number of elements.
        guard !isTooLarge, data.count == byteCount, header.textByteCount > 0 || header.shape.elementCount == 0 else {
            throw .malformed(
                path: path,
                reason: "has \(data.count) bytes of elements for shape \(header.shape) of \(header.textByteCount) bytes each")
        }
        let elements = (0..<header.shape.elementCount).map { index in
            let start = index * header.textByteCount
            let element = unsafe data[start..<start + header.textByteCount]
            let end = unsafe element.lastIndex { $0 != 0 }.map { $0 + 1 } ?? start
            return unsafe Array(data[start..<end])
        }
        return StringTensor(shape: header.shape, elements: elements)
    }

    package static func write(_ tensor: StringTensor, to path: String) throws(TensorFileError) {
        let width = max(1, tensor.elements.lazy.map(\.count).max() ?? 1)
        let (byteCount, isTooLarge) = width.multipliedReportingOverflow(by: tensor.elements.count)
        guard !isTooLarge, byteCount <= maximumByteCount else {
            throw .unsupported(
                path: path, reason: "would have more than \(maximumByteCount) bytes: \(tensor.elements.count) times \(width)")
        }
        try FileOutput.create(at: path) { output throws(TensorFileError) in
            try output.append(NumPyHeader(elementType: .string, shape: tensor.shape, textByteCount: width).bytes)
            for element in tensor.elements {
                try output.append(element + [UInt8](repeating: 0, count: width - element.count))
            }
        }
    }
}
