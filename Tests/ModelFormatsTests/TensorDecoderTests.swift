import GraphIR
import ModelFormats
import ProtobufWire
import Tensors
import Testing

/// Imports one initialiser, or the way it is refused.
private func initializer(_ type: Int64, _ extents: [Int64], _ data: (inout WireWriter) -> Void) throws -> Tensor {
    let model = try importModel(
        .model { graph in
            graph.input("x")
            graph.initializer("w", type, extents, data)
            graph.node("Custom", ["x", "w"], ["y"])
            graph.output("y")
        })
    return try #require(model.graph.dense(0))
}

@Suite("TensorProto contents")
struct TensorDecoderTests {
    struct Accepted: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let type: Int64
        let extents: [Int64]
        let data: @Sendable (inout WireWriter) -> Void
        let spec: TensorSpec
        /// The elements' bytes, little-endian.
        let bytes: [UInt8]

        init(
            _ name: String, _ type: Int64, _ extents: [Int64], _ element: ElementType, _ bytes: [UInt8],
            data: @escaping @Sendable (inout WireWriter) -> Void
        ) {
            (testDescription, self.type, self.extents, self.data, self.bytes) = (name, type, extents, data, bytes)
            spec = TensorSpec(element, Shape(extents.map(Int.init)))
        }
    }

    static let accepted: [Accepted] = [
        .init("float_data", DataType.float, [2], .float32, [0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0]) {
            $0.delimited(4, [0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0])
        },
        .init("float_data unpacked", DataType.float, [2], .float32, [0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0]) {
            $0.float(4, 1)
            $0.float(4, -2)
        },
        .init("double_data", DataType.double, [1], .float64, [0, 0, 0, 0, 0, 0, 0xF0, 0x3F]) { $0.double(10, 1) },
        .init("int64_data", DataType.int64, [2], .int64, [1, 0, 0, 0, 0, 0, 0, 0] + [UInt8](repeating: 0xFF, count: 8)) {
            $0.packed(7, [1, -1])
        },
        .init("uint64_data", DataType.uint64, [1], .uint64, [UInt8](repeating: 0xFF, count: 8)) { $0.packed(11, [-1]) },
        .init("uint32 in uint64_data", DataType.uint32, [1], .uint32, [0xFF, 0xFF, 0xFF, 0xFF]) { $0.packed(11, [0xFFFF_FFFF]) },
        .init("int32_data", DataType.int32, [2], .int32, [0xFE, 0xFF, 0xFF, 0xFF, 7, 0, 0, 0]) { $0.packed(5, [-2, 7]) },
        .init("int16 in int32_data", DataType.int16, [2], .int16, [0, 0x80, 0xFF, 0x7F]) { $0.packed(5, [-32768, 32767]) },
        .init("int8 in int32_data", DataType.int8, [2], .int8, [0x80, 0x7F]) { $0.packed(5, [-128, 127]) },
        .init("uint16 in int32_data", DataType.uint16, [1], .uint16, [0xFF, 0xFF]) { $0.packed(5, [65535]) },
        .init("uint8 in int32_data", DataType.uint8, [1], .uint8, [0xFF]) { $0.packed(5, [255]) },
        .init("bool in int32_data", DataType.bool, [3], .bool, [0, 1, 1]) { $0.packed(5, [0, 1, 2]) },
        .init("float16 in int32_data", DataType.float16, [1], .float16, [0, 0x3C]) { $0.packed(5, [0x3C00]) },
        .init("bfloat16 in int32_data", DataType.bfloat16, [1], .bfloat16, [0x80, 0xBF]) { $0.packed(5, [0xBF80]) },
        .init("raw float16", DataType.float16, [2], .float16, [0, 0x3C, 0, 0x40]) { $0.delimited(9, [0, 0x3C, 0, 0x40]) },
        .init("raw 8-bit floats", DataType.float8, [2], .float8e4m3fn, [0x38, 0xFF]) { $0.delimited(9, [0x38, 0xFF]) },
        .init("8-bit floats in int32_data", DataType.float8, [2], .float8e4m3fn, [0x38, 0xFF]) { $0.packed(5, [0x38, 0xFF]) },
        .init("raw int4, an odd count", DataType.int4, [3], .int4, [1, 0xF, 2]) { $0.delimited(9, [0xF1, 2]) },
        .init("raw uint4, what lies behind the last element does not matter", DataType.uint4, [1], .uint4, [5]) { $0.delimited(9, [0xA5]) },
        .init("raw float4", DataType.float4, [2, 1], .float4e2m1, [7, 0xF]) { $0.delimited(9, [0xF7]) },
        .init("raw int2, two bytes", DataType.int2, [5], .int2, [0, 1, 2, 3, 3]) { $0.delimited(9, [0b1110_0100, 3]) },
        .init("int4 in int32_data, two in each", DataType.int4, [3], .int4, [1, 0xF, 2]) { $0.packed(5, [0xF1, 2]) },
        .init("uint2 in int32_data, four in each", DataType.uint2, [4], .uint2, [0, 1, 2, 3]) { $0.packed(5, [0b1110_0100]) },
        .init("int4, no elements", DataType.int4, [0], .int4, []) { $0.delimited(9, []) },
        .init("raw bool with bytes over 1", DataType.bool, [4], .bool, [0, 1, 1, 1]) { $0.delimited(9, [0, 1, 2, 255]) },
        .init("raw int8", DataType.int8, [2], .int8, [1, 0xFF]) { $0.delimited(9, [1, 0xFF]) },
        .init("scalar", DataType.uint8, [], .uint8, [9]) { $0.delimited(9, [9]) },
        .init("no elements, no data", DataType.float, [0, 3], .float32, []) { _ in },
        .init("no elements, empty raw_data", DataType.float, [0], .float32, []) { $0.delimited(9, []) },
        .init("empty raw_data beside typed data", DataType.float, [1], .float32, [0, 0, 0x80, 0x3F]) {
            $0.delimited(9, [])
            $0.float(4, 1)
        },
    ]

    @Test("reads every encoding of elements", arguments: accepted)
    func reads(_ accepted: Accepted) throws {
        let tensor = try initializer(accepted.type, accepted.extents, accepted.data)
        #expect(tensor.spec == accepted.spec)
        #expect(tensor.withBytes { Array($0) } == accepted.bytes)
    }

    struct Refused: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let type: Int64
        let extents: [Int64]
        let data: @Sendable (inout WireWriter) -> Void
        let words: String

        init(
            _ name: String, _ type: Int64, _ extents: [Int64], _ words: String,
            data: @escaping @Sendable (inout WireWriter) -> Void
        ) {
            (testDescription, self.type, self.extents, self.words, self.data) = (name, type, extents, words, data)
        }
    }

    static let refused: [Refused] = [
        .init("too few raw bytes", DataType.float, [2], "has 4 bytes of data, float32[2] needs 8") { $0.rawFloats([1]) },
        .init("too many raw bytes", DataType.float, [1], "has 8 bytes of data, float32[1] needs 4") { $0.rawFloats([1, 2]) },
        .init("too few typed elements", DataType.float, [2], "has 1 elements, float32[2] needs 2") { $0.float(4, 1) },
        .init("too few raw int4", DataType.int4, [3], "has 1 bytes of data, int4[3] needs 2") { $0.delimited(9, [1]) },
        .init("as many raw bytes as int4", DataType.int4, [3], "has 3 bytes of data, int4[3] needs 2") { $0.delimited(9, [1, 2, 3]) },
        .init("as many typed numbers as int2", DataType.int2, [3], "has 3 numbers in field 5, int2[3] needs 1") {
            $0.packed(5, [1, 1, 1])
        },
        .init("no data", DataType.float, [2], "has 0 elements") { _ in },
        .init("data in another type's field", DataType.float, [1], "in field 7 of TensorProto, expected field 4") {
            $0.packed(7, [1])
        },
        .init("data twice", DataType.float, [1], "twice") {
            $0.rawFloats([1])
            $0.float(4, 1)
        },
        .init("value beyond its type", DataType.int8, [1], "holds 128, which does not fit") { $0.packed(5, [128]) },
        .init("negative value of an unsigned type", DataType.uint8, [1], "holds -1") { $0.packed(5, [-1]) },
        .init("negative extent", DataType.float, [-1], "shape [-1]") { _ in },
        .init("extents whose product overflows", DataType.float, [1 << 40, 1 << 40], "shape [1099511627776,1099511627776]") { _ in
        },
        .init("extents beside a 0 whose product overflows", DataType.float, [0, 1 << 40, 1 << 40], "shape [0,") { _ in },
        .init("huge extent without data", DataType.float, [1 << 33], "has 0 elements") { _ in },
        .init("extents beyond the byte limit", DataType.float, [1 << 40], "bytes, the limit is") { _ in },
        .init("undefined element type", 0, [1], "which ONNX does not define") { $0.rawFloats([1]) },
        .init("unknown element type", 99, [1], "data type 99") { $0.rawFloats([1]) },
        .init("packed floats that end inside an element", DataType.float, [1], "whole number of elements") {
            $0.delimited(4, [0, 0, 0])
        },
        .init("one segment of a tensor", DataType.float, [1], "segment") {
            $0.rawFloats([1])
            $0.message(3) { $0.integer(1, 0) }
        },
        .init("33 extents", DataType.float, [Int64](repeating: 1, count: 33), "33 dimensions, the limit is 32") {
            $0.rawFloats([1])
        },
    ]

    @Test("refuses contents that do not match the shape or the type", arguments: refused)
    func refuses(_ refused: Refused) throws {
        let error = try #require(throws: ImportError.self) { try initializer(refused.type, refused.extents, refused.data) }
        #expect(error.description.contains("initializer \"w\""), "\(error)")
        #expect(error.description.contains(refused.words), "\(error)")
    }
}

