import ProtobufWire

/// Numbers of `TensorProto.DataType`.
enum DataType {
    static let float: Int64 = 1, uint8: Int64 = 2, int8: Int64 = 3, uint16: Int64 = 4, int16: Int64 = 5, int32: Int64 = 6
    static let int64: Int64 = 7, string: Int64 = 8, bool: Int64 = 9, float16: Int64 = 10, double: Int64 = 11
    static let uint32: Int64 = 12, uint64: Int64 = 13, complex64: Int64 = 14, bfloat16: Int64 = 16, float8: Int64 = 17
    static let uint4: Int64 = 21, int4: Int64 = 22, float4: Int64 = 23, uint2: Int64 = 25, int2: Int64 = 26
}

/// The messages of `onnx.proto3`, written for tests: each function adds one field to the message that the writer holds.
extension WireWriter {
    // MARK: ModelProto

    static func model(
        ir: Int64 = 8, opsets: [(String, Int64)] = [("", 17)], _ graph: (inout WireWriter) -> Void
    ) -> WireWriter {
        var model = WireWriter()
        model.integer(1, ir)
        for (domain, version) in opsets { model.opset(domain, version) }
        model.message(7, graph)
        return model
    }

    /// In a model field 8, in a function field 9.
    mutating func opset(_ domain: String, _ version: Int64, field: Int = 8) {
        message(field) {
            $0.string(1, domain)
            $0.integer(2, version)
        }
    }

    mutating func function(
        _ name: String, domain: String = "local", inputs: [String], outputs: [String],
        opsets: [(String, Int64)] = [("", 17)], _ body: (inout WireWriter) -> Void
    ) {
        message(25) { function in
            function.string(1, name)
            function.string(10, domain)
            for input in inputs { function.string(4, input) }
            for output in outputs { function.string(5, output) }
            for (domain, version) in opsets { function.opset(domain, version, field: 9) }
            body(&function)
        }
    }

    // MARK: GraphProto

    /// In a graph field 1, in a function field 7.
    mutating func node(
        _ operatorName: String, _ inputs: [String], _ outputs: [String], name: String = "", domain: String = "", field: Int = 1,
        _ attributes: (inout WireWriter) -> Void = { _ in }
    ) {
        message(field) { node in
            for input in inputs { node.string(1, input) }
            for output in outputs { node.string(2, output) }
            if !name.isEmpty { node.string(3, name) }
            node.string(4, operatorName)
            if !domain.isEmpty { node.string(7, domain) }
            attributes(&node)
        }
    }

    enum Extent {
        case known(Int64)
        case named(String)
        case missing
    }

    mutating func input(_ name: String, _ type: Int64 = DataType.float, _ extents: [Extent]? = [.known(2)]) {
        value(11, name, type, extents)
    }

    mutating func output(_ name: String, _ type: Int64 = DataType.float, _ extents: [Extent]? = [.known(2)]) {
        value(12, name, type, extents)
    }

    mutating func value(_ field: Int, _ name: String, _ type: Int64, _ extents: [Extent]?) {
        message(field) { value in
            value.string(1, name)
            value.message(2) { $0.tensorType(type, extents) }
        }
    }

    /// A value of any type: `type` writes the `TypeProto`.
    mutating func value(_ field: Int, _ name: String, type: (inout WireWriter) -> Void) {
        message(field) { value in
            value.string(1, name)
            value.message(2, type)
        }
    }

    /// The member `tensor_type` of a `TypeProto`.
    mutating func tensorType(_ type: Int64, _ extents: [Extent]?) {
        message(1) { tensor in
            tensor.integer(1, type)
            guard let extents else { return }
            tensor.message(2) { shape in
                for extent in extents {
                    shape.message(1) { dimension in
                        switch extent {
                        case .known(let value): dimension.integer(1, value)
                        case .named(let name): dimension.string(2, name)
                        case .missing: break
                        }
                    }
                }
            }
        }
    }

    /// An initialiser; `data` writes the elements.
    mutating func initializer(
        _ name: String, _ type: Int64 = DataType.float, _ extents: [Int64], _ data: (inout WireWriter) -> Void
    ) {
        message(5) { $0.tensor(name, type, extents, data) }
    }

    /// The fields of a `TensorProto`.
    mutating func tensor(_ name: String, _ type: Int64, _ extents: [Int64], _ data: (inout WireWriter) -> Void) {
        packed(1, extents)
        integer(2, type)
        string(8, name)
        data(&self)
    }

    mutating func strings(_ values: [String]) {
        for value in values { string(6, value) }
    }

    mutating func rawFloats(_ values: [Float]) {
        delimited(9, values.flatMap { value in withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) } })
    }

    /// Elements that are but a part of a tensor's.
    mutating func segment(_ values: [Float]) {
        rawFloats(values)
        message(3) { $0.integer(1, 0) }
    }

    mutating func external(_ entries: [(String, String)]) {
        for (key, value) in entries {
            message(13) {
                $0.string(1, key)
                $0.string(2, value)
            }
        }
        integer(14, 1)
    }

    // MARK: AttributeProto

    /// `kind` is the number of `AttributeProto.AttributeType`.
    mutating func attribute(_ name: String, kind: Int64, field: Int = 5, _ value: (inout WireWriter) -> Void = { _ in }) {
        message(field) { attribute in
            attribute.string(1, name)
            if kind != 0 { attribute.integer(20, kind) }
            value(&attribute)
        }
    }

    mutating func graph(_ name: String, _ graph: (inout WireWriter) -> Void) {
        attribute(name, kind: 5) { $0.message(6, graph) }
    }
}

/// A model of most features that small models have: two inputs, an initialiser, a subgraph, a function.
func sampleModel() -> WireWriter {
    var model = WireWriter.model(opsets: [("", 17), ("local", 1)]) { graph in
        graph.string(2, "sample")
        graph.input("x", DataType.float, [.named("batch"), .known(2)])
        graph.input("flag", DataType.bool, [])
        graph.initializer("w", DataType.float, [2, 2]) { $0.rawFloats([1, 2, 3, 4]) }
        graph.initializer("k", DataType.int64, [2]) { $0.packed(7, [2, -1]) }
        graph.node("MatMul", ["x", "w"], ["h"], name: "mm")
        graph.node("Twice", ["h"], ["d"], name: "call", domain: "local")
        graph.node("If", ["flag"], ["y"], name: "choice") { node in
            node.graph("then_branch") {
                $0.node("Relu", ["d"], ["t"], name: "relu")
                $0.output("t")
            }
            node.graph("else_branch") {
                $0.node("LeakyRelu", ["d"], ["e"], name: "leaky") { $0.attribute("alpha", kind: 1) { $0.float(2, 0.5) } }
                $0.output("e")
            }
        }
        graph.output("y", DataType.float, [.named("batch"), .known(2)])
    }
    model.function("Twice", inputs: ["a"], outputs: ["b"]) { $0.node("Add", ["a", "a"], ["b"], name: "add", field: 7) }
    return model
}
