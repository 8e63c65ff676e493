import RESTFrontend
import Registry
import ServableCore

/// The registry as the routes want it: JSON bodies.
struct RegistryRoutes: RegistryReader {
    let registry: ModelRegistry

    func models() async throws -> [UInt8] { try ModelRegistry.json(try await registry.models()) }

    func model(_ name: String) async throws -> [UInt8] {
        guard let model = try await registry.model(name) else {
            throw ServableError(.notFound, "the registry has no model \"\(name)\"; see /v1/registry/models")
        }
        return try ModelRegistry.json(model)
    }

    func version(_ version: Int64, of model: String) async throws -> [UInt8] {
        guard let found = try await registry.version(model, version) else {
            throw ServableError(
                .notFound, "the registry has no version \(version) of model \"\(model)\"; see /v1/registry/models/\(model)")
        }
        return try ModelRegistry.json(found)
    }

    func events(_ filter: RegistryEventFilter) async throws -> [UInt8] {
        try ModelRegistry.json(
            try await registry.events(model: filter.model, after: filter.after, limit: filter.limit ?? Self.pageLength))
    }

    private static let pageLength = 100
}
