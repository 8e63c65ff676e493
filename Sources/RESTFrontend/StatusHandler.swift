import HTTPCore
import ModelServing
import ServableCore

/// `GET /v1/models/M[/versions/V]`, and the list of all models.
struct StatusHandler: Sendable {
    private let backend: any PredictionBackend
    private var board: StatusBoard { backend.board }

    init(_ backend: any PredictionBackend) { self.backend = backend }

    /// TensorFlow Serving's reply (section 7 of its REST contract): newest first, also versions that have ended. A label selects its
    /// version.
    func respond(to path: ModelPath, _ visibility: Visibility, _ reply: RESTReply) throws(ServableError) {
        guard !path.model.isEmpty else { throw ServableError(.invalidArgument, "Missing model name in request.") }
        let statuses = try statuses(of: path)
        reply.sendJSON { buffer in
            buffer.append("{\"model_version_status\":")
            buffer.appendJSON(list: statuses) { status, buffer in append(status, visibility, to: &buffer) }
            buffer.append("}\n")
        }
    }

    private func statuses(of path: ModelPath) throws(ServableError) -> [ServableStatus] {
        let all = board.statuses(of: path.model), version = backend.version(of: path.model, path.selector)
        if case .label(let label) = path.selector, version == nil, !all.isEmpty {
            throw ServableError(.notFound, "Could not find version label \(label) of model \(path.model)")
        }
        return try board.requestedStatuses(of: path.model, version: version)
    }

    private func append(_ status: ServableStatus, _ visibility: Visibility, to buffer: inout ByteBuffer) {
        buffer.append("{\"version\":\"")
        buffer.append(decimal: Int(status.id.version))
        buffer.append("\",\"state\":\"")
        buffer.append(status.state.rawValue)
        buffer.append("\",\"status\":{\"error_code\":\"")
        buffer.append((status.error?.code ?? .ok).name)
        buffer.append("\",\"error_message\":")
        buffer.appendJSON(string: visibility.text(status.error?.message ?? status.notice ?? ""))
        buffer.append("}}")
    }

    /// `{"models": [{"name", "versions": [{"version", "state", "error", "notice", "since", "path"}], "labels": {…}, "problem"}]}`,
    /// paths for operators alone.
    func respondWithList(_ visibility: Visibility, _ reply: RESTReply) {
        let models = board.modelNames.map { name in
            (name: name, statuses: board.statuses(of: name), labels: board.labels(of: name), problem: board.problem(of: name))
        }
        reply.sendJSON { buffer in
            buffer.append("{\"models\":")
            buffer.appendJSON(list: models) { model, buffer in
                buffer.append("{\"name\":")
                buffer.appendJSON(string: model.name)
                buffer.append(",\"versions\":")
                buffer.appendJSON(list: model.statuses) { status, buffer in
                    appendListed(status, visibility, to: &buffer)
                }
                buffer.append(",\"labels\":")
                let labels = model.labels.sorted { $0.key < $1.key }
                buffer.appendJSON(object: labels) { version, buffer in buffer.append(decimal: Int(version)) }
                buffer.append(",\"problem\":")
                appendOptional(model.problem.map(visibility.text), to: &buffer)
                buffer.append("}")
            }
            buffer.append("}\n")
        }
    }

    private func appendListed(_ status: ServableStatus, _ visibility: Visibility, to buffer: inout ByteBuffer) {
        buffer.append("{\"version\":")
        buffer.append(decimal: Int(status.id.version))
        buffer.append(",\"state\":\"")
        buffer.append(status.state.rawValue)
        buffer.append("\",\"error\":")
        appendOptional((status.lastError?.description).map(visibility.text), to: &buffer)
        buffer.append(",\"notice\":")
        appendOptional(status.notice.map(visibility.text), to: &buffer)
        buffer.append(",\"since\":\"")
        buffer.append(status.since.description)
        buffer.append("\"")
        if let path = visibility.path(status.path) {
            buffer.append(",\"path\":")
            buffer.appendJSON(string: path)
        }
        buffer.append("}")
    }

    private func appendOptional(_ text: String?, to buffer: inout ByteBuffer) {
        guard let text else { return buffer.append("null") }
        buffer.appendJSON(string: text)
    }
}
