import RESTFrontend
import ServableCore
import Tensors
import Testing

@Suite("JSON of types of 8 bits and fewer")
struct NarrowElementTests {
    static let types = ElementType.allCases.filter { $0.narrow != nil }

    @Test("every code is written as its number, and read back", arguments: types)
    func roundTrip(_ type: ElementType) throws {
        let narrow = try #require(type.narrow)
        let codes = (0..<1 << type.bitWidth).map { UInt8($0) }.filter { narrow.value(of: $0).isFinite }
        let tensor = try Tensor(TensorSpec(type, [codes.count])) { $0.copyBytes(from: codes) }
        let text = try Codec.text([(name: "y", value: .dense(tensor))], format: .columnar)
        let values = codes.map(narrow.value)
        let body = type.isInteger ? values.map { String(Int($0)) }.joined(separator: ",") : nil
        if let body { #expect(text == "{\"outputs\":[\(body)]}") }
        let back = try Codec.read(Array(text.replacing("outputs", with: "inputs").utf8), [("x", type)]).inputs
        guard case .dense(let found) = try #require(back.first) else { return #expect(Bool(false)) }
        #expect(found.spec == tensor.spec)
        #expect(found.hasEqualContents(tensor), "\(text)")
    }

    @Test(
        "numbers are rounded, those beyond the range limited; integers must fit, and there is no NaN where the type has none",
        arguments: [
            (.float8e4m3fn, "[0.3,1000,-Infinity,NaN]", [0x2A, 0x7E, 0xFE, 0x7F]), (.float4e2m1, "[2.5,-7]", [4, 15]),
            (.float4e2m1, "[NaN]", nil), (.float8e8m0, "[3,NaN]", [129, 255]), (.float8e8m0, "[-1]", nil),
            (.int4, "[-8,7]", [8, 7]), (.int4, "[8]", nil), (.int4, "[1.0]", nil), (.uint4, "[15]", [15]), (.uint4, "[-1]", nil),
            (.int2, "[-2,1]", [2, 1]), (.int2, "[2]", nil), (.uint2, "[3]", [3]), (.uint2, "[4]", nil), (.uint2, "[true]", nil),
        ] as [(ElementType, String, [UInt8]?)])
    func reading(_ type: ElementType, _ list: String, _ expected: [UInt8]?) throws {
        let body = Array("{\"inputs\":\(list)}".utf8)
        guard let expected else {
            let name = [.float4e2m1: "float4_e2m1fn", .float8e8m0: "float8_e8m0fnu"][type] ?? type.name
            let error = try #require(throws: ServableError.self) { try Codec.read(body, [("x", type)]) }
            #expect(error.description.contains("is not of expected type: \(name)"), "\(error)")
            return
        }
        guard case .dense(let tensor) = try #require(try Codec.read(body, [("x", type)]).inputs.first) else { return #expect(Bool(false)) }
        #expect(tensor.withBytes { Array($0) } == expected)
    }

    @Test("TensorFlow Serving's own dialect does not have them", arguments: types)
    func refused(_ type: ElementType) {
        #expect(throws: ServableError.self) { try Codec.read(Array(#"{"inputs":[1]}"#.utf8), [("x", type)], dialect: .tensorFlowServing) }
    }
}
