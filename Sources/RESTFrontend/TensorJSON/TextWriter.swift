import HTTPCore
import Tensors

/// Writes strings as nested lists.
enum TextWriter {
    /// Appends a tensor, or one row of it: the elements with this index on the first axis, which is left out.
    ///
    /// - Parameter asBase64: bytes are written as `{"b64": "…"}` objects, else as UTF-8.
    static func append(_ tensor: StringTensor, row: Int?, asBase64: Bool, to buffer: inout ByteBuffer) {
        unsafe NestedLists.withRun(of: tensor.shape, row: row) { extents, start in
            var index = start
            unsafe NestedLists.forEachRun(extents) { run in
                for _ in 0..<run.separator { buffer.append(UInt8(ascii: ",")) }
                for _ in 0..<run.opened { buffer.append(UInt8(ascii: "[")) }
                for offset in 0..<run.elementCount {
                    if offset > 0 { buffer.append(UInt8(ascii: ",")) }
                    append(tensor.elements[index], asBase64: asBase64, to: &buffer)
                    index += 1
                }
                for _ in 0..<run.closed { buffer.append(UInt8(ascii: "]")) }
            }
        }
    }

    private static func append(_ bytes: [UInt8], asBase64: Bool, to buffer: inout ByteBuffer) {
        guard asBase64 else { return buffer.appendJSON(string: bytes) }
        buffer.append("{\"b64\":\"")
        Base64.encode(bytes) { buffer.append($0) }
        buffer.append("\"}")
    }
}
