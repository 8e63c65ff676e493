package import ProtobufWire

extension TensorFlow {
    /// `PredictRequest`, whose tensors are read when they are made: see `TensorMessageDecoder`.
    ///
    /// Source: tensorflow_serving/apis/predict.proto.
    package struct PredictRequest: WireMessage, Sendable {
        package private(set) var model: ModelSpec?
        /// In the order of the wire; of two of one name the last counts.
        package private(set) var inputs: [MapEntry<Tensor>] = []
        package private(set) var outputFilter: [String] = []

        package init() {}

        package mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
            switch field.number {
            case 1: try reader.merge(field, "model_spec", into: &model)
            case 2: try reader.append(field, "inputs", to: &inputs)
            case 3: outputFilter.append(try reader.string(field))
            default: try reader.skip(field)
            }
        }
    }
}
