import GraphIR
import Tensors
import Testing

@testable import Operators

@Suite("Variable")
struct VariableTests {
    private let resources = ResourceTable()
    private let attributes: [String: Attribute] = [
        "dtype": .type(.float32), "shape": .shape(SymbolicShape([.known(2), .known(2)])), "shared_name": .string("v"),
    ]

    private func handle() throws -> RuntimeValue {
        try TensorFlowOperator("VarHandleOp", attributes, inputs: 0, resources: resources).run([])[0]
    }

    private func run(_ name: String, _ inputs: [RuntimeValue], _ attributes: [String: Attribute] = [:]) throws -> [RuntimeValue] {
        try TensorFlowOperator(name, attributes, inputs: inputs.count, resources: resources).run(inputs)
    }

    @Test("reading before anything is assigned names the variable")
    func uninitialized() throws {
        let handle = try handle()
        #expect(throws: OperatorError.self) { try run("ReadVariableOp", [handle]) }
        do { _ = try run("ReadVariableOp", [handle]) } catch { #expect("\(error)".contains("\"v\"")) }
        #expect(throws: OperatorError.self) { try run("AssignAddVariableOp", [handle, .floats([1, 2, 3, 4], [2, 2])]) }
    }

    @Test("takes values of its type and shape alone")
    func types() throws {
        let handle = try handle()
        #expect(throws: OperatorError.self) { try run("AssignVariableOp", [handle, .floats([1, 2])]) }
        #expect(throws: OperatorError.self) { try run("AssignVariableOp", [handle, .integers([1, 2])]) }
        _ = try run("AssignVariableOp", [handle, .floats([1, 2, 3, 4], [2, 2])])
        #expect(throws: OperatorError.self) { try run("AssignAddVariableOp", [handle, .floats([1])]) }
        #expect(try run("ReadVariableOp", [handle])[0].floats == [1, 2, 3, 4])
    }

    @Test("who has read it keeps what was read")
    func snapshots() throws {
        let handle = try handle()
        _ = try run("AssignVariableOp", [handle, .floats([1, 2, 3, 4], [2, 2])])
        let before = try run("ReadVariableOp", [handle])[0]
        _ = try run("AssignSubVariableOp", [handle, .floats([1, 1, 1, 1], [2, 2])])
        #expect(before.floats == [1, 2, 3, 4])
        #expect(try run("ReadVariableOp", [handle])[0].floats == [0, 1, 2, 3])
    }

    @Test("an update with an index outside changes nothing", arguments: [-1, 2, Int32.max, Int32.min])
    func indices(_ index: Int32) throws {
        let handle = try handle()
        _ = try run("AssignVariableOp", [handle, .floats([1, 2, 3, 4], [2, 2])])
        #expect(throws: OperatorError.self) {
            try run("ResourceScatterAdd", [handle, .integers([0, index]), .floats([1, 1, 1, 1], [2, 2])])
        }
        #expect(throws: OperatorError.self) {
            try run("ResourceScatterNdUpdate", [handle, .tensor(Tensor([index, 0], shape: [1, 2])), .floats([9])])
        }
        #expect(throws: OperatorError.self) { try run("ResourceGather", [handle, .integers([index])]) }
        #expect(try run("ReadVariableOp", [handle])[0].floats == [1, 2, 3, 4])
    }

    @Test("equal indices are applied one after the other")
    func repetition() throws {
        let handle = try handle()
        _ = try run("AssignVariableOp", [handle, .floats([1, 2, 3, 4], [2, 2])])
        _ = try run("ResourceScatterAdd", [handle, .integers([1, 1]), .floats([1, 1, 10, 10], [2, 2])])
        #expect(try run("ReadVariableOp", [handle])[0].floats == [1, 2, 14, 15])
    }
}
