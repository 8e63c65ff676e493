import GRPCMessages
import GraphIR
import ModelServing
import ProtobufWire
import ServableCore
import ServingMessages
import SwiftProtobuf
import Tensors

/// GetModelMetadata: the signatures, as REST's `/metadata` has them.
struct ModelMetadataCall {
    private static let signatures = "signature_def"
    private static let initialisationName = "__saved_model_init_op"
    private static let typePrefix = "type.googleapis.com/"

    private let environment: CallEnvironment

    init(_ environment: CallEnvironment) { self.environment = environment }

    func answer(
        _ request: Tensorflow_Serving_GetModelMetadataRequest, _ call: IncomingCall
    ) async throws(ServableError) -> Tensorflow_Serving_GetModelMetadataResponse {
        guard request.hasModelSpec else { throw ServableError(.invalidArgument, "Missing ModelSpec") }
        guard !request.metadataField.isEmpty else {
            throw ServableError(.invalidArgument, "GetModelMetadataRequest must specify at least one metadata_field")
        }
        if let field = request.metadataField.first(where: { $0 != Self.signatures }) {
            throw ServableError(.invalidArgument, "Metadata field \(field) is not supported")
        }
        let target = try await environment.target(TensorFlow.ModelSpec(request.modelSpec), of: call)
        var response = Tensorflow_Serving_GetModelMetadataResponse()
        response.modelSpec.name = target.id.name
        response.modelSpec.version.value = target.id.version
        let map = try Self.map(target)
        do {
            response.metadata[Self.signatures] = try Google_Protobuf_Any(message: map, typePrefix: Self.typePrefix)
        } catch {
            throw ServableError(.internal, "the signatures of \(target.id) could not be written: \(error)")
        }
        return response
    }

    private static func map(_ target: PredictionTarget) throws(ServableError) -> Tensorflow_Serving_SignatureDefMap {
        var map = Tensorflow_Serving_SignatureDefMap()
        for signature in target.signatures { map.signatureDef[signature.name] = try definition(signature) }
        if let value = target.initialisationValue {
            var output = Tensorflow_TensorInfo()
            output.name = value
            output.tensorShape.unknownRank = true
            map.signatureDef[initialisationName] = .with { $0.outputs = [initialisationName: output] }
        }
        return map
    }

    private static func definition(_ signature: Signature) throws(ServableError) -> Tensorflow_SignatureDef {
        var definition = Tensorflow_SignatureDef()
        definition.methodName = signature.methodName
        for input in signature.inputs {
            definition.inputs[input.name] = info(input)
            guard let fallback = input.fallback else { continue }
            definition.defaults[input.name] = try tensor(fallback, input.name)
        }
        for output in signature.outputs { definition.outputs[output.name] = info(output) }
        return definition
    }

    private static func info(_ parameter: Signature.Parameter) -> Tensorflow_TensorInfo {
        let type: TensorType? = if case .optional(let content) = parameter.type { content.tensor } else { parameter.tensor }
        var info = Tensorflow_TensorInfo()
        info.name = parameter.valueName
        // What TensorFlow calls the type of a tensor that holds anything else: a sequence, a map.
        info.dtype = type.map { .init($0.elementType) } ?? .dtVariant
        guard let dimensions = type?.shape?.dimensions else {
            info.tensorShape.unknownRank = true
            return info
        }
        info.tensorShape.dim = dimensions.map { dimension in .with { $0.size = dimension.value.map(Int64.init) ?? -1 } }
        return info
    }

    /// Defaults are small: they go through the bytes of their message.
    private static func tensor(_ value: TensorValue, _ name: String) throws(ServableError) -> Tensorflow_TensorProto {
        var message = WireAssembly()
        do {
            defer { withExtendedLifetime(value) {} }
            switch value {
            case .dense(let tensor): try unsafe TensorMessageWriter(tensor.view, .typed, name: name).append(to: &message)
            case .strings(let strings): try TensorMessageWriter(strings, name: name).append(to: &message)
            }
            return try Tensorflow_TensorProto(serializedBytes: message.message)
        } catch {
            throw ServableError(.internal, "the default of input \"\(name)\" could not be written: \(error)")
        }
    }
}

extension Tensorflow_DataType {
    /// Invalid for a type that TensorFlow has not.
    fileprivate init(_ type: ElementType) {
        self = type.tensorFlowType.flatMap { Self(rawValue: Int($0.rawValue)) } ?? .dtInvalid
    }
}

extension TensorFlow.ModelSpec {
    init(_ message: Tensorflow_Serving_ModelSpec) {
        self.init()
        name = message.name
        signatureName = message.signatureName
        switch message.versionChoice {
        case .version(let value)?: version = .version(value.value)
        case .versionLabel(let label)?: version = .label(label)
        case nil: version = nil
        }
    }
}
