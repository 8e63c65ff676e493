/// How one model is to be served.
package struct ModelSpecification: Sendable, Hashable {
    /// What requests call the model.
    package let name: String
    /// Absolute path of the directory whose children are the numbered versions.
    package let basePath: String
    package let versionPolicy: VersionPolicy
    /// Label → the version it is to point to.
    package let labels: [String: Int64]
    package let loadMode: LoadMode
    /// Whether versions that were loaded on demand stay, whatever else needs their memory.
    package let isPinned: Bool

    package init(
        name: String,
        basePath: String,
        versionPolicy: VersionPolicy = .latest(1),
        labels: [String: Int64] = [:],
        loadMode: LoadMode = .eager,
        isPinned: Bool = false
    ) {
        self.name = name
        self.basePath = basePath
        self.versionPolicy = versionPolicy
        self.labels = labels
        self.loadMode = loadMode
        self.isPinned = isPinned
    }
}

/// When the versions of a model are loaded.
package enum LoadMode: String, Sendable, CaseIterable {
    /// As soon as they are wanted; they stay while they are.
    case eager
    /// By the first request for them; those not used for longest make room for others.
    case onDemand = "on_demand"
}

/// Everything that is to be served: models named one by one, and a directory whose sub-directories are models.
package struct ServingSpecification: Sendable, Equatable {
    package let models: [ModelSpecification]
    /// Absolute path; every sub-directory of it with numbered versions is a model, unless `models` names it already.
    package let modelRoot: String?
    /// Of the models that only the root names.
    package let rootLoadMode: LoadMode

    package init(models: [ModelSpecification], modelRoot: String? = nil, rootLoadMode: LoadMode = .eager) {
        self.models = models
        self.modelRoot = modelRoot
        self.rootLoadMode = rootLoadMode
    }

    /// Refuses what cannot be meant; the texts on doubles and relative paths are TensorFlow Serving's.
    package func validated() throws(ServableError) -> ValidatedSpecification {
        var names: Set<String> = []
        for model in models {
            guard !model.name.isEmpty else {
                throw ServableError(.invalidArgument, "a model at \"\(model.basePath)\" has an empty name; give it a name")
            }
            guard !model.name.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
                throw ServableError(
                    .invalidArgument, "model name \(model.name.debugDescription) has control characters; leave them out")
            }
            guard names.insert(model.name).inserted else {
                throw ServableError(.invalidArgument, "Illegal to list model \(model.name) multiple times in config list")
            }
            guard model.basePath.hasPrefix("/") else {
                throw ServableError(
                    .invalidArgument,
                    "Expected model \(model.name) to have an absolute path or URI; got base_path()=\(model.basePath)"
                )
            }
        }
        if let modelRoot, !modelRoot.hasPrefix("/") {
            throw ServableError(.invalidArgument, "model_root must be an absolute path; got \"\(modelRoot)\"")
        }
        return ValidatedSpecification(specification: self)
    }
}

/// A specification that a manager can put in force without fail.
package struct ValidatedSpecification: Sendable {
    let specification: ServingSpecification
}
