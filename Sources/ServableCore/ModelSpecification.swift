/// How one model is to be served.
package struct ModelSpecification: Sendable, Equatable {
    /// What requests call the model.
    package let name: String
    /// Absolute path of the directory whose children are the numbered versions.
    package let basePath: String
    package let versionPolicy: VersionPolicy
    /// Label → the version it is to point to.
    package let labels: [String: Int64]

    package init(
        name: String,
        basePath: String,
        versionPolicy: VersionPolicy = .latest(1),
        labels: [String: Int64] = [:]
    ) {
        self.name = name
        self.basePath = basePath
        self.versionPolicy = versionPolicy
        self.labels = labels
    }
}

/// Everything that is to be served: models named one by one, and a directory whose sub-directories are models.
package struct ServingSpecification: Sendable, Equatable {
    package let models: [ModelSpecification]
    /// Absolute path; every sub-directory of it with numbered versions is a model, unless `models` names it already.
    package let modelRoot: String?

    package init(models: [ModelSpecification], modelRoot: String? = nil) {
        self.models = models
        self.modelRoot = modelRoot
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
