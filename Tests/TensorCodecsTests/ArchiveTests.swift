import Foundation
import TensorCodecs
import Tensors
import Testing

@Suite("NumPy archives")
struct ArchiveTests {
    /// `numpy.savez_compressed(f, x=[[0,1,2],[3,4,5]] of float32, n=[1,2] of int64)`, NumPy 2.4.
    static let deflated = Data(
        base64Encoded:
            "UEsDBC0AAAAIAAAAIQBP6QAq//////////8FABQAeC5ucHkBABAAmAAAAAAAAABVAAAAAAAAAJvsF+obEMnIUMZQrZ6SWpxcpG6loG6TZqKuo6Cell9UUpSYF59flJIKEndLzClOBYoXZyQWpAL5GkY6CsaaOgq1CmQDLgYwaLAHEg5ABMQNQLzAAQBQSwMELQAAAAgAAAAhAAz8HOn//////////wUAFABuLm5weQEAEACQAAAAAAAAAEoAAAAAAAAAm+wX6hsQychQxlCtnpJanFykbqWgbpNpoa6joJ6WX1RSlJgXn1+UkgoSd0vMKU4FihdnJBakAvkaRjqaOgq1ChQALkYGCGCC0gBQSwECLQMtAAAACAAAACEAT+kAKlUAAACYAAAABQAAAAAAAAAAAAAAgAEAAAAAeC5ucHlQSwECLQMtAAAACAAAACEADPwc6UoAAACQAAAABQAAAAAAAAAAAAAAgAGMAAAAbi5ucHlQSwUGAAAAAAIAAgBmAAAADQEAAAAA"
    )!
    /// `numpy.savez(f, x=…)`, stored.
    static let stored = Data(
        base64Encoded:
            "UEsDBC0AAAAAAAAAIQBP6QAq//////////8FABQAeC5ucHkBABAAmAAAAAAAAACYAAAAAAAAAJNOVU1QWQEAdgB7J2Rlc2NyJzogJzxmNCcsICdmb3J0cmFuX29yZGVyJzogRmFsc2UsICdzaGFwZSc6ICgyLCAzKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAKAAAAAAAAgD8AAABAAABAQAAAgEAAAKBAUEsBAi0DLQAAAAAAAAAhAE/pACqYAAAAmAAAAAUAAAAAAAAAAAAAAIABAAAAAHgubnB5UEsFBgAAAAABAAEAMwAAAM8AAAAAAA=="
    )!

    private static func read(_ bytes: [UInt8], byteLimit: Int = 1 << 20) -> Result<[(name: String, tensor: Tensor)], TensorCodecError> {
        // In memory of its very own size, so that a sanitizer sees every read behind it.
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
        defer { copy.deallocate() }
        copy.copyBytes(from: bytes)
        do throws(TensorCodecError) {
            return .success(try NumPyArchive.read(UnsafeRawBufferPointer(copy), byteLimit: byteLimit) { _ in nil })
        } catch {
            return .failure(error)
        }
    }

    private static func reason(_ bytes: [UInt8], byteLimit: Int = 1 << 20) -> String? {
        if case .failure(let error) = read(bytes, byteLimit: byteLimit) { error.reason } else { nil }
    }

    @Test("reads what NumPy has written, stored and deflated")
    func reads() throws {
        let tensors = try Self.read(Array(Self.deflated)).get()
        #expect(tensors.map(\.name) == ["x", "n"])
        #expect(tensors[0].tensor.shape == [2, 3] && tensors[0].tensor.values(Float.self) == [0, 1, 2, 3, 4, 5])
        #expect(tensors[1].tensor.values(Int64.self) == [1, 2])
        #expect(try Self.read(Array(Self.stored)).get()[0].tensor.values(Float.self) == [0, 1, 2, 3, 4, 5])
    }

    @Test("reads what it has written itself")
    func writes() throws {
        let tensors = [Tensor([1.5, -2] as [Float], shape: [2, 1]), Tensor([] as [Int8], shape: [0, 4]), Tensor(scalar: true)]
        var writer = NumPyArchiveWriter(), bytes: [UInt8] = []
        for (index, tensor) in tensors.enumerated() {
            bytes += try writer.begin("t/\(index)ü", tensor.view)
            tensor.withBytes { bytes += Array($0) }
        }
        bytes += writer.end()
        let back = try Self.read(bytes).get()
        #expect(back.map(\.name) == ["t/0ü", "t/1ü", "t/2ü"])
        #expect(zip(back, tensors).allSatisfy { $0.tensor.hasEqualContents($1) })
    }

