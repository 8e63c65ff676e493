import GraphIR
package import ModelServing
package import ServableCore

/// What the Open Inference Protocol says of the server and its models, whatever carries it.
package struct OpenInferenceService: Sendable {
    package static let serverName = "apus"
    /// What is offered beside the protocol's core.
    package static let extensions = [
        "binary_tensor_data", "classification", "model_repository", "model_repository(unload_dependents)", "parameters", "statistics",
    ]

    package let backend: any PredictionBackend
    package let repository: any ModelRepository
    package let serverVersion: String
    private let counted: any InferenceStatisticsSource
    private let unreadiness: @Sendable () -> [String]

    /// - Parameters:
    ///   - counted: keeps the statistics.
    ///   - serverVersion: of the program.
    ///   - unreadiness: why the daemon is not ready, one sentence a reason; empty when it is.
    package init(
        _ backend: any PredictionBackend, repository: any ModelRepository, counted: any InferenceStatisticsSource, serverVersion: String,
        unreadiness: @escaping @Sendable () -> [String]
    ) {
        self.backend = backend
        self.repository = repository
        self.counted = counted
        self.serverVersion = serverVersion
        self.unreadiness = unreadiness
    }

    private var board: StatusBoard { backend.board }

    /// Why the server is not ready; nil when it is.
    package var unreadyReason: String? {
        let reasons = unreadiness()
        return reasons.isEmpty ? nil : "not ready: \(reasons.joined(separator: "; "))"
    }

    /// The version that a text of the protocol means; empty leaves the choice to the server, which takes the highest that is ready.
    ///
    /// - Throws: `invalidArgument` for what is no number above 0.
    package static func selector(_ version: String) throws(ServableError) -> VersionSelector {
        guard !version.isEmpty else { return .latest }
        guard let number = Int64(version), number > 0, version.utf8.allSatisfy({ $0 &- UInt8(ascii: "0") <= 9 }) else {
            throw ServableError(
                .invalidArgument, "model version \"\(version.prefix(64))\" is no number above 0; leave it empty for the highest")
        }
        return .version(number)
    }

    /// Why a model, or a version of it, cannot be asked now; nil when it can.
    package func unreadiness(of model: String, _ selector: VersionSelector) -> ServableError? {
        do throws(ServableError) {
            _ = try backend.target(model: model, selector: selector)
            return nil
        } catch {
            return error
        }
    }

    /// - Throws: `notFound` for what is not known, `unavailable` for what cannot be asked now.
    package func metadata(of model: String, _ selector: VersionSelector) throws(ServableError) -> ModelMetadata {
        try metadata(of: try backend.target(model: model, selector: selector), selector)
    }

    /// The same for a version that was found.
    package func metadata(of target: PredictionTarget, _ selector: VersionSelector) throws(ServableError) -> ModelMetadata {
        let versions = selector == .latest ? readyVersions(of: target.id.name) : [target.id.version]
        return ModelMetadata(target, try target.inferenceSignature(), versions: versions)
    }

    private func readyVersions(of model: String) -> [Int64] {
        board.statuses(of: model).filter { $0.state == .available }.map(\.id.version).sorted()
    }

    /// Every model that is known, ascending.
    package var modelNames: [String] { board.modelNames }

    /// What the repository holds, by name and version.
    package func index(readyOnly: Bool) -> [RepositoryEntry] {
        board.modelNames.flatMap { name -> [RepositoryEntry] in
            let statuses = board.statuses(of: name).reversed()
            guard !statuses.isEmpty else { return readyOnly ? [] : [RepositoryEntry(unloaded: name, reason: board.problem(of: name))] }
            return statuses.map(RepositoryEntry.init).filter { !readyOnly || $0.state == .ready }
        }
    }

    /// What was counted of the versions that are ready, by name and version.
    ///
    /// - Parameter model: nil for all.
    /// - Throws: `notFound` for what is not known, `unavailable` for what is not ready.
    package func statistics(
        of model: String?, _ selector: VersionSelector = .latest
    ) throws(ServableError) -> [(id: ServableID, statistics: InferenceStatistics)] {
        guard let model else {
            return board.modelNames.flatMap { name in readyVersions(of: name).compactMap { statistics(of: name, $0) } }
        }
        if selector != .latest {
            let target = try backend.target(model: model, selector: selector)
            return [(target.id, statistics(of: target))]
        }
        let versions = readyVersions(of: model)
        // What is not ready says why.
        if versions.isEmpty { _ = try backend.target(model: model, selector: .latest) }
        return versions.compactMap { statistics(of: model, $0) }
    }

    /// Nil for a version that has gone meanwhile.
    private func statistics(of model: String, _ version: Int64) -> (id: ServableID, statistics: InferenceStatistics)? {
        do throws(ServableError) {
            let target = try backend.target(model: model, selector: .version(version))
            return (target.id, statistics(of: target))
        } catch {
            return nil
        }
    }

    private func statistics(of target: PredictionTarget) -> InferenceStatistics {
        var statistics = counted.statistics(of: target.id)
        statistics.memoryByteCount = target.memoryByteCount
        return target.hasRows ? statistics : statistics.withoutRows()
    }
}

extension PredictionTarget {
    /// The signature that the protocol, which knows none, calls: `serving_default`, or else the only one.
    package func inferenceSignature() throws(ServableError) -> CallableSignature {
        if signatures.count == 1 { return try signature(signatures[0].name) }
        return try signature(nil)
    }

    fileprivate var hasRows: Bool {
        do throws(ServableError) { return try inferenceSignature().hasRows } catch { return false }
    }
}