@Suite("Strings in TensorProto")
struct StringTensorTests {
    private func constant(_ extents: [Int64], _ data: (inout WireWriter) -> Void) throws -> TensorValue {
        let model = try importModel(
            .model { graph in
                graph.input("x")
                graph.initializer("w", DataType.string, extents, data)
                graph.node("Custom", ["x", "w"], ["y"])
                graph.output("y")
            })
        return try #require(model.graph.initializers.first?.value)
    }

    @Test("are taken byte for byte, whatever they hold")
    func reads() throws {
        guard
            case .strings(let tensor) = try constant(
                [2, 1],
                {
                    $0.string(6, "ä")
                    $0.delimited(6, [0xFF, 0])
                })
        else {
            Issue.record("no strings")
            return
        }
        #expect(tensor == StringTensor(shape: [2, 1], elements: [Array("ä".utf8), [0xFF, 0]]))
        #expect(try constant([0]) { _ in }.spec == TensorSpec(.string, [0]))
    }

    static let refused: [(words: String, data: @Sendable (inout WireWriter) -> Void)] = [
        ("has 1 strings, the shape [2] needs 2", { $0.string(6, "a") }),
        ("has 3 strings, the shape [2] needs 2", { $0.strings(["a", "b", "c"]) }),
        ("strings outside of string_data", { $0.delimited(9, [65, 66]) }),
        ("strings outside of string_data", { $0.packed(5, [65, 66]) }),
        ("strings outside of string_data", { $0.external([("location", "w.bin")]) }),
    ]

