import GraphIR
import ServableCore
import Tensors
import Testing

@testable import ModelServing

@Suite struct SignatureCheckTests {
    private static let pair = TensorType(.float32, SymbolicShape([.known(2)]))

    private static func parameter(_ name: String, _ type: ValueType) -> Signature.Parameter {
        Signature.Parameter(name: name, valueName: name, type: type)
    }

    private static let signature = Signature(
        name: "s",
        inputs: [
            parameter("x", .tensor(pair)), parameter("q", .sequence(.tensor(pair))), parameter("o", .optional(.tensor(pair))),
            parameter("m", .sequence(.map(key: .int64, value: .tensor(TensorSpec(.string, .scalar).type)))),
        ], outputs: [],
        overridables: [
            Signature.Parameter(
                name: "k", valueName: "k", type: pair, fallback: .dense(Tensor([1, 2] as [Float], shape: [2])), isOverridable: true)
        ])

    private static func floats(_ count: Int) -> RuntimeValue {
        .tensor(Tensor([Float](repeating: 1, count: count), shape: Shape([count])))
    }

    private static let word = RuntimeValue.strings(StringTensor(shape: .scalar, elements: [[1]]))
    private static let number = RuntimeValue.tensor(Tensor(scalar: Int64(1)))
    private static let maps = RuntimeValue.sequence([.map(.integers([(key: Int64(1), value: word)]))])
    private static let sound = [floats(2), .sequence([floats(2)]), .optional(nil), maps]

    /// The sound values with one in another's place.
    private static func values(_ index: Int, _ value: RuntimeValue) -> [RuntimeValue] {
        var values = sound
        values[index] = value
        return values
    }

    @Test(
        "takes values of the declared types",
        arguments: [
            sound, values(1, .sequence([])), values(2, .optional(floats(2))), values(3, .sequence([.map(.integers([]))])),
            sound + [floats(2)],
        ])
    func takes(_ values: [RuntimeValue]) throws {
        #expect(throws: Never.self) { try SignatureCheck.check(CallInputs(values), against: Self.signature) }
    }

    @Test(
        "refuses other values with the input's name, what was found and what was expected",
        arguments: [
            (values(0, floats(3)), "input \"x\" has shape [3], expected float32[2]"),
            (values(0, number), "input \"x\" is int64, expected float32"),
            (values(0, .sequence([])), "input \"x\" is sequence of 0, expected float32[2]"),
            (values(1, floats(2)), "input \"q\" is float32[2], expected sequence(float32[2])"),
            (values(1, .sequence([floats(2), floats(1)])), "input \"q\" has an element 1 that has shape [1], expected float32[2]"),
            (values(2, floats(2)), "input \"o\" is float32[2], expected optional(float32[2])"),
            (values(2, .optional(number)), "input \"o\" is int64, expected float32"),
            (
                values(3, .sequence([.map(.strings([(key: [1], value: word)]))])),
                "input \"m\" has an element 0 that is map of 1 with other keys, expected keys of type int64"
            ),
            (
                values(3, .sequence([.map(.integers([(key: Int64(1), value: number)]))])),
                "input \"m\" has an element 0 that has a value that is int64, expected string"
            ),
            (sound + [floats(3)], "input \"k\" has shape [3], expected float32[2]"), ([floats(2)], "has 4 inputs, 1 were given"),
            (sound + [floats(2), floats(2)], "has 4 inputs, 6 were given"),
        ] as [([RuntimeValue], String)])
    func refuses(_ values: [RuntimeValue], _ words: String) throws {
        let error = try #require(throws: ServableError.self) {
            try SignatureCheck.check(CallInputs(values), against: Self.signature)
        }
        #expect(error.code == .invalidArgument && error.message.contains(words), "\(error.message)")
    }

    @Test("a request that replaces no constant has the inputs alone, else everything that it may give")
    func completion() {
        let accepted = Self.signature.accepted
        let plain = accepted.completed([Self.sound[0], Self.sound[1], nil, Self.sound[3], nil])
        #expect(plain.map(\.kind) == ["float32[2]", "sequence of 1", "empty optional", "sequence of 1"])
        let replacing = accepted.completed(Self.sound + [Self.floats(2)])
        #expect(replacing.count == 5)
    }
}
