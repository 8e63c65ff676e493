import HTTPCore
import RESTFrontend
import ServableCore
import Tensors
import Testing

@Suite("tensor writing")
struct TensorWritingTests {
    private func value(_ extents: [Int]) -> TensorValue {
        let shape = Shape(extents)
        return .dense(Tensor((0..<shape.elementCount).map(Int32.init), shape: shape))
    }

    @Test(
        "nests lists by the shape",
        arguments: [
            ([], "0"), ([0], "[]"), ([3], "[0,1,2]"), ([2, 2], "[[0,1],[2,3]]"), ([1, 1, 1], "[[[0]]]"),
            ([2, 0], "[[],[]]"), ([0, 2], "[]"), ([2, 0, 3], "[[],[]]"), ([2, 2, 0], "[[[],[]],[[],[]]]"),
            ([2, 1, 2], "[[[0,1]],[[2,3]]]"), ([2, 2, 2], "[[[0,1],[2,3]],[[4,5],[6,7]]]"),
        ] as [([Int], String)])
    func nesting(_ extents: [Int], _ text: String) throws {
        #expect(try Codec.text([(name: "y", value: value(extents))], format: .columnar) == "{\"outputs\":\(text)}")
    }

    @Test("writes rows of several outputs as objects")
    func rows() throws {
        let outputs = [(name: "b", value: value([2, 2])), (name: "a", value: value([2]))]
        #expect(try Codec.text(outputs, format: .row) == #"{"predictions":[{"a":0,"b":[0,1]},{"a":1,"b":[2,3]}]}"#)
        #expect(try Codec.text(outputs, format: .columnar) == #"{"outputs":{"a":[0,1],"b":[[0,1],[2,3]]}}"#)
    }

    @Test("refuses rows of scalars and of differing batches")
    func refusals() {
        #expect(throws: ServableError(.invalidArgument, "Tensor name: y has no shape information ")) {
            try Codec.text([(name: "y", value: value([]))], format: .row)
        }
        #expect(throws: ServableError(.invalidArgument, "Tensor name: z has inconsistent batch size: 3 expecting: 2")) {
            try Codec.text([(name: "y", value: value([2])), (name: "z", value: value([3]))], format: .row)
        }
    }

    @Test(
        "writes lists larger than any window of the buffer as they are read back",
        arguments: [[40_000], [300, 7, 9], [20_000, 1], [1, 5000]])
    func large(_ extents: [Int]) throws {
        let shape = Shape(extents)
        var generator = SplitMix(seed: 21)
        let values = (0..<shape.elementCount).map { _ in Float.random(in: -10...10, using: &generator) }
        let text = try Codec.text([(name: "y", value: .dense(Tensor(values, shape: shape)))], format: .columnar)
        let back = try Codec.tensor(text.replacing("outputs", with: "inputs"))
        #expect(back.shape == shape)
        #expect(back.values(Float.self) == values)
    }

    @Test("escapes what JSON does not allow in strings and leaves the rest")
    func strings() throws {
        let elements = ["plain", "\"\\/", "\u{8}\u{c}\n\r\t\u{1f}", "é😀"].map { Array($0.utf8) } + [[0xFF, 0xFE]]
        let value = TensorValue.strings(StringTensor(shape: [5], elements: elements))
        var expected = Array(#"{"outputs":["plain","\"\\/","\b\f\n\r\t\u001F","é😀",""#.utf8)
        expected += [0xFF, 0xFE]
        expected += Array("\"]}".utf8)
        var buffer = ByteBuffer()
        buffer.append("{")
        try TensorPayload.append([(name: "y", value: value)], format: .columnar, to: &buffer)
        buffer.append("}")
        #expect(Array(buffer.bytes) == expected)
        let bytes = StringTensor(shape: [3], elements: [[], [0xFF], [1, 2, 3, 4]])
        #expect(
            try Codec.text([(name: "y_bytes", value: .strings(bytes))], format: .columnar)
                == #"{"outputs":[{"b64":""},{"b64":"/w=="},{"b64":"AQIDBA=="}]}"#)
    }
}
