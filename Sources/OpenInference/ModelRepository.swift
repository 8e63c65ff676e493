package import ServableCore

/// One version in the list of what the repository holds, or a model of which no version was ever loaded.
package struct RepositoryEntry: Sendable, Equatable {
    package enum State: String, Sendable {
        case ready = "READY"
        case loading = "LOADING"
        case unloading = "UNLOADING"
        case unavailable = "UNAVAILABLE"
    }

    package let name: String
    /// Nil, as the state is, for a model of which no version was ever loaded.
    package let version: Int64?
    package let state: State?
    /// Why the version is not ready; nil when there is nothing to say.
    package let reason: String?

    init(_ status: ServableStatus) {
        name = status.id.name
        version = status.id.version
        state =
            switch status.state {
            case .start, .loading: .loading
            case .available: .ready
            case .unloading: .unloading
            case .end: .unavailable
            }
        reason = status.lastError?.description ?? (status.state == .end ? "unloaded" : nil)
    }

    init(unloaded name: String, reason: String?) {
        (self.name, version, state) = (name, nil, nil)
        self.reason = reason
    }
}

/// Changes what is served, by the registry's rules.
package protocol ModelRepository: Sendable {
    /// Who asks, when he may change what is served.
    ///
    /// - Parameters:
    ///   - bearer: the token of `Authorization: Bearer`; nil when there is none.
    ///   - isLocal: whether the request came over a Unix socket, whose file's mode has decided who may connect.
    /// - Returns: the name under which changes are recorded.
    /// - Throws: `unauthenticated` without a token, or with one that is not known; `permissionDenied` for a token of another role, and when
    ///   there are no tokens at all.
    func administrator(bearer: String?, isLocal: Bool) async throws(ServableError) -> String

    /// Has the versions that the model's policy chooses loaded, those that are loaded once more, and returns when they are.
    ///
    /// - Throws: `notFound` for a model that is not known, `unavailable` or the reason of the failed load when no version serves then.
    func load(_ model: String, by administrator: String) async throws(ServableError)

    /// Has all versions of the model unloaded, until it is loaded again, and returns at once: requests that run are finished.
    ///
    /// - Throws: `notFound` for a model that is not known.
    func unload(_ model: String, by administrator: String) async throws(ServableError)
}

/// The parameters of requests to load and to unload a model.
package enum RepositoryParameters {
    /// - Throws: `invalidArgument` for every parameter: those that there are ask for what only an upload does.
    package static func checkLoad(_ name: String) throws(ServableError) {
        if name == "config" || name.hasPrefix("file:") {
            throw ServableError(
                .invalidArgument,
                "the parameter \"\(name.prefix(128))\" is not offered: a model's files and settings are not taken from this request; put a new version below the model's path, or register it at /v1/registry"
            )
        }
        throw ServableError(.invalidArgument, "the parameter \"\(name.prefix(128))\" of a load is not known; leave it out")
    }

    /// - Throws: `invalidArgument` for what is not known, and for a value of another type. There are no models that depend on others.
    package static func checkUnload(_ name: String, _ value: ParameterValue) throws(ServableError) {
        guard name == "unload_dependents" else {
            throw ServableError(
                .invalidArgument, "the parameter \"\(name.prefix(128))\" of an unload is not known; known is unload_dependents")
        }
        _ = try value.bool(of: name)
    }
}
