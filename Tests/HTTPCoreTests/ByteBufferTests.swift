import HTTPCore
import Testing

@Suite("ByteBuffer")
struct ByteBufferTests {
    private func text(_ buffer: borrowing ByteBuffer) -> String { String(decoding: buffer.bytes, as: UTF8.self) }

    @Test("appends bytes, text and numbers in order")
    func appends() {
        var buffer = ByteBuffer()
        #expect(text(buffer) == "")
        buffer.append(UInt8(ascii: "a"))
        buffer.append("bc" as StaticString)
        buffer.append(String(repeating: "é", count: 20))
        buffer.append(contentsOf: [100, 101])
        for number in [0, 7, 10, 99, 100, -1, Int.max, Int.min] {
            buffer.append(" " as StaticString)
            buffer.append(decimal: number)
        }
        let wanted = "abc" + String(repeating: "é", count: 20) + "de 0 7 10 99 100 -1 \(Int.max) \(Int.min)"
        #expect(text(buffer) == wanted)
        let count = buffer.count
        #expect(count == wanted.utf8.count)
    }

    @Test("keeps its bytes while it grows, however large the pieces", arguments: [1, 7, 255, 256, 257, 5000])
    func grows(pieceByteCount: Int) {
        var buffer = ByteBuffer()
        var wanted: [UInt8] = []
        for round in 0..<20 {
            let piece = (0..<pieceByteCount).map { UInt8(($0 + round) % 256) }
            piece.withUnsafeBytes { buffer.append($0) }
            wanted += piece
        }
        let isEqual = buffer.bytes.elementsEqual(wanted)
        #expect(isEqual)
    }

    @Test("takes what is written into reserved space only when it is committed")
    func reserves() {
        var buffer = ByteBuffer()
        buffer.append("head" as StaticString)
        buffer.reserve(1000).storeBytes(of: UInt8(ascii: "!"), as: UInt8.self)
        #expect(text(buffer) == "head")
        buffer.commit(1)
        #expect(text(buffer) == "head!")
        buffer.removeAll()
        #expect(text(buffer) == "")
    }
}
