/// Reads the registry into complete JSON response bodies, so that this module knows neither records nor database.
///
/// A thrown `ServableError` keeps its code; any other error is the registry's fault and becomes a 500.
package protocol RegistryReader: Sendable {
    func models() async throws -> [UInt8]
    /// Throws `notFound` for a model that was never seen.
    func model(_ name: String) async throws -> [UInt8]
    func version(_ version: Int64, of model: String) async throws -> [UInt8]
    func events(_ filter: RegistryEventFilter) async throws -> [UInt8]
}

/// Which events are requested.
package struct RegistryEventFilter: Sendable, Equatable {
    /// Nil for all models.
    package var model: String?
    /// Only events of a higher number.
    package var after: Int64 = 0
    /// Nil leaves the number of events to the registry.
    package var limit: Int?

    package init(model: String? = nil, after: Int64 = 0, limit: Int? = nil) {
        self.model = model
        self.after = after
        self.limit = limit
    }
}
