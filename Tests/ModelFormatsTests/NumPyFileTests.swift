import ModelFormats
import Tensors
import Testing

/// An `.npy` file from its parts; the text is padded as NumPy pads it unless `pad` is off.
private func npy(_ text: String, _ data: [UInt8] = [], version: UInt8 = 1, pad: Bool = true) -> [UInt8] {
    let head = 8 + (version == 1 ? 2 : 4)
    var body = Array(text.utf8)
    if pad {
        while (head + body.count + 1) % 64 != 0 { body.append(UInt8(ascii: " ")) }
        body.append(UInt8(ascii: "\n"))
    }
    let length = (0..<(version == 1 ? 2 : 4)).map { UInt8(truncatingIfNeeded: body.count >> (8 * $0)) }
    return [0x93] + Array("NUMPY".utf8) + [version, 0] + length + body + data
}

private func read(_ bytes: [UInt8], expected: ElementType? = nil) throws(TensorFileError) -> Tensor {
    var result: Result<Tensor, TensorFileError>?
    bytes.withUnsafeBytes { buffer in
        do throws(TensorFileError) { result = .success(try NumPyFile.read(buffer, path: "test.npy", expected: expected)) } catch {
            result = .failure(error)
        }
    }
    return try result!.get()
}

@Suite("NumPyFile")
struct NumPyFileTests {
    struct Accepted: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let file: [UInt8]
        let spec: TensorSpec
        let bytes: [UInt8]

