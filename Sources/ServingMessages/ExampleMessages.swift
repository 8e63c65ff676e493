package import ProtobufWire

/// Requests that bring `tf.Example` messages, which are left as they are: models parse them.
///
/// Source: tensorflow_serving/apis: classification.proto, regression.proto, inference.proto, input.proto.
extension TensorFlow {
    /// `ClassificationRequest` and `RegressionRequest`
    package struct ExamplesRequest: WireMessage, Sendable {
        package private(set) var model: ModelSpec?
        package private(set) var input: Input?

        package init() {}

        package mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
            switch field.number {
            case 1: try reader.merge(field, "model_spec", into: &model)
            case 2: try reader.merge(field, "input", into: &input)
            default: try reader.skip(field)
            }
        }
    }

    /// `MultiInferenceRequest`
    package struct MultiInferenceRequest: WireMessage, Sendable {
        package private(set) var tasks: [InferenceTask] = []
        package private(set) var input: Input?

        package init() {}

        package mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
            switch field.number {
            case 1: try reader.append(field, "tasks", to: &tasks)
            case 2: try reader.merge(field, "input", into: &input)
            default: try reader.skip(field)
            }
        }
    }

    /// `InferenceTask`
    package struct InferenceTask: WireMessage, Sendable {
        package private(set) var model: ModelSpec?
        package private(set) var methodName = ""

        package init() {}

        package mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
            switch field.number {
            case 1: try reader.merge(field, "model_spec", into: &model)
            case 2: methodName = try reader.string(field)
            default: try reader.skip(field)
            }
        }
    }

    /// `Input`: a list of examples, with or without what all of them share. Of both the last one on the wire counts.
    package struct Input: WireMessage, Sendable {
        private var list: Examples?

        package init() {}

        package mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
            switch field.number {
            case 1:
                if list?.isWithContext == true { list = nil }
                try reader.merge(field, "example_list", into: &list)
            case 2:
                if list?.isWithContext == false { list = nil }
                try reader.merge(field, "example_list_with_context", into: &list)
                list?.isWithContext = true
            default: try reader.skip(field)
            }
        }

        /// The examples as bytes of their own: a message is merged with the context by standing behind it.
        ///
        /// - Parameter bytes: that the message was read from.
        package func examples(in bytes: UnsafeRawBufferPointer) -> [[UInt8]] {
            guard let list else { return [] }
            let context = list.context.map { unsafe Array(bytes[$0]) } ?? []
            return list.examples.map { unsafe context + bytes[$0] }
        }
    }

    /// `ExampleList` and `ExampleListWithContext`: where the serialized examples lie.
    private struct Examples: WireMessage, Sendable {
        var examples: [Range<Int>] = []
        var context: Range<Int>?
        var isWithContext = false

        mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
            switch field.number {
            case 1: examples.append(try reader.range(field))
            case 2: context = try reader.range(field)
            default: try reader.skip(field)
            }
        }
    }
}