    @Test("are refused when they are not as many as the shape says, or not strings", arguments: refused.indices)
    func refuses(_ index: Int) throws {
        let entry = Self.refused[index]
        let error = try #require(throws: ImportError.self) { try constant([2], entry.data) }
        #expect(error.description.contains(entry.words), "\(error)")
    }

    @Test("count as copied, with what each of them takes beside its bytes")
    func counted() throws {
        var limits = ImportLimits()
        limits.copiedByteCount = 1000
        let many = WireWriter.model { graph in
            graph.input("x")
            graph.initializer("w", DataType.string, [100]) { $0.strings([String](repeating: "", count: 100)) }
            graph.node("Custom", ["x", "w"], ["y"])
            graph.output("y")
        }
        let text = try #require(try refusal(of: many, limits: limits))
        #expect(text.contains("bytes of tensors to copy"), "\(text)")
    }
}

@Suite("SparseTensorProto contents")
struct SparseTensorTests {
    private func model(values: [Float], indices: [Int64], indexExtents: [Int64], extents: [Int64]) -> WireWriter {
        .model { graph in
            graph.input("x")
            graph.message(15) { sparse in
                sparse.message(1) { $0.tensor("w", DataType.float, [Int64(values.count)]) { $0.rawFloats(values) } }
                sparse.message(2) { $0.tensor("", DataType.int64, indexExtents) { $0.packed(7, indices) } }
                sparse.packed(3, extents)
            }
            graph.node("Add", ["x", "w"], ["y"])
            graph.output("y")
        }
    }

