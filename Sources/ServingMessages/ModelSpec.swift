package import ProtobufWire

extension TensorFlow {
    /// `ModelSpec`: which model, version and signature a request means.
    ///
    /// Source: tensorflow_serving/apis/model.proto.
    package struct ModelSpec: WireMessage, Sendable {
        package enum Version: Sendable, Equatable {
            case version(Int64)
            case label(String)
        }

        package var name = ""
        /// Nil: whichever the server chooses. Of several the last one on the wire counts.
        package var version: Version?
        /// Empty: `serving_default`.
        package var signatureName = ""

        package init() {}

        package init(name: String, version: Int64, signatureName: String) {
            self.name = name
            self.version = .version(version)
            self.signatureName = signatureName
        }

        package mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
            switch field.number {
            case 1: name = try reader.string(field)
            case 2:
                var number: Int64Value?
                try reader.merge(field, "version", into: &number)
                version = .version(number?.value ?? 0)
            case 3: signatureName = try reader.string(field)
            case 4: version = .label(try reader.string(field))
            default: try reader.skip(field)
            }
        }

        /// The message as a response has it: an empty signature name is left out, and no label is written.
        package var message: WireWriter {
            var message = WireWriter()
            message.string(1, name)
            if case .version(let version) = version { message.message(2) { $0.integer(1, version) } }
            if !signatureName.isEmpty { message.string(3, signatureName) }
            return message
        }

        /// `google.protobuf.Int64Value`
        private struct Int64Value: WireMessage {
            var value: Int64 = 0

            mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
                if field.number == 1 { value = try reader.int64(field) } else { try reader.skip(field) }
            }
        }
    }
}
