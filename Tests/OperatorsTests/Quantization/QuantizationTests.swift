import GraphIR
import Operators
import Tensors
import Testing

@Suite("Quantization")
struct QuantizationTests {
    static func number(_ value: Float) -> Tensor { Tensor(scalar: value) }

    @Test("there and back loses at most half a step", arguments: ["MIN_COMBINED", "MIN_FIRST", "SCALED"])
    func roundTrip(_ mode: String) throws {
        var numbers = TestNumbers(seed: 5)
        let values = numbers.doubles(50, in: -1...2)
        for type in [ElementType.uint8, .int8, .int16, .uint16] where mode != "SCALED" || type.isSigned {
            let attributes: [String: Attribute] = ["T": TensorFlowCase.type(type), "mode": .string(mode)]
            let quantized = try TensorFlowCase.run(
                "QuantizeV2", [Tensor(values, .float32, [50]), Self.number(-1), Self.number(2)], outputs: 3, attributes)
            #expect(quantized[0].elementType == type)
            let back = try TensorFlowCase.run("Dequantize", quantized, attributes)[0]
            expectNumbers(back, values, absolute: 4 / (type.byteCount == 1 ? 255 : 65535), "\(mode) \(type)")
        }
    }

    @Test("refuses ranges, bits and axes that make no sense")
    func refusals() {
        let data = Tensor([1, 2] as [Float], shape: [1, 2])
        #expect(throws: OperatorError.self) {
            try TensorFlowCase.run(
                "QuantizeV2", [data, Self.number(2), Self.number(1)], outputs: 3, ["T": TensorFlowCase.type(.uint8)])
        }
        #expect(throws: OperatorError.self) {
            try TensorFlowCase.run(
                "QuantizeV2", [data, Self.number(0), Self.number(1)], outputs: 3,
                ["T": TensorFlowCase.type(.uint8), "axis": .integer(7)])
        }
        for bits in [0, 1, 17, 64] as [Int64] {
            #expect(throws: OperatorError.self) {
                try TensorFlowCase.run("FakeQuantWithMinMaxArgs", [data], ["num_bits": .integer(bits)])
            }
        }
        for bits in [-1, 0, 63] as [Int32] {
            #expect(throws: OperatorError.self) {
                try TensorFlowCase.run(
                    "QuantizeAndDequantizeV3", [data, Self.number(0), Self.number(1), Tensor(scalar: bits)])
            }
        }
        #expect(throws: OperatorError.self) {
            try TensorFlowCase.run("FakeQuantWithMinMaxVarsPerChannel", [data, Self.number(0), Self.number(1)])
        }
    }

    @Test("a simulation moves its range so that 0 stays 0")
    func zeroStaysZero() throws {
        let data = Tensor([0, 0.1, -9, 9] as [Float], shape: [4])
        let result = try TensorFlowCase.run("FakeQuantWithMinMaxVars", [data, Self.number(-1.3), Self.number(0.9)])[0].numbers
        #expect(result[0] == 0)
        #expect(abs(result[1] - 0.1) < 0.005)
        #expect(result[3] - result[2] < 2.21)
    }

    @Test("a product of quantized matrices is exact around the zero points")
    func product() throws {
        let a = Tensor([0, 255] as [UInt8], shape: [1, 2]), b = Tensor([255, 128] as [UInt8], shape: [2, 1])
        let ranges = [Self.number(0), Self.number(255), Self.number(-128), Self.number(127)]
        let result = try TensorFlowCase.run("QuantizedMatMul", [a, b] + ranges, outputs: 3)
        // 128 stands for 0 in the second range.
        expectNumbers(result[0], [0])
        #expect(throws: OperatorError.self) {
            try TensorFlowCase.run("QuantizedMatMul", [a, a] + ranges, outputs: 3)
        }
        #expect(throws: OperatorError.self) {
            try TensorFlowCase.run("QuantizedMatMul", [a, b, ranges[1], ranges[0], ranges[2], ranges[3]], outputs: 3)
        }
    }
}
