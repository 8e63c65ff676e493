import GraphIR
import Inference
import Tensors
import Testing

@testable import ModelServing

@Suite struct BatchSharingTests {
    struct Case: CustomTestStringConvertible {
        let name: String
        let graph: SourceGraph
        /// Part of the reason to run alone; nil for rows that share runs.
        let reason: String?
        var testDescription: String { name }
    }

    private static let node = Networks.node

    private static func branch(_ operatorName: String) -> Attribute {
        .graph(
            SourceGraph(
                name: operatorName, dialect: .onnx, outputs: [SourceValue(name: "b", type: nil as ValueType?)],
                nodes: [node(operatorName, ["x"], "b", [:])]))
    }

    /// Rows interact only when a value is above what made-up rows have: no experiment sees it.
    private static let rare = Networks.graph(
        [
            node("ReduceMax", ["x"], "m", ["keepdims": .integer(0)]), node("Greater", ["m", "t"], "c", [:]),
            node("If", ["c"], "y", ["then_branch": branch("Neg"), "else_branch": branch("Identity")]),
        ], initializers: [("t", .dense(Tensor(scalar: Float(100))))])

    static let cases = [
        Case(name: "element by element", graph: Networks.double, reason: nil),
        Case(name: "softmax over the rows", graph: Networks.acrossRows, reason: "node \"y\" (Softmax)"),
        Case(name: "a sum over the rows", graph: Networks.summed, reason: "node \"y\" (ReduceSum)"),
        Case(name: "a branch that looks at all rows", graph: rare, reason: "(ReduceMax)"),
        Case(
            name: "a fixed number of rows",
            graph: Networks.graph(
                [node("Add", ["x", "x"], "y", [:])], inputs: [("x", TensorType(.float32, SymbolicShape([.known(4)])))]),
            reason: "open leading dimension"),
        Case(
            name: "an input of unknown rank",
            graph: Networks.graph([node("Add", ["x", "x"], "y", [:])], inputs: [("x", TensorType(.float32, nil))]), reason: "unknown rank"),
        Case(
            name: "the number of rows as data",
            graph: Networks.graph([
                node("Shape", ["x"], "s", ["end": .integer(1)]), node("Cast", ["s"], "f", ["to": .integer(1)]),
                node("Div", ["x", "f"], "y", [:]),
            ]), reason: "(Div)"),
        Case(
            name: "a reshape through the rows' own shape",
            graph: Networks.graph([
                node("Shape", ["x"], "s", [:]), node("Relu", ["x"], "r", [:]), node("Reshape", ["r", "s"], "y", [:]),
            ]), reason: nil),
    ]

    @Test("a signature with a value that is no tensor runs alone, and the reason names it")
    func collections() throws {
        let known = Networks.signature(Networks.double)
        let type = ValueType.sequence(.map(key: .int64, value: .tensor(TensorSpec(.float32, .scalar).type)))
        let signature = Signature(
            name: "s", inputs: known.inputs, outputs: known.outputs + [Signature.Parameter(name: "p", valueName: "p", type: type)])
        let sharing = BatchSharing(derivedFor: signature, try Networks.engine(Networks.double))
        #expect(sharing == .alone("\"p\" is sequence(map(int64, float32[]))"))
    }

    @Test("is derived from the graph, with the node where the derivation ends", arguments: cases)
    func derives(_ entry: Case) throws {
        let signature = Networks.signature(entry.graph)
        let sharing = BatchSharing(derivedFor: signature, try Networks.engine(entry.graph))
        guard let reason = entry.reason else {
            #expect(sharing == .shared)
            return
        }
        #expect(sharing != .shared && sharing.description.contains(reason), "\(sharing)")
    }
}
