package import HTTPCore
import ServableCore

/// Every route of the daemon: the one place where a request's path becomes a call.
package final class RESTHandler: RequestHandler {
    private enum Route: Sendable {
        case predict, health, readiness
        case registryModels, registryModel, registryVersion, registryEvents
    }

    private let configuration: RESTConfiguration
    private let router: Router<Route>
    private let predict: PredictHandler
    private let status: StatusHandler
    private let metadata: MetadataHandler
    private let registry: RegistryHandler
    private let metrics: @Sendable () -> String
    private let unreadiness: @Sendable () -> [String]
    private let observer: (any RequestObserver)?
    /// Of calls, which clients repeat.
    private let calls = PathCache()

    /// - Parameters:
    ///   - metrics: the Prometheus text; called off the loop.
    ///   - unreadiness: why the daemon is not ready, one sentence a reason; empty when it is.
    package init(
        _ backend: any PredictionBackend, registry: any RegistryReader, configuration: RESTConfiguration = .init(),
        metrics: @escaping @Sendable () -> String, unreadiness: @escaping @Sendable () -> [String],
        observer: (any RequestObserver)? = nil
    ) {
        self.configuration = configuration
        predict = PredictHandler(backend, configuration)
        status = StatusHandler(backend)
        metadata = MetadataHandler(backend)
        self.registry = RegistryHandler(registry)
        self.metrics = metrics
        self.unreadiness = unreadiness
        self.observer = observer
        var router = Router<Route>()
        router.add(.post, "/predict", .predict)
        router.add(.get, "/healthz", .health)
        router.add(.get, "/readyz", .readiness)
        router.add(.get, "/v1/registry/models", .registryModels)
        router.add(.get, "/v1/registry/models/{model}", .registryModel)
        router.add(.get, "/v1/registry/models/{model}/versions/{version}", .registryVersion)
        router.add(.get, "/v1/registry/events", .registryEvents)
        self.router = router
    }

    package func handle(_ request: borrowing Request, _ responder: Responder) {
        // The models' paths come first: they are what most requests are for.
        guard !isModelPath(request) else { return handleModel(request, responder) }
        guard !request.path.elementsEqual(configuration.metricsPath.utf8) else {
            return answerMetrics(request, exchange(responder, nil))
        }
        switch router.match(request) {
        case .found(.predict, _):
            guard !predict.answerAtOnce(request, nil, responder) else { return }
            predict.handle(request, nil, exchange(responder, observer))
        case .found(let route, let captures): answer(route, captures, request, exchange(responder, nil))
        case .methodNotAllowed(let allow): refuseMethod(request, allow: allow, exchange(responder, nil))
        case .notFound: refuse(request, exchange(responder, nil))
        }
    }

    /// Who asks how the daemon is wants to know it most when there is much to do; these answers take no time.
    package func answersBeyondLimit(_ request: borrowing Request) -> Bool {
        if request.path.elementsEqual(configuration.metricsPath.utf8) { return true }
        guard case .found(let route, _) = router.match(request) else { return false }
        return route == .health || route == .readiness
    }

    private func exchange(_ responder: Responder, _ observer: (any RequestObserver)?) -> Exchange {
        Exchange(responder, isCORSEnabled: configuration.isCORSEnabled, observer: observer)
    }

    /// Whether the path is of TensorFlow Serving's dialect: all below `/v1/`, without regard to case, but the registry's.
    private func isModelPath(_ request: borrowing Request) -> Bool {
        let target = request.target
        return ModelPath.hasPrefix(target, "/v1/") && !ModelPath.hasPrefix(target, "/v1/registry/")
    }

    private func handleModel(_ request: borrowing Request, _ responder: Responder) {
        do throws(ServableError) {
            guard request.method == .post else {
                // A query selects nothing here, so that one which a cache or a tracer has added does no harm. A call with one is
                // malformed, as in TensorFlow Serving, since it would ask for something that is not done.
                return handle(request, try ModelPath(request.method, request.path), exchange(responder, observer))
            }
            let call = try calls.call(request.target) { () throws(ServableError) in try ModelPath(.post, request.target) }
            if let call, call.path.subject == .predict, predict.answerAtOnce(request, call, responder) { return }
            handle(request, call?.path, exchange(responder, observer))
        } catch {
            exchange(responder, observer).fail(error)
        }
    }

    private func handle(_ request: borrowing Request, _ path: ModelPath?, _ exchange: Exchange) {
        guard request.method != .options else { return answerPreflight(request, exchange) }
        var exchange = exchange
        do throws(ServableError) {
            guard let path else {
                let target = String(decoding: request.target, as: UTF8.self)
                throw ServableError(.invalidArgument, "Malformed request: \(request.method.rawValue) \(target)")
            }
            exchange.facts.model = path.model
            switch path.subject {
            case .predict: predict.handle(request, path, exchange)
            case .classify: try refuseExamples("classify", &exchange)
            case .regress: try refuseExamples("regress", &exchange)
            case .status: try status.answer(path, exchange)
            case .metadata: try metadata.answer(path, exchange)
            case .list: status.answerList(exchange)
            }
        } catch {
            exchange.fail(error)
        }
    }

    private func refuseExamples(_ api: StaticString, _ exchange: inout Exchange) throws(ServableError) {
        exchange.facts.api = api
        throw ServableError(
            .unimplemented,
            ":\(api) needs tf.Example, which this version does not parse; use :predict with the signature's own inputs")
    }

    private func answer(
        _ route: Route, _ captures: RouteCaptures, _ request: borrowing Request, _ exchange: Exchange
    ) {
        do {
            switch route {
            case .predict: predict.handle(request, nil, exchange)
            case .health: exchange.answerJSON { $0.append("{\"status\":\"ok\"}\n") }
            case .readiness: answerReadiness(exchange)
            case .registryModels: registry.answerModels(exchange)
            case .registryModel: try registry.answerModel(capture(0, captures, request), exchange)
            case .registryVersion:
                try registry.answerVersion(capture(0, captures, request), capture(1, captures, request), exchange)
            case .registryEvents: try registry.answerEvents(request.query, exchange)
            }
        } catch {
            exchange.fail(error)
        }
    }

    private func capture(
        _ index: Int, _ captures: RouteCaptures, _ request: borrowing Request
    ) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: request.path[captures[index]])
    }

    private func answerReadiness(_ exchange: Exchange) {
        let reasons = unreadiness()
        guard !reasons.isEmpty else { return exchange.answerJSON { $0.append("{\"status\":\"ready\"}\n") } }
        exchange.answerJSON(.serviceUnavailable) { buffer in
            buffer.append("{\"error\":")
            buffer.appendJSON(string: "not ready: \(reasons.joined(separator: "; "))")
            buffer.append(",\"reasons\":")
            buffer.appendJSON(list: reasons) { reason, buffer in buffer.appendJSON(string: reason) }
            buffer.append("}\n")
        }
    }

    private func answerMetrics(_ request: borrowing Request, _ exchange: Exchange) {
        guard request.query == nil else {
            let target = String(decoding: request.target, as: UTF8.self)
            let text = "Unexpected path: \(target). Should be \(configuration.metricsPath)"
            return exchange.answer(.badRequest, contentType: "text/plain", text: text)
        }
        let metrics = metrics
        Task { exchange.answer(.ok, contentType: "text/plain; version=0.0.4; charset=utf-8", text: metrics()) }
    }

    /// OPTIONS below `/v1/` is a preflight whether or not cross-origin requests are enabled.
    private func answerPreflight(_ request: borrowing Request, _ exchange: Exchange) {
        let allow = [HTTPHeader("Allow", "GET, HEAD, POST, OPTIONS")]
        guard CORS.isOrigin(request.headerText("origin")) else {
            return exchange.answer(.badRequest, contentType: nil, code: .failedPrecondition, headers: allow)
        }
        exchange.answer(.ok, contentType: nil, headers: allow)
    }

    private func refuseMethod(_ request: borrowing Request, allow: String, _ exchange: Exchange) {
        let headers = [HTTPHeader("Allow", allow)]
        guard request.method != .options else { return exchange.answer(.noContent, contentType: nil, headers: headers) }
        let path = String(decoding: request.path, as: UTF8.self)
        let message = "\(request.method.rawValue) is not allowed on \(path); allowed: \(allow)"
        exchange.fail(.methodNotAllowed, ServableError(.unimplemented, message), headers: headers)
    }

    private func refuse(_ request: borrowing Request, _ exchange: Exchange) {
        if request.method == .options, request.path.elementsEqual("*".utf8) {
            let headers = [HTTPHeader("Allow", "GET, HEAD, POST, OPTIONS")]
            return exchange.answer(.noContent, contentType: nil, headers: headers)
        }
        let path = String(decoding: request.path, as: UTF8.self)
        let message = "there is no route \(path); see /v1/models, /predict, /v1/registry/models, /healthz, /readyz"
        exchange.fail(ServableError(.notFound, message))
    }
}
