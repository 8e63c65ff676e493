/// What the server says of a model.
public struct ModelMetadata: Sendable, Equatable, Decodable {
    /// An input or an output.
    public struct Tensor: Sendable, Equatable, Decodable {
        public let name: String
        public let datatype: Datatype
        /// -1 for a free dimension.
        public let shape: [Int]
    }

    public let name: String
    /// Those that may be asked for.
    public let versions: [String]
    public let platform: String
    public let inputs: [Tensor]
    public let outputs: [Tensor]
}

/// What the server says of itself.
public struct ServerMetadata: Sendable, Equatable, Decodable {
    public let name: String
    public let version: String
    public let extensions: [String]
}

/// One version in the list of what the server has.
public struct RepositoryEntry: Sendable, Equatable, Decodable {
    public let name: String
    public let version: String?
    /// READY, LOADING, UNLOADING, UNAVAILABLE
    public let state: String?
    public let reason: String?
}
