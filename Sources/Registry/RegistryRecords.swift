/// A model as the registry knows it; encodes to the JSON of `GET /v1/registry/models/M`.
package struct RegistryModel: Sendable, Equatable, Codable {
    package let name: String
    package let basePath: String
    /// Whether the configuration names the model now, or its root holds it.
    package let isConfigured: Bool
    /// Label → version.
    package let labels: [String: Int64]
    /// Newest first.
    package let versions: [RegistryVersion]

    enum CodingKeys: String, CodingKey {
        case name
        case basePath = "base_path"
        case isConfigured = "configured"
        case labels, versions
    }
}

/// One version as the registry knows it. Facts that are not known (never loaded, never failed) encode as `null`.
package struct RegistryVersion: Sendable, Equatable, Codable {
    package let version: Int64
    package let path: String
    package let format: String?
    /// SHA-256, lower-case hexadecimal.
    package let digest: String?
    /// Bytes of the model's files.
    package let size: Int64?
    package let signatures: JSONValue?
    /// `serving` or `retired`.
    package let desired: String
    /// A serving state, or `NOT_LOADED`.
    package let state: String
    package let times: Times
    package let lastError: Failure?

    package struct Times: Sendable, Equatable, Codable {
        package let firstSeen: String
        package let stateSince: String
        package let loaded: String?
        package let unloaded: String?
        /// When the version was found missing; nil while it exists.
        package let lost: String?

        enum CodingKeys: String, CodingKey {
            case firstSeen = "first_seen"
            case stateSince = "state_since"
            case loaded, unloaded, lost
        }

        package func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(firstSeen, forKey: .firstSeen)
            try container.encode(stateSince, forKey: .stateSince)
            try container.encode(loaded, forKey: .loaded)
            try container.encode(unloaded, forKey: .unloaded)
            try container.encode(lost, forKey: .lost)
        }
    }

    package struct Failure: Sendable, Equatable, Codable {
        /// Canonical code name.
        package let code: String
        package let message: String
    }

    enum CodingKeys: String, CodingKey {
        case version, path, format, digest, size, signatures, desired, state, times
        case lastError = "last_error"
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(version, forKey: .version)
        try container.encode(path, forKey: .path)
        try container.encode(format, forKey: .format)
        try container.encode(digest, forKey: .digest)
        try container.encode(size, forKey: .size)
        try container.encode(signatures, forKey: .signatures)
        try container.encode(desired, forKey: .desired)
        try container.encode(state, forKey: .state)
        try container.encode(times, forKey: .times)
        try container.encode(lastError, forKey: .lastError)
    }
}

/// The JSON of `GET /v1/registry/models`.
package struct RegistryModelList: Sendable, Equatable, Codable {
    /// By name.
    package let models: [RegistryModel]
}

/// One entry of the audit trail.
package struct RegistryEvent: Sendable, Equatable, Codable {
    package let sequence: Int64
    package let time: String
    package let actor: String
    package let kind: String
    package let model: String?
    package let version: Int64?
    package let detail: String
    /// `ok` or `failed`.
    package let outcome: String

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(sequence, forKey: .sequence)
        try container.encode(time, forKey: .time)
        try container.encode(actor, forKey: .actor)
        try container.encode(kind, forKey: .kind)
        try container.encode(model, forKey: .model)
        try container.encode(version, forKey: .version)
        try container.encode(detail, forKey: .detail)
        try container.encode(outcome, forKey: .outcome)
    }
}

/// A stretch of the audit trail, oldest first; the JSON of `GET /v1/registry/events`.
package struct RegistryEventPage: Sendable, Equatable, Codable {
    package let events: [RegistryEvent]
    /// What to pass as `after` for the next stretch; nil when this one reaches the end.
    package let next: Int64?

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(events, forKey: .events)
        try container.encode(next, forKey: .next)
    }
}
