import HTTPCore
import ServableCore

/// `GET /v1/registry/…`: what the registry knows. Responses are read off the loop.
struct RegistryHandler: Sendable {
    private let reader: any RegistryReader

    init(_ reader: any RegistryReader) { self.reader = reader }

    func respondWithModels(_ reply: RESTReply) {
        respond(reply) { try await reader.models() }
    }

    func respondWithModel(_ name: UnsafeRawBufferPointer, _ reply: RESTReply) throws(ServableError) {
        let name = try unsafe decode(name, "model name")
        respond(reply) { try await reader.model(name) }
    }

    func respondWithVersion(
        _ name: UnsafeRawBufferPointer, _ version: UnsafeRawBufferPointer, _ reply: RESTReply
    ) throws(ServableError) {
        let name = try unsafe decode(name, "model name")
        let text = unsafe String(decoding: version, as: UTF8.self)
        guard let number = Int64(text), number >= 0 else {
            throw ServableError(.invalidArgument, "\"\(text)\" is no version; it is a number of at least 0")
        }
        respond(reply) { try await reader.version(number, of: name) }
    }

    func respondWithEvents(_ query: UnsafeRawBufferPointer?, _ reply: RESTReply) throws(ServableError) {
        let filter = try unsafe RegistryEventFilter(query: query)
        respond(reply) { try await reader.events(filter) }
    }

    private func decode(_ bytes: UnsafeRawBufferPointer, _ what: String) throws(ServableError) -> String {
        guard let text = unsafe PercentEncoding.decode(bytes) else {
            throw ServableError(.invalidArgument, "the \(what) in the path is no percent-encoded UTF-8")
        }
        return text
    }

    private func respond(_ reply: RESTReply, _ body: @escaping @Sendable () async throws -> [UInt8]) {
        Task {
            do {
                reply.sendJSON(bytes: try await body() + [UInt8(ascii: "\n")])
            } catch let error as ServableError {
                reply.fail(error)
            } catch {
                reply.fail(ServableError(.internal, "the registry could not be read: \(error)"))
            }
        }
    }
}

extension RegistryEventFilter {
    /// `model=M&after=N&limit=N`, each optional.
    init(query: UnsafeRawBufferPointer?) throws(ServableError) {
        self.init()
        let pairs = unsafe query?.split(separator: UInt8(ascii: "&")) ?? []
        for index in unsafe pairs.indices {
            let parts = unsafe pairs[index].split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            let name = unsafe String(decoding: parts[0], as: UTF8.self)
            guard unsafe parts.count == 2, let value = unsafe PercentEncoding.decode(UnsafeRawBufferPointer(rebasing: parts[1])) else {
                throw ServableError(.invalidArgument, "the query's \"\(name)\" has no value; write it as \(name)=VALUE")
            }
            switch name {
            case "model": model = value
            case "after": after = try Self.number(name, value, 0...Int64.max)
            case "limit": limit = Int(try Self.number(name, value, 1...Int64(Int32.max)))
            default:
                throw ServableError(.invalidArgument, "the query's \"\(name)\" is unknown; known are model, after and limit")
            }
        }
    }

    private static func number(_ name: String, _ text: String, _ range: ClosedRange<Int64>) throws(ServableError) -> Int64 {
        guard let number = Int64(text), range.contains(number) else {
            throw ServableError(
                .invalidArgument, "the query's \"\(name)\" is \"\(text)\"; it is a number of at least \(range.lowerBound)")
        }
        return number
    }
}
