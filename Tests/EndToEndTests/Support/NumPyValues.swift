import Foundation

/// The float32 values of a NumPy file, read and written apart from the program's own code (NumPy's npy-format, versions 1 and 2).
struct NumPyValues: Equatable {
    struct Malformed: Error {
        let reason: String
    }

    let shape: [Int]
    let values: [Float]

    init(shape: [Int], values: [Float]) {
        (self.shape, self.values) = (shape, values)
    }

    init(_ url: URL) throws {
        let bytes = Array(try Data(contentsOf: url))
        guard bytes.count > 12, bytes.starts(with: [0x93] + Array("NUMPY".utf8)) else { throw Malformed(reason: "no NumPy file") }
        let lengthByteCount = bytes[6] == 1 ? 2 : 4
        let headerStart = 8 + lengthByteCount
        let headerLength = bytes[8..<headerStart].reversed().reduce(0) { $0 << 8 | Int($1) }
        guard headerStart + headerLength <= bytes.count else { throw Malformed(reason: "the header is cut off") }
        let header = String(decoding: bytes[headerStart..<(headerStart + headerLength)], as: UTF8.self)
        guard header.contains("'descr': '<f4'"), header.contains("'fortran_order': False"),
            let extents = header.firstMatch(of: /'shape': \(([0-9, ]*)\)/)
        else { throw Malformed(reason: header) }
        let shape = extents.1.split(separator: ",").compactMap { Int($0.trimmingCharacters(in: .whitespaces)) }
        let data = bytes[(headerStart + headerLength)...]
        guard data.count == 4 * shape.reduce(1, *) else { throw Malformed(reason: "\(data.count) bytes for shape \(shape)") }
        self.shape = shape
        values = stride(from: data.startIndex, to: data.endIndex, by: 4).map { start in
            Float(bitPattern: (0..<4).reduce(0) { $0 | UInt32(data[start + $1]) << UInt32($1 * 8) })
        }
    }

    /// Writes version 1.0, whose data begin at a multiple of 64.
    func write(to url: URL) throws {
        let extents = shape.map { "\($0)," }.joined(separator: " ")
        let description = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(extents)), }"
        let header = description + String(repeating: " ", count: 63 - (description.utf8.count + 10) % 64) + "\n"
        let length = header.utf8.count
        var bytes = [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(length & 0xFF), UInt8(length >> 8)] + Array(header.utf8)
        for value in values { bytes += (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> ($0 * 8)) } }
        try Data(bytes).write(to: url)
    }
}
