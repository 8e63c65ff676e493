import GraphIR
import Operators
import Tensors
import Testing

@Suite struct LookupTableTests {
    private let resources: ResourceTable

    init() { self.init(resources: ResourceTable()) }

    private init(resources: ResourceTable) { self.resources = resources }

    private func run(_ name: String, _ inputs: [RuntimeValue], _ attributes: [String: Attribute] = [:]) throws -> [RuntimeValue] {
        let op = try #require(try TensorFlowCase.make(name, inputs: inputs.count, attributes) as? any DynamicOperator)
        defer { withExtendedLifetime(inputs) {} }
        return try op.evaluate(EvaluationContext(inputs: inputs.map(ValueView.init), outputCount: 1, resources: resources))
    }

    private func handle(_ name: String, _ inputs: [RuntimeValue] = [], shared: String = "t") throws -> RuntimeValue {
        try run(
            name, inputs,
            ["key_dtype": TensorFlowCase.type(.string), "value_dtype": TensorFlowCase.type(.int64), "shared_name": .string(shared)])[0]
    }

    private func numbers(_ values: [Int64]) -> RuntimeValue { .tensor(Tensor(values, shape: [values.count])) }
    private func words(_ values: [String]) -> RuntimeValue { TensorFlowCase.strings(values, [values.count]) }

    private func found(_ table: RuntimeValue, _ keys: [String]) throws -> [Int]? {
        let result = try run("LookupTableFindV2", [table, words(keys), .tensor(Tensor(scalar: Int64(-1)))])
        return result[0].tensorValue.flatMap(StringOperatorTests.integers)
    }

    @Test("a table is one for all nodes that share its name")
    func shared() throws {
        _ = try run("LookupTableImportV2", [try handle("HashTableV2"), words(["a", "b"]), numbers([1, 2])])
        #expect(try found(try handle("HashTableV2"), ["b", "z", ""]) == [2, -1, -1])
        #expect(resources.byteCount > 0)
    }

    @Test("a fixed table is filled once, with entries that agree")
    func filledOnce() throws {
        let table = try handle("HashTableV2")
        #expect(throws: OperatorError.self) { try found(table, ["a"]) }
        #expect(throws: OperatorError.self) { try run("InitializeTableV2", [table, words(["a", "a"]), numbers([1, 2])]) }
        _ = try run("InitializeTableV2", [table, words(["a", "a"]), numbers([1, 1])])
        _ = try run("InitializeTableV2", [table, words(["a"]), numbers([1])])
        #expect(throws: OperatorError.self) { try run("InitializeTableV2", [table, words(["a"]), numbers([2])]) }
        #expect(throws: OperatorError.self) { try run("LookupTableInsertV2", [table, words(["c"]), numbers([2])]) }
    }

    @Test("a mutable table takes, loses and lists entries")
    func mutable() throws {
        let table = try handle("MutableHashTableV2")
        _ = try run("LookupTableInsertV2", [table, words(["a", "b", "a"]), numbers([1, 2, 3])])
        #expect(try found(table, ["a", "b"]) == [3, 2])
        _ = try run("LookupTableRemoveV2", [table, words(["a", "x"])])
        #expect(try found(table, ["a", "b"]) == [-1, 2])
        let listed = try run("LookupTableExportV2", [table])
        guard case .strings(let keys) = listed[0] else {
            Issue.record("\(listed[0].kind)")
            return
        }
        #expect(keys.elements == [Array("b".utf8)])
        #expect(listed[1].tensorValue.flatMap(StringOperatorTests.integers) == [2])
    }

    @Test("what a table holds is charged, and given back when it goes")
    func charges() throws {
        let allowance = MemoryAllowance(byteLimit: 4000)
        do {
            let lookup = LookupTableTests(resources: ResourceTable(allowance: allowance))
            let table = try lookup.handle("MutableHashTableV2")
            for value in 0..<100 {
                _ = try lookup.run("LookupTableInsertV2", [table, words(["key"]), numbers([Int64(value)])])
            }
            let one = allowance.usedByteCount
            #expect(one > 0 && one == lookup.resources.byteCount)
            let keys = (0..<20).map { "key \($0)" }
            _ = try lookup.run("LookupTableInsertV2", [table, words(keys), numbers(keys.indices.map(Int64.init))])
            #expect(allowance.usedByteCount > one)
            // More than there is room for leaves the table as it was.
            let many = (0..<100).map { "another \($0)" }
            #expect(throws: OperatorError.self) {
                try lookup.run("LookupTableInsertV2", [table, words(many), numbers(many.indices.map(Int64.init))])
            }
            #expect(try lookup.found(table, ["key", "key 19", "another 0"]) == [99, 19, -1])
            #expect(allowance.usedByteCount == lookup.resources.byteCount)
            _ = try lookup.run("LookupTableRemoveV2", [table, words(keys)])
            #expect(allowance.usedByteCount == one)
        }
        #expect(allowance.usedByteCount == 0)
    }

    @Test("a dense table refuses its empty and its deleted key")
    func denseKeys() throws {
        let table = try handle(
            "MutableDenseHashTableV2", [TensorFlowCase.strings(["<empty>"], []), TensorFlowCase.strings(["<deleted>"], [])])
        _ = try run("LookupTableInsertV2", [table, words(["a"]), numbers([1])])
        #expect(throws: OperatorError.self) { try run("LookupTableInsertV2", [table, words(["<empty>"]), numbers([1])]) }
        #expect(throws: OperatorError.self) { try found(table, ["<deleted>"]) }
    }

    @Test("keys and values must be of the table's types and as many")
    func mismatches() throws {
        let table = try handle("MutableHashTableV2")
        #expect(throws: OperatorError.self) { try run("LookupTableInsertV2", [table, numbers([1]), numbers([1])]) }
        #expect(throws: OperatorError.self) { try run("LookupTableInsertV2", [table, words(["a"]), words(["b"])]) }
        #expect(throws: OperatorError.self) { try run("LookupTableInsertV2", [table, words(["a", "b"]), numbers([1])]) }
    }

    @Test("only assets are read", arguments: ["InitializeTableFromTextFileV2", "ReadFile"])
    func otherFiles(_ name: String) throws {
        let path = TensorFlowCase.strings(["/etc/passwd"], [])
        let inputs = name == "ReadFile" ? [path] : [try handle("HashTableV2"), path]
        #expect(throws: OperatorError.self) {
            try run(name, inputs, ["key_index": .integer(-2), "value_index": .integer(-1)])
        }
    }

    @Test("anonymous tables are not shared")
    func anonymous() throws {
        let first = try handle("AnonymousMutableHashTable"), second = try handle("AnonymousMutableHashTable")
        _ = try run("LookupTableInsertV2", [first, words(["a"]), numbers([1])])
        #expect(try found(second, ["a"]) == [-1])
    }
}