        init(_ name: String, _ file: [UInt8], _ spec: TensorSpec, _ bytes: [UInt8]) {
            (testDescription, self.file, self.spec, self.bytes) = (name, file, spec, bytes)
        }
    }

    static let accepted: [Accepted] = [
        .init(
            "little-endian float", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", [0, 0, 0x80, 0x3F]),
            TensorSpec(.float32, [1]), [0, 0, 0x80, 0x3F]),
        .init(
            "big-endian float",
            npy("{'descr': '>f4', 'fortran_order': False, 'shape': (2,), }", [0x3F, 0x80, 0, 0, 0xC0, 0, 0, 0]),
            TensorSpec(.float32, [2]), [0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0]),
        .init("scalar", npy("{'descr': '|u1', 'fortran_order': False, 'shape': (), }", [7]), TensorSpec(.uint8, []), [7]),
        .init("no elements", npy("{'descr': '<i8', 'fortran_order': False, 'shape': (0, 3), }"), TensorSpec(.int64, [0, 3]), []),
        .init(
            "first axis fastest", npy("{'descr': '|i1', 'fortran_order': True, 'shape': (2, 3), }", [1, 4, 2, 5, 3, 6]),
            TensorSpec(.int8, [2, 3]), [1, 2, 3, 4, 5, 6]),
        .init(
            "first axis fastest, three axes, two bytes",
            npy("{'descr': '>i2', 'fortran_order': True, 'shape': (2, 1, 2), }", [0, 1, 0, 3, 0, 2, 0, 4]),
            TensorSpec(.int16, [2, 1, 2]), [1, 0, 2, 0, 3, 0, 4, 0]),
        .init(
            "first axis fastest, one axis", npy("{'descr': '|i1', 'fortran_order': True, 'shape': (2,), }", [1, 2]),
            TensorSpec(.int8, [2]), [1, 2]),
        .init(
            "bool bytes over 1", npy("{'descr': '|b1', 'fortran_order': False, 'shape': (3,), }", [0, 1, 9]),
            TensorSpec(.bool, [3]), [0, 1, 1]),
        .init(
            "version 2", npy("{'descr': '|i1', 'fortran_order': False, 'shape': (1,), }", [5], version: 2),
            TensorSpec(.int8, [1]), [5]),
        .init(
            "version 3", npy("{'descr': '|i1', 'fortran_order': False, 'shape': (1,), }", [5], version: 3),
            TensorSpec(.int8, [1]), [5]),
        .init(
            "keys in another order, double quotes, no last comma, no padding",
            npy("{\"shape\":(1,1),\"descr\":\"<u2\",\"fortran_order\":False}", [1, 2], pad: false), TensorSpec(.uint16, [1, 1]),
            [1, 2]),
        .init(
            "half floats", npy("{'descr': '<f2', 'fortran_order': False, 'shape': (1,), }", [0, 0x3C]), TensorSpec(.float16, [1]),
            [0, 0x3C]),
    ]

    @Test("reads what NumPy writes", arguments: accepted)
    func reads(_ accepted: Accepted) throws {
        let tensor = try read(accepted.file)
        #expect(tensor.spec == accepted.spec)
        #expect(tensor.withBytes { Array($0) } == accepted.bytes)
    }

    struct Refused: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let file: [UInt8]
        let words: String

        init(_ name: String, _ words: String, _ file: [UInt8]) { (testDescription, self.file, self.words) = (name, file, words) }
    }

    private static let sound = "{'descr': '|i1', 'fortran_order': False, 'shape': (1,), }"

    static let refused: [Refused] = [
        .init("empty file", "no .npy file", []),
        .init("other magic", "no .npy file", Array("PK\u{3}\u{4}and more bytes".utf8)),
        .init("version 4", "version 4.0", npy(sound, [1], version: 4)),
        .init("header longer than the file", "cut off", Array(npy(sound).prefix(40))),
        .init("header of 2 GiB", "the limit is 10000", [0x93] + Array("NUMPY".utf8) + [2, 0, 0, 0, 0, 0x80]),
        .init("too few elements", "has 0 bytes of elements, int8[1] needs 1", npy(sound)),
        .init("too many elements", "has 2 bytes of elements", npy(sound, [1, 2])),
        .init(
            "shape that overflows", "too many",
            npy("{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296, 4294967296), }")),
        .init(
            "extent that overflows", "below 2^63",
            npy("{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999,), }")),
        .init("negative extent", "0 or more", npy("{'descr': '<f8', 'fortran_order': False, 'shape': (-1,), }")),
        .init(
            "33 axes", "at most 32 axes",
            npy("{'descr': '|i1', 'fortran_order': False, 'shape': (\(String(repeating: "1,", count: 33))), }", [1])),
        .init("strings", "NumPy type '|S3'", npy("{'descr': '|S3', 'fortran_order': False, 'shape': (1,), }", [1, 2, 3])),
        .init("objects", "NumPy type '|O'", npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }")),
        .init("dates", "NumPy type '<M8'", npy("{'descr': '<M8', 'fortran_order': False, 'shape': (0,), }")),
        .init("records", "expected a text", npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }")),
        .init("missing key", "descr, fortran_order and shape", npy("{'descr': '|i1', 'shape': (1,), }", [1])),
        .init(
            "unknown key", "descr, fortran_order and shape",
            npy("{'descr': '|i1', 'fortran_order': False, 'shape': (1,), 'x': 'y'}", [1])),
        .init(
            "key twice", "each key once", npy("{'descr': '|i1', 'descr': '|i1', 'fortran_order': False, 'shape': (1,), }", [1])),
        .init("number for a shape", "expected a comma", npy("{'descr': '|i1', 'fortran_order': False, 'shape': (1), }", [1])),
        .init(
            "text after the dictionary", "the end of the header",
            npy("{'descr': '|i1', 'fortran_order': False, 'shape': (1,), } x", [1])),
        .init("open text", "expected", npy("{'descr", [1], pad: false)),
        .init("open dictionary", "expected", npy("{'descr': '|i1', ", [1], pad: false)),
        .init("escape in a text", "plain text", npy("{'de\\scr': '|i1', 'fortran_order': False, 'shape': (1,), }", [1])),
        .init("empty type", "NumPy type ''", npy("{'descr': '', 'fortran_order': False, 'shape': (1,), }", [1])),
    ]

    @Test("refuses headers that are not what NumPy writes", arguments: refused)
    func refuses(_ refused: Refused) throws {
        let error = try #require(throws: TensorFileError.self) { try read(refused.file) }
        #expect(error.description.contains("\"test.npy\""))
        #expect(error.description.contains(refused.words), "\(error)")
    }

    @Test("every prefix and every flipped bit of a file gives a tensor or an error")
    func damaged() throws {
        let file = npy("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }", [UInt8](repeating: 1, count: 24))
        for count in 0..<file.count { #expect(throws: TensorFileError.self) { try read(Array(file.prefix(count))) } }
        var refused = 0
        for index in file.indices {
            for bit in 0..<8 {
                var damaged = file
                damaged[index] ^= 1 << bit
                do throws(TensorFileError) { _ = try read(damaged) } catch { refused += 1 }
            }
        }
        #expect(refused > 500)
    }

    @Test("writes what it reads, for every element type", arguments: ElementType.allCases.filter { $0 != .string })
    func roundTrip(_ type: ElementType) throws {
        let folder = try TemporaryFolder()
        for shape in [[], [3], [2, 0], [2, 3, 1]] as [Shape] {
            let tensor = try Tensor(TensorSpec(type, shape)) { bytes in
                for index in bytes.indices {
                    let byte = UInt8(truncatingIfNeeded: index * 37 + 1)
                    bytes[index] = type == .bool ? byte & 1 : type.bitWidth < 8 ? byte & (1 << UInt8(type.bitWidth) - 1) : byte
                }
            }
            let path = folder.path + "/t.npy"
            try NumPyFile.write(tensor, to: path)
            let back = try NumPyFile.read(path, expected: type)
            #expect(back.spec == tensor.spec)
            #expect(back.withBytes { Array($0) } == tensor.withBytes { Array($0) })
        }
    }

    @Test("types of 8 bits and fewer travel as bytes, which may hold nothing above the type's bits")
    func narrow() throws {
        let one = "{'descr': '|u1', 'fortran_order': False, 'shape': (2,), }"
        for type in ElementType.allCases where type.narrow != nil {
            let highest = UInt8(1 << type.bitWidth - 1)
            let tensor = try read(npy(one, [0, highest]), expected: type)
            #expect(tensor.spec == TensorSpec(type, [2]))
            #expect(tensor.withBytes { Array($0) } == [0, highest])
            #expect(try read(npy("{'descr': '|i1', 'fortran_order': False, 'shape': (1,), }", [1]), expected: type).elementType == .int8)
            guard type.bitWidth < 8 else { continue }
            let error = try #require(throws: TensorFileError.self) { try read(npy(one, [0, highest + 1]), expected: type) }
            #expect(error.description.contains("has bytes above \(highest), expected the bits of one \(type) in each"), "\(error)")
        }
    }

    @Test("bfloat16 travels as unsigned 16-bit integers")
    func bfloat16() throws {
        let folder = try TemporaryFolder()
        let tensor = try Tensor(TensorSpec(.bfloat16, [1])) { bytes in (bytes[0], bytes[1]) = (0x80, 0x3F) }
        try NumPyFile.write(tensor, to: folder.path + "/b.npy")
        #expect(try NumPyFile.read(folder.path + "/b.npy").values(UInt16.self) == [0x3F80])
    }

    @Test("elements begin on a 64-byte boundary, as NumPy has it")
    func padding() throws {
        let folder = try TemporaryFolder()
        try NumPyFile.write(Tensor([Float(1)], shape: [1]), to: folder.path + "/p.npy")
        let file = try FileContents(path: folder.path + "/p.npy")
        #expect(file.byteCount == 128 + 4 || file.byteCount == 64 + 4)
        #expect(file.bytes[file.byteCount - 5] == UInt8(ascii: "\n"))
    }

    @Test("faults of the file system name the file")
    func faults() throws {
        let missing = try #require(throws: TensorFileError.self) { try NumPyFile.read("/nowhere/x.npy") }
        #expect(missing.description.contains("/nowhere/x.npy"))
        let unwritable = try #require(throws: TensorFileError.self) {
            try NumPyFile.write(Tensor(scalar: Float(1)), to: "/nowhere/x.npy")
        }
        #expect(unwritable.description.contains("cannot be created"))
        let full = try #require(throws: TensorFileError.self) { try NumPyFile.write(Tensor(scalar: Float(1)), to: "/dev/full") }
        #expect(full.description.contains("cannot be written"))
    }
}
