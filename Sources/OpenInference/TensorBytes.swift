import GraphIR
package import ServableCore
import TensorCodecs
package import Tensors

/// Tensors as raw bytes: row-major, little-endian; BOOL one byte each; BYTES each a length of 4 bytes, little-endian, and the bytes
/// (Triton's extension "binary tensor data"; `raw_input_contents` of gRPC).
package enum TensorBytes {
    /// Copies the bytes into a tensor of its own.
    ///
    /// - Parameter input: whose they are, for messages.
    /// - Throws: `invalidArgument` when the bytes are not exactly the tensor's.
    package static func read(_ bytes: UnsafeRawBufferPointer, _ spec: TensorSpec, input: String) throws(ServableError) -> TensorValue {
        guard spec.elementType.isDense else { return .strings(try unsafe readStrings(bytes, spec.shape, input: input)) }
        do {
            return .dense(try unsafe NumPyArray.read(elements: bytes, spec))
        } catch {
            if case .outOfMemory = error { throw ServableError(.resourceExhausted, "input \"\(input)\" \(error.reason)") }
            throw ServableError(
                .invalidArgument,
                "input \"\(input)\" has \(bytes.count) bytes of data; \(spec.shape) of \(Datatype(nearestTo: spec.elementType).name) takes \(spec.byteCount)"
            )
        }
    }

    private static func readStrings(
        _ bytes: UnsafeRawBufferPointer, _ shape: Shape, input: String
    ) throws(ServableError) -> StringTensor {
        // Each takes 4 bytes at least: no memory is taken for more than can be there.
        guard shape.elementCount <= bytes.count / lengthByteCount else {
            throw ServableError(
                .invalidArgument,
                "input \"\(input)\" has \(bytes.count) bytes of data, too few for \(shape.elementCount) elements of BYTES, each a length of 4 bytes and its bytes"
            )
        }
        var elements: [[UInt8]] = [], offset = 0
        elements.reserveCapacity(shape.elementCount)
        while elements.count < shape.elementCount {
            guard bytes.count - offset >= lengthByteCount else {
                throw fault(input, "ends within the length of element \(elements.count) of \(shape.elementCount)")
            }
            let length = unsafe Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
            offset += lengthByteCount
            guard length <= bytes.count - offset else {
                throw fault(input, "announces \(length) bytes for element \(elements.count), \(bytes.count - offset) follow")
            }
            unsafe elements.append(Array(bytes[offset..<offset + length]))
            offset += length
        }
        guard offset == bytes.count else {
            throw fault(input, "has \(bytes.count - offset) bytes behind its \(shape.elementCount) elements")
        }
        return StringTensor(shape: shape, elements: elements)
    }

    private static let lengthByteCount = 4

    private static func fault(_ input: String, _ reason: String) -> ServableError {
        ServableError(.invalidArgument, "the BYTES data of input \"\(input)\" \(reason)")
    }

    /// Bytes that the strings take.
    static func byteCount(of strings: StringTensor) -> Int {
        strings.elements.reduce(strings.elements.count * lengthByteCount) { $0 + $1.count }
    }

    /// Calls `body` with the bytes of the strings, piece by piece.
    static func write(_ strings: StringTensor, to body: (UnsafeRawBufferPointer) -> Void) {
        for element in strings.elements {
            // An element is a part of a request or of a model's output, which are bounded far below 4 GiB.
            let length = UInt32(truncatingIfNeeded: element.count).littleEndian
            unsafe withUnsafeBytes(of: length) { unsafe body($0) }
            unsafe element.withUnsafeBytes { unsafe body($0) }
        }
    }
}
