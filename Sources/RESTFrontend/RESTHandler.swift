import CPlatform
package import HTTPCore
package import ModelServing
package import OpenInference
import ServableCore

/// Every route of the daemon: the one place where a request's path becomes a call.
package final class RESTHandler: RequestHandler {
    private enum Route: Sendable {
        case predict, health, readiness, openAPI
        case registryModels, registryModel, registryVersion, registryEvents

        /// Whether it is offered to operators alone, where they have a listener of their own.
        var isForOperators: Bool {
            switch self {
            case .predict, .health, .readiness, .openAPI: false
            case .registryModels, .registryModel, .registryVersion, .registryEvents: true
            }
        }
    }

    private let configuration: RESTConfiguration
    private let router: Router<Route>
    private let predict: PredictHandler
    private let examples: ExamplesHandler
    private let status: StatusHandler
    private let metadata: MetadataHandler
    private let registry: RegistryHandler
    /// Nil where the Open Inference Protocol is not offered.
    private let openInference: OpenInferenceHandler?
    private let metrics: @Sendable () -> String
    private let unreadiness: @Sendable () -> [String]
    private let degradation: @Sendable () -> [String]
    private let observer: (any CallObserver)?
    /// Where large requests are handled; nil handles them on the loop.
    private let executor: (any RequestExecutor)?
    /// Of predictions, which clients repeat.
    private let calls = PathCache()

    /// - Parameters:
    ///   - metrics: the Prometheus text; called off the loop.
    ///   - unreadiness: why the daemon is not ready, one sentence a reason; empty when it is.
    ///   - degradation: what goes wrong though the daemon is ready; empty when nothing does.
    ///   - executor: where requests with large bodies, and those that have waited, are handled; nil handles them on the loop.
    ///   - openInference: what the Open Inference Protocol's routes say; nil: there are none.
    package init(
        _ backend: any PredictionBackend, registry: any RegistryReader, configuration: RESTConfiguration = .init(),
        metrics: @escaping @Sendable () -> String, unreadiness: @escaping @Sendable () -> [String],
        degradation: @escaping @Sendable () -> [String] = { [] },
        observer: (any CallObserver)? = nil, executor: (any RequestExecutor)? = nil, openInference: OpenInferenceService? = nil
    ) {
        self.configuration = configuration
        let held = HeldRequests(backend, executor: executor)
        predict = PredictHandler(backend, configuration, held, executor)
        examples = ExamplesHandler(backend, configuration, held)
        status = StatusHandler(backend)
        metadata = MetadataHandler(backend, configuration, held)
        self.registry = RegistryHandler(registry)
        self.openInference = openInference.map { OpenInferenceHandler($0, configuration, held) }
        self.metrics = metrics
        self.unreadiness = unreadiness
        self.degradation = degradation
        self.observer = observer
        self.executor = executor
        var router = Router<Route>()
        router.add(.post, "/predict", .predict)
        router.add(.get, "/healthz", .health)
        router.add(.get, "/readyz", .readiness)
        router.add(.get, "/openapi.json", .openAPI)
        router.add(.get, "/v1/registry/models", .registryModels)
        router.add(.get, "/v1/registry/models/{model}", .registryModel)
        router.add(.get, "/v1/registry/models/{model}/versions/{version}", .registryVersion)
        router.add(.get, "/v1/registry/events", .registryEvents)
        self.router = router
    }

    package func handle(_ request: borrowing Request, _ responder: Responder) {
        handle(request, responder, start: apus_monotonic_nanoseconds())
    }

    package func handle(large request: DetachedRequest, _ responder: Responder) {
        let handler = LargeRequestHandler(routes: self, start: apus_monotonic_nanoseconds())
        guard let executor else { return request.handle(with: handler, responder) }
        // What these fields have wrong is refused when the request is read.
        let timeout = RequestTimeout.limit(request.headerText(RequestTimeout.header), atMost: configuration.requestTimeout)
        let priority: CallPriority = request.headerText("x-request-priority") == "low" ? .low : .high
        executor.perform(priority, until: timeout.map { .now + $0 }) {
            request.handle(with: handler, responder)
        } expired: { [self] in
            reply(responder, observer, handler.start, handler.start)
                .fail(ServableError(.deadlineExceeded, "the request's time was over before its body could be read"))
        }
    }

    /// - Parameters:
    ///   - start: when the request was there, in nanoseconds of the monotonic clock.
    ///   - isDetached: whether the calling thread is a lane.
    func handle(_ request: borrowing Request, _ responder: Responder, start: Int64, isDetached: Bool = false) {
        let arrival = min(request.began.nanoseconds, start)
        // What clients repeat comes first, then all paths of models: they are what most requests are for.
        if case .post = request.method, let call = unsafe calls.known(request.target) {
            return predict.handle(request, call, isDetached: isDetached, reply(responder, observer, arrival, start))
        }
        guard !isModelPath(request) else { return handleModel(request, isDetached: isDetached, reply(responder, observer, arrival, start)) }
        if let openInference, unsafe OpenInferencePath.contains(request.path) {
            return openInference.handle(request, reply(responder, observer, arrival, start))
        }
        guard !isMetricsPath(request) else {
            guard isOperator(request) else { return refuseOperatorRoute(request, reply(responder, nil, arrival, start)) }
            return respondWithMetrics(request, reply(responder, nil, arrival, start))
        }
        switch router.match(request) {
        case .found(let route, _) where route.isForOperators && !isOperator(request):
            refuseOperatorRoute(request, reply(responder, nil, arrival, start))
        case .found(.predict, _): predict.handle(request, nil, isDetached: isDetached, reply(responder, observer, arrival, start))
        case .found(let route, let captures): respond(to: route, captures, request, reply(responder, nil, arrival, start))
        case .methodNotAllowed(let allow): refuseMethod(request, allow: allow, reply(responder, nil, arrival, start))
        case .notFound: refuse(request, reply(responder, nil, arrival, start))
        }
    }

    /// Health and metrics are needed most when the daemon is overloaded, and their responses are cheap.
    package func answersBeyondLimit(_ request: borrowing Request) -> Bool {
        if isMetricsPath(request) { return true }
        if openInference != nil, unsafe OpenInferencePath.isHealth(request.path) { return true }
        guard case .found(let route, _) = router.match(request) else { return false }
        return route == .health || route == .readiness
    }

    /// Where Prometheus looks when nobody tells it, beside the place that is configured; nowhere when metrics are not offered.
    private func isMetricsPath(_ request: borrowing Request) -> Bool {
        guard !configuration.metricsPath.isEmpty else { return false }
        let path = unsafe request.path
        return unsafe path.elementsEqual(configuration.metricsPath.utf8) || path.elementsEqual("/metrics".utf8)
    }

    private func isOperator(_ request: borrowing Request) -> Bool { Visibility(request, configuration).isOperator }

    private func refuseOperatorRoute(_ request: borrowing Request, _ reply: RESTReply) {
        let path = unsafe String(decoding: request.path, as: UTF8.self)
        reply.fail(ServableError(.notFound, "there is no route \(path) here; operators find it at the address of server.admin"))
    }

    private func reply(_ responder: Responder, _ observer: (any CallObserver)?, _ arrival: Int64, _ start: Int64) -> RESTReply {
        let visibility =
            configuration.hasAdminListener ? Visibility(isAdministrative: responder.isAdministrative, configuration) : nil
        return RESTReply(
            responder, isCORSEnabled: configuration.isCORSEnabled, visibility: visibility, observer: observer, arrival: arrival,
            start: start)
    }

    /// Whether the path is of TensorFlow Serving's dialect: all below `/v1/`, without regard to case, but the registry's.
    private func isModelPath(_ request: borrowing Request) -> Bool {
        let target = unsafe request.target
        return unsafe ModelPath.hasPrefix(target, "/v1/") && !ModelPath.hasPrefix(target, "/v1/registry/")
    }

    private func handleModel(_ request: borrowing Request, isDetached: Bool, _ reply: consuming RESTReply) {
        let path: ModelPath?
        do throws(ServableError) {
            // A query selects nothing in a GET, so that one which a cache or a tracer has added does no harm. A call with one is
            // malformed, as in TensorFlow Serving, since it would request something that is not done.
            let isCall = request.method == .post
            path = try unsafe ModelPath(request.method, isCall ? request.target : request.path)
        } catch {
            return reply.fail(error)
        }
        guard let path else { return handle(request, path, reply) }
        switch path.subject {
        case .predict: break
        case .classify: return examples.handle(request, path, .classify, reply)
        case .regress: return examples.handle(request, path, .regress, reply)
        default: return handle(request, path, reply)
        }
        predict.handle(request, unsafe calls.insert(request.target, path), isDetached: isDetached, consume reply)
    }

    private func handle(_ request: borrowing Request, _ path: ModelPath?, _ reply: RESTReply) {
        guard request.method != .options else { return respondToPreflight(request, reply) }
        var reply = reply
        do throws(ServableError) {
            guard let path else {
                let target = unsafe String(decoding: request.target, as: UTF8.self)
                throw ServableError(.invalidArgument, "Malformed request: \(request.method.rawValue) \(target)")
            }
            reply.record.model = path.model
            switch path.subject {
            case .predict, .classify, .regress: throw ServableError(.internal, "a call took the way of other requests")
            case .status: try status.respond(to: path, Visibility(request, configuration), reply)
            case .metadata: try metadata.respond(to: path, reply)
            case .list: status.respondWithList(Visibility(request, configuration), reply)
            }
        } catch {
            reply.fail(error)
        }
    }

    private func respond(
        to route: Route, _ captures: RouteCaptures, _ request: borrowing Request, _ reply: RESTReply
    ) {
        do {
            switch route {
            case .predict: reply.fail(ServableError(.internal, "a call took the way of other requests"))
            case .health: reply.sendJSON { $0.append("{\"status\":\"ok\"}\n") }
            case .readiness: respondWithReadiness(Visibility(request, configuration), reply)
            case .openAPI: reply.sendJSON { $0.append(OpenAPIDocument.json) }
            case .registryModels: registry.respondWithModels(reply)
            case .registryModel: try unsafe registry.respondWithModel(capture(0, captures, request), reply)
            case .registryVersion:
                try unsafe registry.respondWithVersion(capture(0, captures, request), capture(1, captures, request), reply)
            case .registryEvents: try unsafe registry.respondWithEvents(request.query, reply)
            }
        } catch {
            reply.fail(error)
        }
    }

    private func capture(
        _ index: Int, _ captures: RouteCaptures, _ request: borrowing Request
    ) -> UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(rebasing: request.path[captures[index]])
    }

    private func respondWithReadiness(_ visibility: Visibility, _ reply: RESTReply) {
        let reasons = unreadiness().map(visibility.text)
        guard !reasons.isEmpty else { return respondReady(visibility, reply) }
        reply.sendJSON(.serviceUnavailable) { fields in
            fields.appendField(HTTPHeader("Retry-After", "1"))
        } content: { buffer in
            buffer.append("{\"error\":")
            buffer.appendJSON(string: "not ready: \(reasons.joined(separator: "; "))")
            buffer.append(",\"reasons\":")
            buffer.appendJSON(list: reasons) { reason, buffer in buffer.appendJSON(string: reason) }
            buffer.append("}\n")
        }
    }

    /// A daemon that serves all its models takes traffic, also when something is amiss.
    private func respondReady(_ visibility: Visibility, _ reply: RESTReply) {
        let reasons = degradation().map(visibility.text)
        reply.sendJSON { buffer in
            guard !reasons.isEmpty else { return buffer.append("{\"status\":\"ready\"}\n") }
            buffer.append("{\"status\":\"degraded\",\"reasons\":")
            buffer.appendJSON(list: reasons) { reason, buffer in buffer.appendJSON(string: reason) }
            buffer.append("}\n")
        }
    }

    private func respondWithMetrics(_ request: borrowing Request, _ reply: RESTReply) {
        guard unsafe request.query == nil else {
            let target = unsafe String(decoding: request.target, as: UTF8.self)
            let text = "Unexpected path: \(target). Should be \(configuration.metricsPath)"
            return reply.send(.badRequest, contentType: "text/plain", text: text)
        }
        let metrics = metrics
        Task { reply.send(.ok, contentType: "text/plain; version=0.0.4; charset=utf-8", text: metrics()) }
    }

    /// OPTIONS below `/v1/` is a preflight whether or not cross-origin requests are enabled.
    private func respondToPreflight(_ request: borrowing Request, _ reply: RESTReply) {
        let allow = [HTTPHeader("Allow", "GET, HEAD, POST, OPTIONS")]
        guard CORS.isOrigin(request.headerText("origin")) else {
            return reply.send(.badRequest, contentType: nil, code: .failedPrecondition, headers: allow)
        }
        reply.send(.ok, contentType: nil, headers: allow)
    }

    private func refuseMethod(_ request: borrowing Request, allow: String, _ reply: RESTReply) {
        let headers = [HTTPHeader("Allow", allow)]
        guard request.method != .options else { return reply.send(.noContent, contentType: nil, headers: headers) }
        let path = unsafe String(decoding: request.path, as: UTF8.self)
        let message = "\(request.method.rawValue) is not allowed on \(path); allowed: \(allow)"
        reply.fail(.methodNotAllowed, ServableError(.unimplemented, message), headers: headers)
    }

    private func refuse(_ request: borrowing Request, _ reply: RESTReply) {
        if request.method == .options, unsafe request.path.elementsEqual("*".utf8) {
            let headers = [HTTPHeader("Allow", "GET, HEAD, POST, OPTIONS")]
            return reply.send(.noContent, contentType: nil, headers: headers)
        }
        let path = unsafe String(decoding: request.path, as: UTF8.self)
        let message = "there is no route \(path); see /v1/models, /predict, /v1/registry/models, /healthz, /readyz, /metrics, /openapi.json"
        reply.fail(ServableError(.notFound, message))
    }
}
