/// A bounded look at bytes of a file, little-endian.
struct ByteReader {
    let bytes: [UInt8]
    private(set) var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var remaining: Int { bytes.count - position }

    mutating func skip(_ count: Int) -> Bool {
        guard count >= 0, count <= remaining else { return false }
        position += count
        return true
    }

    mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
        guard count >= 0, count <= remaining else { return nil }
        defer { position += count }
        return bytes[position..<position + count]
    }

    mutating func byte() -> Int? { take(1).map { Int($0[$0.startIndex]) } }
    mutating func uint16() -> Int? { take(2).map { Int($0[$0.startIndex]) | Int($0[$0.startIndex + 1]) << 8 } }
    mutating func uint32() -> Int? { take(4).map { bytes in bytes.reversed().reduce(0) { $0 << 8 | Int($1) } } }
    mutating func int32() -> Int? { uint32().map { Int(Int32(truncatingIfNeeded: $0)) } }
    mutating func text(_ count: Int) -> String? { take(count).map { String(decoding: $0, as: UTF8.self) } }
}
