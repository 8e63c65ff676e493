import OpenInference
import ProtobufWire

/// Messages of the Open Inference Protocol that hold tensors, as they are received: the tensors stay where they lie.
///
/// Source: kserve/open-inference-protocol, specification/protocol/inference_grpc.md; triton-inference-server/common, grpc_service.proto.
enum InferMessages {
    /// `ModelInferRequest`
    struct Request: WireMessage, Sendable {
        private(set) var modelName = ""
        private(set) var modelVersion = ""
        private(set) var id = ""
        private(set) var parameters: [ParameterEntry] = []
        private(set) var inputs: [Input] = []
        private(set) var outputs: [Output] = []
        /// Where the entries of `raw_input_contents` lie.
        private(set) var rawContents: [Range<Int>] = []

        mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
            switch field.number {
            case 1: modelName = try reader.string(field)
            case 2: modelVersion = try reader.string(field)
            case 3: id = try reader.string(field)
            case 4: try reader.append(field, "parameters", to: &parameters)
            case 5: try reader.append(field, "inputs", to: &inputs)
            case 6: try reader.append(field, "outputs", to: &outputs)
            case 7: rawContents.append(try reader.range(field))
            default: try reader.skip(field)
            }
        }
    }

    /// `InferInputTensor`
    struct Input: WireMessage, Sendable {
        private(set) var name = ""
        private(set) var datatype = ""
        private(set) var shape: [Int64] = []
        private(set) var parameters: [ParameterEntry] = []
        private(set) var contents: Contents?

        mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
            switch field.number {
            case 1: name = try reader.string(field)
            case 2: datatype = try reader.string(field)
            case 3: try reader.append(field, to: &shape)
            case 4: try reader.append(field, "parameters", to: &parameters)
            case 5: try reader.merge(field, "contents", into: &contents)
            default: try reader.skip(field)
            }
        }
    }

    /// `InferRequestedOutputTensor`
    struct Output: WireMessage, Sendable {
        private(set) var name = ""
        private(set) var parameters: [ParameterEntry] = []

        mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
            switch field.number {
            case 1: name = try reader.string(field)
            case 2: try reader.append(field, "parameters", to: &parameters)
            default: try reader.skip(field)
            }
        }
    }

    /// An entry of a `map<string, InferParameter>`.
    struct ParameterEntry: WireMessage, Sendable {
        private(set) var name = ""
        private var parameter: Parameter?
        /// Nil for a parameter without a value.
        var value: ParameterValue? { parameter?.value }

        mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
            switch field.number {
            case 1: name = try reader.string(field)
            case 2: try reader.merge(field, "value", into: &parameter)
            default: try reader.skip(field)
            }
        }
    }

    /// `InferParameter`
    private struct Parameter: WireMessage, Sendable {
        var value: ParameterValue?

        mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
            switch field.number {
            case 1: value = .bool(try reader.bool(field))
            case 2: value = .integer(try reader.int64(field))
            case 3: value = .string(try reader.string(field))
            case 4: value = .double(try reader.double(field))
            case 5:
                let number = try reader.uint64(field)
                value = Int64(exactly: number).map { .integer($0) } ?? .unsigned(number)
            default: try reader.skip(field)
            }
        }
    }

    /// `InferTensorContents`: which of its fields are filled, and where their values lie.
    struct Contents: WireMessage, Sendable {
        struct Values: Sendable {
            let field: WireField
            let range: Range<Int>
        }

        private(set) var values: [Values] = []

        mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
            guard (1...8).contains(field.number) else { return try reader.skip(field) }
            let start = reader.position
            try reader.skip(field)
            values.append(Values(field: field, range: start..<reader.position))
        }
    }
}
