import OpenInference
import Registry
import ServableCore

/// Changes what is served, by what the registry says of who may: a change is in the registry before it is made.
struct ServedRepository: ModelRepository {
    let registry: ModelRegistry
    let manager: ServableManager

    /// A client that waits for a load has its answer by then; the load goes on.
    private static let patience = Duration.seconds(600)
    private static let advice = "make one with \"apus registry token create --name NAME --role admin\""

    func administrator(bearer: String?, isLocal: Bool) async throws(ServableError) -> String {
        if isLocal { return "unix socket" }
        guard let bearer else {
            guard try await read({ (registry) throws(RegistryError) in try await registry.hasTokens() }) else {
                throw ServableError(
                    .permissionDenied,
                    "what is served is changed over a Unix socket, or with a token of the role admin, and there is none; \(Self.advice)")
            }
            throw ServableError(.unauthenticated, "the request has no token; send one of the role admin as \"Authorization: Bearer TOKEN\"")
        }
        guard let token = try await read({ (registry) throws(RegistryError) in try await registry.token(bearer) }) else {
            throw ServableError(.unauthenticated, "the token is not known here; \(Self.advice)")
        }
        guard token.role == .admin else {
            throw ServableError(
                .permissionDenied, "the token \"\(token.name)\" has the role \(token.role.rawValue), admin is needed; \(Self.advice)")
        }
        return token.name
    }

    func load(_ model: String, by administrator: String) async throws(ServableError) {
        // A model that has come a moment ago is known then.
        await manager.poll()
        try await decide(model, serves: true, by: administrator)
        try await manager.restore(model, timeout: Self.patience)
    }

    func unload(_ model: String, by administrator: String) async throws(ServableError) {
        try await decide(model, serves: false, by: administrator)
        await manager.retire(model)
    }

    private func decide(_ model: String, serves: Bool, by administrator: String) async throws(ServableError) {
        guard await manager.isConfigured(model) else { throw unknown(model) }
        let event = ServableEvent(time: .now(), kind: .decided(model: model, serves: serves, by: administrator))
        try await read { (registry) throws(RegistryError) in try await registry.record([event]) }
    }

    private func unknown(_ model: String) -> ServableError {
        let near = NearNames.near(to: model, among: manager.board.modelNames).map { "\"\($0)\"" }
        return ServableError(
            .notFound,
            "there is no model \"\(model)\" to load or unload"
                + (near.isEmpty ? "; see /v1/models" : "; did you mean \(near.joined(separator: " or "))?"))
    }

    private func read<Value>(
        _ body: (ModelRegistry) async throws(RegistryError) -> Value
    ) async throws(ServableError) -> Value {
        do throws(RegistryError) {
            return try await body(registry)
        } catch {
            throw ServableError(error.mayPass ? .unavailable : .internal, error.description)
        }
    }
}
