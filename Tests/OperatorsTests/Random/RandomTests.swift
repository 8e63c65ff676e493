import GraphIR
import Tensors
import Testing

@testable import Operators

@Suite("Random operators")
struct RandomTests {
    @Test("key and counter of a seed are TensorFlow's")
    func keyCounter() {
        let generator = Philox(statelessSeed: 42, 7)
        #expect(generator.keyWord == 15_208_881_249_751_095_731)
        #expect(generator.counterWords == (0, 3_409_447_488_647_257_430))
    }

    @Test("skipping carries through all words of the counter")
    func carry() {
        var generator = Philox(counter: .max, 5, key: 1)
        generator.skip(1)
        #expect(generator.counterWords == (0, 6))
        generator = Philox(counter: .max, .max, key: 1)
        generator.skip(2)
        #expect(generator.counterWords == (1, 0))
    }

    @Test("the seeded generator gives TensorFlow's first numbers")
    func seeded() throws {
        let attributes: [String: Attribute] = ["seed": .integer(3), "seed2": .integer(4), "Tout": .type(.int32), "T": .type(.int32)]
        let numbers = try TensorFlowOperator("RandomUniformInt", attributes, inputs: 3)
            .run([.integers([6]), .integer(0), .integer(100)])[0]
        #expect(
            numbers.tensorValue.flatMap { if case .dense(let tensor) = $0 { tensor.integers } else { nil } } == [61, 60, 41, 94, 59, 0])
    }

    @Test("refuses empty ranges and shapes that nothing holds")
    func refusals() throws {
        let attributes: [String: Attribute] = ["seed": .integer(3), "Tout": .type(.int32)]
        let integers = try TensorFlowOperator("RandomUniformInt", attributes, inputs: 3)
        #expect(throws: OperatorError.self) { try integers.run([.integers([6]), .integer(5), .integer(5)]) }
        let uniform = try TensorFlowOperator("RandomUniform", ["dtype": .type(.float32)], inputs: 1)
        #expect(throws: OperatorError.self) { try uniform.run([.integers([-1])]) }
        let gamma = try TensorFlowOperator("RandomGamma", ["T": .type(.float32)], inputs: 2)
        #expect(throws: OperatorError.self) { try gamma.run([.integers([Int32.max, Int32.max, Int32.max]), .floats([1])]) }
    }

    @Test("ONNX's random numbers lie where the attributes say")
    func onnx() throws {
        let spellings = RandomOperators.spellings
        let shape: [String: Attribute] = ["shape": .integers([3, 50]), "seed": .float(7), "low": .float(2), "high": .float(3)]
        let uniform = try evaluate(makeOperator("RandomUniform", in: spellings, inputs: 0, attributes: shape), [])[0]
        #expect(uniform.shape == [3, 50] && uniform.values(Float.self).allSatisfy { $0 >= 2 && $0 < 3 })
        let chances = Tensor([0, 1, 0, 1] as [Float], shape: [4])
        let drawn = try evaluate(makeOperator("Bernoulli", in: spellings, attributes: ["dtype": .integer(7)]), [chances])[0]
        #expect(drawn.values(Int64.self) == [0, 1, 0, 1])
        let logits = Tensor([0, -.infinity, -.infinity, -.infinity, -.infinity, 0] as [Float], shape: [2, 3])
        let classes = try evaluate(makeOperator("Multinomial", in: spellings, attributes: ["sample_size": .integer(2)]), [logits])[0]
        #expect(classes.values(Int32.self) == [0, 0, 2, 2])
        #expect(throws: OperatorError.self) { try makeOperator("RandomNormal", in: spellings, inputs: 0) }
    }

    @Test("distributions without a number give NaN rather than search for ever")
    func nothing() {
        let generator = Philox(seed: 1, 2)
        #expect(GammaSampler().sample([.nan], generator, index: 0).isNaN)
        #expect(PoissonSampler().sample([.infinity], generator, index: 0).isNaN)
        #expect(PoissonSampler().sample([-1], generator, index: 0).isNaN)
        #expect(BinomialSampler(isSingle: true).sample([.nan, 0.5], generator, index: 0).isNaN)
        #expect(BinomialSampler(isSingle: false).sample([10, 0], generator, index: 0) == 0)
    }
}