    struct Change: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let says: String
        var byteLimit = 1 << 20
        let change: @Sendable (inout [UInt8]) -> Void
    }

    private static func directory(_ bytes: [UInt8]) -> Int {
        (0..<bytes.count - 4).first { Array(bytes[$0..<$0 + 4]) == [0x50, 0x4B, 1, 2] }!
    }
    private static func end(_ bytes: [UInt8]) -> Int { bytes.count - 22 }

    private static let changes: [Change] = [
        Change(testDescription: "nothing", says: "is no ZIP archive: it is too short") { $0 = [] },
        Change(testDescription: "something else", says: "has no end of a central directory") {
            $0 = Array("no archive at all, really".utf8)
        },
        Change(testDescription: "members that inflate to more than the limit", says: "inflate to more than 200 bytes", byteLimit: 200) {
            _ in
        },
        Change(testDescription: "a member that inflates to more than it says", says: "does not inflate to its 9 bytes") {
            $0[directory($0) + 24] = 9
        },
        Change(testDescription: "a member that inflates to less than it says", says: "does not inflate to its") {
            $0[directory($0) + 25] = 1
        },
        Change(testDescription: "another checksum", says: "its checksum differs") { $0[directory($0) + 16] ^= 1 },
        Change(testDescription: "an encrypted member", says: "is encrypted") { $0[directory($0) + 8] |= 1 },
        Change(testDescription: "another method", says: "is compressed by method 12") { $0[directory($0) + 10] = 12 },
        Change(testDescription: "sizes of ZIP64", says: "is a ZIP64 archive") { bytes in
            let start = directory(bytes)
            for index in 24..<28 { bytes[start + index] = 0xFF }
        },
        Change(testDescription: "a header that lies outside", says: "has no header") { $0[directory($0) + 45] = 0x7F },
        Change(testDescription: "a compressed size that lies outside", says: "is cut off") { $0[directory($0) + 22] = 0xFF },
        Change(testDescription: "more members than there are", says: "with a damaged directory") { bytes in
            let start = end(bytes)
            for index in [8, 10] { bytes[start + index] = 3 }
        },
        Change(testDescription: "more members than may be", says: "the limit is 1024") { bytes in
            let start = end(bytes)
            for index in 8..<12 { bytes[start + index] = 0xF0 }
        },
        Change(testDescription: "parts of several files", says: "is a part of a ZIP archive") { $0[end($0) + 8] = 1 },
        Change(testDescription: "a member twice", says: "two members \"x.npy\"") { bytes in
            let second = (directory(bytes) + 4..<bytes.count - 4).first { Array(bytes[$0..<$0 + 4]) == [0x50, 0x4B, 1, 2] }!
            bytes[second + 46] = UInt8(ascii: "x")
        },
        Change(testDescription: "a member that is no array", says: "expected names that end with .npy") {
            $0[directory($0) + 50] = UInt8(ascii: "x")
        },
    ]

    @Test("refuses what is no sound archive, and says why", arguments: changes)
    func refuses(_ change: Change) {
        var bytes = Array(Self.deflated)
        change.change(&bytes)
        let reason = Self.reason(bytes, byteLimit: change.byteLimit)
        #expect(reason?.contains(change.says) == true, "\(reason ?? "was read")")
    }

    @Test(
        "an archive cut off anywhere is refused; one with a flipped byte is refused or read, and never traps",
        arguments: [deflated, stored])
    func damage(_ data: Data) {
        let bytes = Array(data)
        for count in 0..<bytes.count { #expect(Self.reason(Array(bytes[..<count])) != nil, "the first \(count) bytes") }
        for index in bytes.indices {
            for bit in [1, 0x80] as [UInt8] {
                var damaged = bytes
                damaged[index] ^= bit
                if case .success(let tensors) = Self.read(damaged) { #expect(tensors.count <= 2) }
            }
        }
    }
}
