import GraphIR
import Inference
import Tensors
import Testing

@testable import ModelServing

@Suite("Engines of signatures")
struct SignatureEnginesTests {
    private static let weights = Tensor([1, 2] as [Float], shape: [2])

    private static func layer(
        _ prefix: String, weights: Tensor = Self.weights, operatorName: String = "Mul", axis: Int64 = 1, swaps: Bool = false
    ) -> SourceGraph {
        let x = prefix + "x", w = prefix + "w", h = prefix + "h", y = prefix + "y"
        return Networks.graph(
            [
                Networks.node(operatorName, swaps ? [w, x] : [x, w], h),
                Networks.node("Softmax", [h], y, ["axis": .integer(axis)]),
            ],
            inputs: [(x, Networks.rows)], output: y, initializers: [(w, .dense(weights))])
    }

    private static func engineCount(_ sources: [SourceGraph]) throws -> Int {
        var engines = SignatureEngines(state: ModelState())
        return Set(try sources.map { ObjectIdentifier(try engines.engine(of: $0)) }).count
    }

    @Test("are shared by signatures that compute the same under other names")
    func shared() throws {
        let copy = Tensor([1, 2] as [Float], shape: [2])
        #expect(try Self.engineCount([Self.layer("a"), Self.layer("b"), Self.layer("c", weights: copy)]) == 1)
    }

    @Test(
        "are not shared by signatures that differ",
        arguments: [
            layer("a", weights: Tensor([1, 3] as [Float], shape: [2])), layer("a", weights: Tensor([1, 2] as [Float], shape: [1, 2])),
            layer("a", operatorName: "Add"), layer("a", axis: 0), layer("a", swaps: true), Networks.double,
        ])
    func different(_ other: SourceGraph) throws {
        #expect(try Self.engineCount([Self.layer("a"), other]) == 2)
    }

    @Test("are not shared when a run does more than make its outputs")
    func effects() throws {
        func noise(_ name: String) -> SourceGraph {
            let type = Attribute.type(.tensor(TensorType(.float32, nil)))
            var graph = Networks.graph(
                [Networks.node("RandomUniform", ["shape"], name, ["dtype": type])], output: name,
                initializers: [("shape", .dense(Tensor([2] as [Int32], shape: [1])))])
            graph.dialect = .tensorFlow
            return graph
        }
        #expect(try Self.engineCount([noise("a"), noise("b")]) == 2)
    }
}
