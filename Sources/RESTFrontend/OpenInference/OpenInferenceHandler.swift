import HTTPCore
import ModelServing
import OpenInference
import ServableCore

/// Everything below `/v2`: the Open Inference Protocol.
struct OpenInferenceHandler: Sendable {
    private let service: OpenInferenceService
    private let infer: InferHandler
    private let repository: RepositoryHandler
    private let isCORSEnabled: Bool

    init(_ service: OpenInferenceService, _ configuration: RESTConfiguration, _ held: HeldRequests) {
        self.service = service
        infer = InferHandler(service, configuration, held)
        repository = RepositoryHandler(service, configuration.limits)
        isCORSEnabled = configuration.isCORSEnabled
    }

    /// - Parameters:
    ///   - reply: whose observer hears of what concerns a model.
    func handle(_ request: borrowing Request, _ reply: consuming RESTReply) {
        reply.dialect = .openInference
        guard let path = unsafe OpenInferencePath(request.path) else { return refuse(request, reply) }
        guard request.method == path.method else { return refuseMethod(request, path.method, reply) }
        switch path.subject {
        case .infer(let model, let selector): infer.handle(request, model, selector, consume reply)
        case .metadata(let model, _), .modelReady(let model, _), .statistics(let model, _):
            reply.record.model = model
            respond(to: path.subject, reply)
        case .load(let model):
            reply.observer = nil
            unsafe repository.load(model, request, request.body, reply)
        case .unload(let model):
            reply.observer = nil
            unsafe repository.unload(model, request, request.body, reply)
        case .index:
            reply.observer = nil
            unsafe repository.respondWithIndex(request.body, reply)
        default:
            reply.observer = nil
            respond(to: path.subject, reply)
        }
    }

    private func respond(to subject: OpenInferencePath.Subject, _ reply: RESTReply) {
        do throws(ServableError) {
            switch subject {
            case .server: respondWithServer(reply)
            case .live: reply.sendJSON { $0.append("{\"live\":true}") }
            case .ready: respondWithReadiness(reply)
            case .models: respondWithModels(reply)
            case .allStatistics: StatisticsJSON.respond(try service.statistics(of: nil), reply)
            case .metadata(let model, let selector): respond(with: try service.metadata(of: model, selector), reply)
            case .modelReady(let model, let selector): respondWithReadiness(of: model, selector, reply)
            case .statistics(let model, let selector): StatisticsJSON.respond(try service.statistics(of: model, selector), reply)
            case .infer, .index, .load, .unload: throw ServableError(.internal, "a call took the way of other requests")
            }
        } catch {
            reply.fail(error)
        }
    }

    private func respondWithServer(_ reply: RESTReply) {
        reply.sendJSON { buffer in
            buffer.append("{\"name\":")
            buffer.appendJSON(string: OpenInferenceService.serverName)
            buffer.append(",\"version\":")
            buffer.appendJSON(string: service.serverVersion)
            buffer.append(",\"extensions\":")
            buffer.appendJSON(list: OpenInferenceService.extensions) { name, buffer in buffer.appendJSON(string: name) }
            buffer.append("}")
        }
    }

    /// A body for clients that parse it, and a status for those that look at that alone.
    private func respondWithReadiness(_ reply: RESTReply) {
        guard let reason = service.unreadyReason else { return reply.sendJSON { $0.append("{\"ready\":true}") } }
        reply.sendJSON(.serviceUnavailable) { fields in
            fields.appendField(HTTPHeader("Retry-After", "1"))
        } content: { buffer in
            buffer.append("{\"ready\":false,\"error\":")
            buffer.appendJSON(string: reason)
            buffer.append("}")
        }
    }

    private func respondWithReadiness(of model: String, _ selector: VersionSelector, _ reply: RESTReply) {
        let error = service.unreadiness(of: model, selector)
        reply.sendJSON(error.map { $0.code == .notFound ? .notFound : .serviceUnavailable } ?? .ok) { buffer in
            buffer.append("{\"name\":")
            buffer.appendJSON(string: model)
            guard let error else { return buffer.append(",\"ready\":true}") }
            buffer.append(",\"ready\":false,\"error\":")
            buffer.appendJSON(string: error.message)
            buffer.append("}")
        }
    }

    private func respondWithModels(_ reply: RESTReply) {
        reply.sendJSON { buffer in
            buffer.append("{\"models\":")
            buffer.appendJSON(list: service.modelNames) { name, buffer in buffer.appendJSON(string: name) }
            buffer.append("}")
        }
    }

    private func respond(with metadata: ModelMetadata, _ reply: RESTReply) {
        reply.sendJSON { buffer in
            buffer.append("{\"name\":")
            buffer.appendJSON(string: metadata.name)
            buffer.append(",\"versions\":")
            buffer.appendJSON(list: metadata.versions) { version, buffer in buffer.appendJSON(string: String(version)) }
            buffer.append(",\"platform\":")
            buffer.appendJSON(string: metadata.platform)
            buffer.append(",\"inputs\":")
            buffer.appendJSON(list: metadata.inputs) { tensor, buffer in append(tensor, to: &buffer) }
            buffer.append(",\"outputs\":")
            buffer.appendJSON(list: metadata.outputs) { tensor, buffer in append(tensor, to: &buffer) }
            buffer.append("}")
        }
    }

    private func append(_ tensor: ModelMetadata.Tensor, to buffer: inout ByteBuffer) {
        buffer.append("{\"name\":")
        buffer.appendJSON(string: tensor.name)
        buffer.append(",\"datatype\":\"")
        buffer.append(tensor.datatype.name)
        buffer.append("\",\"shape\":")
        buffer.appendJSON(list: tensor.shape) { extent, buffer in buffer.append(decimal: extent) }
        buffer.append("}")
    }

    // MARK: What there is not

    private func refuse(_ request: borrowing Request, _ reply: consuming RESTReply) {
        reply.observer = nil
        let path = unsafe String(decoding: request.path.prefix(1024), as: UTF8.self)
        reply.fail(
            ServableError(
                .notFound,
                "there is no route \(path); see /v2, /v2/models/NAME[/versions/VERSION], …/ready, …/infer, …/stats and /v2/repository/index"
            ))
    }

    private func refuseMethod(_ request: borrowing Request, _ allowed: HTTPMethod, _ reply: consuming RESTReply) {
        reply.observer = nil
        let allow = [HTTPHeader("Allow", allowed.rawValue)]
        if request.method == .options, isCORSEnabled, CORS.isOrigin(request.headerText("origin")) {
            return reply.send(.ok, contentType: nil, headers: allow)
        }
        let path = unsafe String(decoding: request.path.prefix(1024), as: UTF8.self)
        reply.fail(
            .methodNotAllowed,
            ServableError(.unimplemented, "\(request.method.rawValue) is not allowed on \(path); allowed: \(allowed.rawValue)"),
            headers: allow)
    }
}
