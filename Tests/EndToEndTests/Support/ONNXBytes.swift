/// The messages of onnx.proto3 that tests need: each function adds one field to the message that the bytes are of.
extension ProtobufBytes {
    /// Numbers of `TensorProto.DataType`.
    enum ElementCode: Int {
        case float = 1
        case int64 = 7
        case bool = 9
    }

    enum Extent: ExpressibleByIntegerLiteral, ExpressibleByStringLiteral {
        case known(Int)
        case named(String)

        init(integerLiteral value: Int) { self = .known(value) }
        init(stringLiteral name: String) { self = .named(name) }
    }

    // MARK: GraphProto

    mutating func node(
        _ operatorName: String, _ inputs: [String], _ outputs: [String], name: String = "", domain: String = "",
        _ attributes: (inout ProtobufBytes) -> Void = { _ in }
    ) {
        message(1) {
            for input in inputs { $0.text(1, input) }
            for output in outputs { $0.text(2, output) }
            $0.text(3, name)
            $0.text(4, operatorName)
            $0.text(7, domain)
            attributes(&$0)
        }
    }

    /// An initialiser of type FLOAT with raw data.
    mutating func floats(_ name: String, _ extents: [Int], _ values: [Float]) {
        message(5) {
            $0.floatTensor(name, extents)
            $0.delimited(9, Self.raw(values))
        }
    }

    /// An initialiser of type FLOAT whose data are the whole of another file.
    mutating func externalFloats(_ name: String, _ extents: [Int], file: String) {
        message(5) {
            $0.floatTensor(name, extents)
            $0.message(13) { entry in
                entry.text(1, "location")
                entry.text(2, file)
            }
            $0.integer(14, 1)
        }
    }

    private mutating func floatTensor(_ name: String, _ extents: [Int]) {
        for extent in extents { integer(1, extent) }
        integer(2, ElementCode.float.rawValue)
        text(8, name)
    }

    /// Elements as raw data: little-endian, as the machines are that the tests run on.
    static func raw(_ values: [Float]) -> [UInt8] { values.withUnsafeBytes { Array($0) } }

    mutating func input(_ name: String, _ type: ElementCode, _ extents: [Extent]) { value(11, name, type, extents) }

    mutating func output(_ name: String, _ type: ElementCode, _ extents: [Extent]) { value(12, name, type, extents) }

    private mutating func value(_ field: Int, _ name: String, _ type: ElementCode, _ extents: [Extent]) {
        message(field) {
            $0.text(1, name)
            $0.message(2) { valueType in
                valueType.message(1) { tensor in
                    tensor.integer(1, type.rawValue)
                    tensor.message(2) { shape in for extent in extents { shape.extent(extent) } }
                }
            }
        }
    }

    /// A value that is a sequence of float tensors of any shape.
    mutating func sequence(_ field: Int, _ name: String) { collection(field, name, member: 4) }

    /// A value that is an optional float tensor of any shape.
    mutating func optional(_ field: Int, _ name: String) { collection(field, name, member: 9) }

    /// - Parameter member: of `TypeProto`.
    private mutating func collection(_ field: Int, _ name: String, member: Int) {
        message(field) {
            $0.text(1, name)
            $0.message(2) { type in
                type.message(member) { content in
                    content.message(1) { element in element.message(1) { $0.integer(1, ElementCode.float.rawValue) } }
                }
            }
        }
    }

    private mutating func extent(_ extent: Extent) {
        message(1) {
            switch extent {
            case .known(let value): $0.integer(1, value)
            case .named(let name): $0.text(2, name)
            }
        }
    }

    // MARK: NodeProto

    mutating func attribute(_ name: String, _ value: Int) {
        message(5) {
            $0.text(1, name)
            $0.integer(3, value)
            $0.integer(20, 2)
        }
    }

    mutating func attribute(_ name: String, _ graph: (inout ProtobufBytes) -> Void) {
        message(5) {
            $0.text(1, name)
            $0.message(6, graph)
            $0.integer(20, 5)
        }
    }
}
