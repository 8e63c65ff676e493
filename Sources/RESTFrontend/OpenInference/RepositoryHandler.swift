import HTTPCore
import OpenInference
import ServableCore

/// `POST /v2/repository/…`: what the repository holds, and what of it is to be served.
struct RepositoryHandler: Sendable {
    private let service: OpenInferenceService
    private let maximumDepth: Int

    init(_ service: OpenInferenceService, _ limits: TensorJSONLimits) {
        self.service = service
        maximumDepth = limits.maximumDepth
    }

    func respondWithIndex(_ body: UnsafeRawBufferPointer, _ reply: RESTReply) {
        do throws(ServableError) {
            var readyOnly = false
            try unsafe readBody(body) { (name, cursor) throws(ServableError) in
                if name.equals("ready") { readyOnly = try cursor.readBoolean("'ready'") } else { try cursor.skipValue() }
            }
            let entries = service.index(readyOnly: readyOnly)
            reply.sendJSON { buffer in buffer.appendJSON(list: entries) { entry, buffer in append(entry, to: &buffer) } }
        } catch {
            reply.fail(error)
        }
    }

    private func append(_ entry: RepositoryEntry, to buffer: inout ByteBuffer) {
        buffer.append("{\"name\":")
        buffer.appendJSON(string: entry.name)
        if let version = entry.version { buffer.append(",\"version\":\"\(version)\"") }
        if let state = entry.state { buffer.append(",\"state\":\"\(state.rawValue)\"") }
        if let reason = entry.reason {
            buffer.append(",\"reason\":")
            buffer.appendJSON(string: reason)
        }
        buffer.append("}")
    }

    func load(_ model: String, _ request: borrowing Request, _ body: UnsafeRawBufferPointer, _ reply: RESTReply) {
        let check = Result { () throws(ServableError) in
            try unsafe readParameters(body) { (name, _) throws(ServableError) in try RepositoryParameters.checkLoad(name) }
        }
        change(request, check, reply) { (repository, administrator) throws(ServableError) in
            try await repository.load(model, by: administrator)
        }
    }

    func unload(_ model: String, _ request: borrowing Request, _ body: UnsafeRawBufferPointer, _ reply: RESTReply) {
        let check = Result { () throws(ServableError) in
            try unsafe readParameters(body) { (name, value) throws(ServableError) in
                try RepositoryParameters.checkUnload(name, value)
            }
        }
        change(request, check, reply) { (repository, administrator) throws(ServableError) in
            try await repository.unload(model, by: administrator)
        }
    }

    /// Makes a change for whoever may: that is found out before what else the request says.
    private func change(
        _ request: borrowing Request, _ check: Result<Void, ServableError>, _ reply: RESTReply,
        _ body: @escaping @Sendable (any ModelRepository, String) async throws(ServableError) -> Void
    ) {
        let bearer = request.headerText("authorization").flatMap(BearerToken.init)?.text
        let isLocal = request.isLocal, repository = service.repository
        Task {
            do throws(ServableError) {
                let administrator = try await repository.administrator(bearer: bearer, isLocal: isLocal)
                try check.get()
                try await body(repository, administrator)
                reply.send(.ok, contentType: "application/json")
            } catch {
                reply.fail(error)
            }
        }
    }

    // MARK: Bodies

    /// Calls `read` at each member of the body; an empty body has none.
    private func readBody(
        _ body: UnsafeRawBufferPointer, _ read: (JSONString, inout JSONCursor) throws(ServableError) -> Void
    ) throws(ServableError) {
        guard unsafe !body.isEmpty else { return }
        try unsafe JSONCursor.withObject(body, maximumDepth: maximumDepth) { (cursor) throws(ServableError) in
            try cursor.readObject("the request", read)
        }
    }

    private func readParameters(
        _ body: UnsafeRawBufferPointer, _ check: (String, ParameterValue) throws(ServableError) -> Void
    ) throws(ServableError) {
        try unsafe readBody(body) { (name, cursor) throws(ServableError) in
            guard name.equals("parameters") else { return try cursor.skipValue() }
            try cursor.readParameters("", check)
        }
    }
}