    @Test("makes positions and coordinates dense", arguments: [([1, 5], [2]), ([0, 1, 1, 2], [2, 2])] as [([Int64], [Int64])])
    func dense(indices: [Int64], extents: [Int64]) throws {
        let imported = try importModel(model(values: [7, 8], indices: indices, indexExtents: extents, extents: [2, 3]))
        let tensor = try #require(imported.graph.dense(0))
        #expect(imported.graph.initializers[0].name == "w")
        #expect(tensor.spec == TensorSpec(.float32, [2, 3]))
        #expect(tensor.values(Float.self) == [0, 7, 0, 0, 0, 8])
    }

    struct Refused: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let indices: [Int64]
        let indexExtents: [Int64]
        let extents: [Int64]
        let words: String
    }

    static let refused: [Refused] = [
        .init(
            testDescription: "position outside", indices: [0, 6], indexExtents: [2], extents: [2, 3],
            words: "index 6 outside 0..<6"),
        .init(
            testDescription: "negative position", indices: [-1, 0], indexExtents: [2], extents: [2, 3], words: "index -1 outside"),
        .init(
            testDescription: "coordinate outside", indices: [0, 0, 2, 0], indexExtents: [2, 2], extents: [2, 3],
            words: "index 2 outside 0..<2"),
        .init(
            testDescription: "same position twice", indices: [1, 1], indexExtents: [2], extents: [2, 3], words: "do not ascend"),
        .init(testDescription: "too few indices", indices: [1], indexExtents: [1], extents: [2, 3], words: "expected int64[2]"),
        .init(
            testDescription: "more dense bytes than allowed", indices: [0, 1], indexExtents: [2], extents: [1 << 29],
            words: "bytes when made dense"),
    ]

    @Test("memory that the system does not give is refused with how much was needed")
    func outOfMemory() throws {
        var limits = ImportLimits()
        (limits.denseByteCount, limits.copiedByteCount) = (.max, .max)
        let wide = model(values: [7], indices: [0], indexExtents: [1], extents: [1 << 47])
        let error = try #require(throws: ImportError.self) { try importModel(wide, limits: limits) }
        guard case .outOfMemory(_, "initializer \"w\"", 1 << 49) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(error.description.contains("initializer \"w\" needs 562949953421312 bytes of memory, and the system gave none"))
    }

    @Test("refuses indices that do not fit", arguments: refused)
    func refuses(_ entry: Refused) throws {
        let text = try #require(
            try refusal(
                of: model(values: [7, 8], indices: entry.indices, indexExtents: entry.indexExtents, extents: entry.extents)))
        #expect(text.contains(entry.words), "\(text)")
    }
}
