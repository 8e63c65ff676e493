import ModelFormats
import ProtobufWire
import Tensors
import Testing

@Suite("TensorProtoFile")
struct TensorProtoFileTests {
    @Test("writes what it reads, for every element type", arguments: ElementType.allCases.filter { $0 != .string })
    func roundTrip(_ type: ElementType) throws {
        let folder = try TemporaryFolder()
        for shape in [[], [3], [0], [2, 3], [5]] as [Shape] {
            let tensor = try Tensor(TensorSpec(type, shape)) { bytes in
                for index in bytes.indices {
                    let byte = UInt8(truncatingIfNeeded: index * 29 + 3)
                    bytes[index] = type == .bool ? byte & 1 : type.bitWidth < 8 ? byte & (1 << UInt8(type.bitWidth) - 1) : byte
                }
            }
            let path = folder.path + "/t.pb"
            try TensorProtoFile.write(tensor, name: "t", to: path)
            let back = try TensorProtoFile.read(path)
            #expect(back.spec == tensor.spec)
            #expect(back.withBytes { Array($0) } == tensor.withBytes { Array($0) })
        }
    }

    @Test("refuses damaged files, naming the file and the place")
    func damaged() throws {
        let folder = try TemporaryFolder()
        var writer = WireWriter()
        writer.tensor("t", DataType.float, [3]) { $0.rawFloats([1, 2]) }
        let short = try #require(throws: TensorFileError.self) {
            try TensorProtoFile.read(try folder.write(writer.bytes, to: "short.pb"))
        }
        #expect(short.description.contains("short.pb"))
        #expect(short.description.contains("has 8 bytes of data, float32[3] needs 12"))
        for count in 0..<writer.bytes.count {
            let path = try folder.write(Array(writer.bytes.prefix(count)), to: "cut.pb")
            #expect(throws: TensorFileError.self) { try TensorProtoFile.read(path) }
        }
    }
}
