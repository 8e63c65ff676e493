import GRPCMessages
import OpenInference
import ProtobufWire
import ServableCore
import SwiftProtobuf

/// The repository's methods, of Triton's clients and of KServe's, whose messages of the same names differ.
struct RepositoryMethods: Sendable {
    /// MLServer has the same methods in a service of their own.
    private static let services = [InferenceMethods.service, "inference.model_repository.ModelRepositoryService"]

    private let inference: OpenInferenceService

    init(_ inference: OpenInferenceService) { self.inference = inference }

    func register(in table: inout MethodTable) {
        for service in Self.services {
            table.addUnary(service, "RepositoryIndex", Inference_RepositoryIndexRequest.self) { request, _ throws(ServableError) in
                Inference_RepositoryIndexResponse.with {
                    $0.models = inference.index(readyOnly: request.ready).map(Inference_RepositoryIndexResponse.ModelIndex.init)
                }
            }
            table.addUnary(service, "RepositoryModelLoad") { call throws(ServableError) in
                let request: Request = try call.message.parse("RepositoryModelLoadRequest")
                let administrator = try await inference.repository.administrator(bearer: call.bearer, isLocal: call.isLocal)
                for parameter in request.parameters { try RepositoryParameters.checkLoad(parameter.name) }
                let model = try request.model
                try await inference.repository.load(model, by: administrator)
                return Self.done(model)
            }
            table.addUnary(service, "RepositoryModelUnload") { call throws(ServableError) in
                let request: Request = try call.message.parse("RepositoryModelUnloadRequest")
                let administrator = try await inference.repository.administrator(bearer: call.bearer, isLocal: call.isLocal)
                for parameter in request.parameters { try RepositoryParameters.checkUnload(parameter.name, parameter.knownValue) }
                let model = try request.model
                try await inference.repository.unload(model, by: administrator)
                return Self.done(model)
            }
        }
    }

    /// Triton's repository_name 1, model_name 2, parameters 3; KServe's model_name 1.
    private struct Request: WireMessage, Sendable {
        private var first = ""
        private var second = ""
        private(set) var parameters: [InferMessages.ParameterEntry] = []

        init() {}

        mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
            switch field.number {
            case 1: first = try reader.string(field)
            case 2: second = try reader.string(field)
            case 3: try reader.append(field, "parameters", to: &parameters)
            default: try reader.skip(field)
            }
        }

        /// - Throws: `invalidArgument` for a request that names none.
        var model: String {
            get throws(ServableError) {
                let name = second.isEmpty ? first : second
                guard !name.isEmpty else { throw ServableError(.invalidArgument, "the request has no model_name") }
                return name
            }
        }
    }

    /// KServe's model_name 1 and isLoaded, or isUnloaded, 2; Triton's clients pass over both.
    private static func done(_ model: String) -> MessageBytes {
        var message = WireWriter()
        message.string(1, model)
        message.varint(2, 1)
        return MessageBytes(message.bytes)
    }
}

extension Inference_RepositoryIndexResponse.ModelIndex {
    fileprivate init(_ entry: RepositoryEntry) {
        self.init()
        name = entry.name
        version = entry.version.map(String.init) ?? ""
        state = entry.state?.rawValue ?? ""
        reason = entry.reason ?? ""
    }
}
