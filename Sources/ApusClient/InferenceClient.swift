public import Foundation

#if canImport(FoundationNetworking)
    public import FoundationNetworking
#endif

/// A client of Apus, and of every other server that speaks the Open Inference Protocol v2 over HTTP with the binary tensor extension.
///
/// ```swift
/// let client = InferenceClient(URL(string: "http://127.0.0.1:8501")!)
/// let result = try await client.infer("half_plus_two", ["x": Tensor<Float>([1, 2, 5])])
/// let y: Tensor<Float> = try result.output("y")       // [2.5, 3.0, 4.5]
/// ```
///
/// Connections are kept and shared; the client may be used from any number of tasks.
public struct InferenceClient: Sendable {
    private let base: URL
    private let session: URLSession
    private let token: String?

    /// - Parameters:
    ///   - base: scheme, host and port of the server.
    ///   - token: what `load` and `unload` show; nil when the server needs none.
    ///   - session: makes the connections.
    public init(_ base: URL, token: String? = nil, session: URLSession = .shared) {
        self.base = base
        self.token = token
        self.session = session
    }

    // MARK: Inference

    /// Asks a model for its outputs. Tensors travel in binary form.
    ///
    /// - Parameters:
    ///   - version: nil leaves the choice to the server, which takes the highest that is ready.
    ///   - inputs: by name.
    ///   - outputs: those that are wanted; none means all.
    public func infer(
        _ model: String, version: Int64? = nil, _ inputs: [String: AnyTensor], outputs: [String] = [], options: InferenceOptions = .init()
    ) async throws(ClientError) -> InferenceResult {
        let inputs = inputs.sorted { $0.key < $1.key }.map { (name: $0.key, tensor: $0.value) }
        let head: Data
        do {
            head = try JSONEncoder().encode(InferenceRequestHead(inputs, outputs: outputs, options))
        } catch {
            throw .malformedResponse("the request cannot be written: \(error)")
        }
        var body = head
        for input in inputs { body.append(contentsOf: input.tensor.bytes) }
        var fields = ["Inference-Header-Content-Length": String(head.count), "Content-Type": "application/octet-stream"]
        if options.isLowPriority { fields["X-Request-Priority"] = "low" }
        let (data, response) = try await send("POST", Self.path(model, version) + ["infer"], body: body, fields: fields)
        try Self.check(data, response)
        let length = response.value(forHTTPHeaderField: "Inference-Header-Content-Length").flatMap { Int($0) }
        return try InferenceResult(Array(data), jsonByteCount: length)
    }

    /// The same with inputs of one element type.
    public func infer<Element>(
        _ model: String, version: Int64? = nil, _ inputs: [String: Tensor<Element>], outputs: [String] = [],
        options: InferenceOptions = .init()
    ) async throws(ClientError) -> InferenceResult {
        try await infer(model, version: version, inputs.mapValues(AnyTensor.init), outputs: outputs, options: options)
    }

    // MARK: The server and its models

    /// Whether the server answers at all.
    public func isLive() async throws(ClientError) -> Bool { try await isOK(["health", "live"]) }

    /// Whether the server serves all its models.
    public func isReady() async throws(ClientError) -> Bool { try await isOK(["health", "ready"]) }

    /// Whether the model, or a version of it, can be asked now.
    public func isReady(_ model: String, version: Int64? = nil) async throws(ClientError) -> Bool {
        try await isOK(Self.path(model, version) + ["ready"])
    }

    public func serverMetadata() async throws(ClientError) -> ServerMetadata { try await get([]) }

    public func metadata(of model: String, version: Int64? = nil) async throws(ClientError) -> ModelMetadata {
        try await get(Self.path(model, version))
    }

    /// Every version that the server has, with its state.
    public func repositoryIndex() async throws(ClientError) -> [RepositoryEntry] {
        let (data, response) = try await send("POST", ["repository", "index"])
        try Self.check(data, response)
        return try Self.decode(data)
    }

    /// Has a model loaded, and returns when it is ready. Needs a token of the role admin.
    public func load(_ model: String) async throws(ClientError) { try await change(model, "load") }

    /// Has a model unloaded until it is loaded again. Needs a token of the role admin.
    public func unload(_ model: String) async throws(ClientError) { try await change(model, "unload") }

    // MARK: Requests

    private func change(_ model: String, _ what: String) async throws(ClientError) {
        let fields = token.map { ["Authorization": "Bearer \($0)"] } ?? [:]
        let (data, response) = try await send("POST", ["repository", "models", model, what], body: Data("{}".utf8), fields: fields)
        try Self.check(data, response)
    }

    private func isOK(_ path: [String]) async throws(ClientError) -> Bool {
        try await send("GET", path).1.statusCode == 200
    }

    private func get<Value: Decodable>(_ path: [String]) async throws(ClientError) -> Value {
        let (data, response) = try await send("GET", path)
        try Self.check(data, response)
        return try Self.decode(data)
    }

    private static func path(_ model: String, _ version: Int64?) -> [String] {
        ["models", model] + (version.map { ["versions", String($0)] } ?? [])
    }

    private func send(
        _ method: String, _ path: [String], body: Data? = nil, fields: [String: String] = [:]
    ) async throws(ClientError) -> (Data, HTTPURLResponse) {
        var allowed = CharacterSet.alphanumerics
        allowed.insert(charactersIn: "-._~")
        let segments = (["v2"] + path).map { $0.addingPercentEncoding(withAllowedCharacters: allowed) ?? $0 }
        var root = base.absoluteString
        while root.hasSuffix("/") { root.removeLast() }
        guard let url = URL(string: root + "/" + segments.joined(separator: "/")) else { throw .unreachable("\(root) is no URL") }
        var request = URLRequest(url: url)
        request.httpMethod = method
        request.httpBody = body
        for (name, value) in fields { request.setValue(value, forHTTPHeaderField: name) }
        do {
            let (data, response) = try await session.data(for: request)
            guard let response = response as? HTTPURLResponse else { throw ClientError.malformedResponse("it is none of HTTP") }
            return (data, response)
        } catch let error as ClientError {
            throw error
        } catch {
            throw Task.isCancelled ? .cancelled : .unreachable(error.localizedDescription)
        }
    }

    private struct ErrorBody: Decodable {
        let error: String
    }

    private static func check(_ data: Data, _ response: HTTPURLResponse) throws(ClientError) {
        guard response.statusCode != 200 else { return }
        let message: String
        do {
            message = try JSONDecoder().decode(ErrorBody.self, from: data).error
        } catch {
            // Proxies answer otherwise.
            message = String(decoding: data.prefix(500), as: UTF8.self)
        }
        throw .server(status: response.statusCode, message: message)
    }

    private static func decode<Value: Decodable>(_ data: Data) throws(ClientError) -> Value {
        do {
            return try JSONDecoder().decode(Value.self, from: data)
        } catch {
            throw .malformedResponse(String(describing: error))
        }
    }
}
