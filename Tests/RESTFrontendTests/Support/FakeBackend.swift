import GraphIR
import RESTFrontend
import ServableCore
import Synchronization
import Tensors

/// Serves models that compute y = x / 2 + 2, from a table given in tests.
final class FakeBackend: PredictionBackend {
    let board = StatusBoard()
    /// What `predict` answers instead of outputs.
    let refusal = Mutex<ServableError?>(nil)
    /// Predictions that wait to be completed by the test; nil while none has to.
    let held = Mutex<[@Sendable () -> Void]?>(nil)
    /// Whether predictions wait for `answerParked`.
    let parks = Mutex(false)
    private let parked = Mutex<[Parked]>([])
    /// The deadline of the last prediction.
    let lastDeadline = Mutex<ContinuousClock.Instant?>(nil)
    private let versions: [String: [Int64]]
    private let labels: [String: Int64]

    init(versions: [String: [Int64]] = ["half_plus_two": [1]], labels: [String: Int64] = [:]) {
        self.versions = versions
        self.labels = labels
        for (name, numbers) in versions {
            for number in numbers {
                let id = ServableID(name: name, version: number)
                let since = Timestamp(microsecondsSinceEpoch: 0)
                board.set(ServableStatus(id: id, state: .available, since: since, path: "/models/\(name)/\(number)"))
            }
            board.setLabels(labels, of: name)
        }
        board.setWanted(versions.mapValues { _ in nil }, generalProblem: nil)
    }

    private struct Parked: Sendable {
        let request: (any AbandonableRequest)?
        let completion: @Sendable (Result<[Tensor], ServableError>) -> Void
    }

    var parkedCount: Int { parked.withLock { $0.count } }
    /// How many clients of parked predictions have left.
    var abandonedCount: Int { parked.withLock { $0.count { $0.request?.isAbandoned == true } } }

    func park(
        _ request: (any AbandonableRequest)?, _ completion: @escaping @Sendable (Result<[Tensor], ServableError>) -> Void
    ) {
        parked.withLock { $0.append(Parked(request: request, completion: completion)) }
    }

    /// Answers what is parked, as a queue does whose clients may have left.
    func answerParked() {
        let all = parked.withLock { parked in
            defer { parked = [] }
            return parked
        }
        for each in all where each.request?.isAbandoned == true {
            each.completion(.failure(ServableError(.cancelled, "the client left")))
        }
        for each in all where each.request?.isAbandoned != true {
            each.completion(.success([Tensor([1] as [Float], shape: [1])]))
        }
    }

    func target(model: String?, selector: VersionSelector) throws(ServableError) -> any PredictionTargeting {
        guard let name = model ?? (versions.count == 1 ? versions.keys.first : nil) else {
            throw ServableError(.invalidArgument, "the request names no model")
        }
        let numbers = versions[name] ?? []
        let wanted: Int64?
        switch selector {
        case .latest: wanted = numbers.max()
        case .version(let number): wanted = numbers.contains(number) ? number : nil
        case .label(let label):
            guard let number = labels[label] else {
                throw ServableError(.invalidArgument, "Unrecognized servable version label: \(label)")
            }
            wanted = number
        }
        guard let wanted else { throw ServableError(.notFound, "Servable not found for request: Latest(\(name))") }
        return FakeTarget(id: ServableID(name: name, version: wanted), backend: self)
    }
}

private struct FakeTarget: PredictionTargeting {
    let id: ServableID
    let backend: FakeBackend

    var signatures: [Signature] {
        let half = Signature.Parameter(
            name: "x", valueName: "x:0", type: TensorType(.float32, SymbolicShape([.unknown, .known(3)])))
        let result = Signature.Parameter(name: "y", valueName: "y:0", type: TensorType(.float32, nil))
        let text = Signature.Parameter(name: "s", valueName: "s:0", type: TensorType(.string, SymbolicShape([])))
        return [
            Signature(name: Signature.defaultName, inputs: [half], outputs: [result]),
            Signature(name: "text", inputs: [text], outputs: [result]),
        ]
    }

    func signature(_ name: String?) throws(ServableError) -> Signature {
        let wanted = name.flatMap { $0.isEmpty ? nil : $0 } ?? Signature.defaultName
        guard let signature = signatures.first(where: { $0.name == wanted }) else {
            throw ServableError(.invalidArgument, "Serving signature name: \"\(wanted)\" not found in signature def")
        }
        return signature
    }

    func predict(
        _ signature: Signature, inputs: [Tensor], deadline: ContinuousClock.Instant?, request: (any AbandonableRequest)?,
        completion: @escaping @Sendable (Result<[Tensor], ServableError>) -> Void
    ) {
        backend.lastDeadline.withLock { $0 = deadline }
        if backend.parks.withLock({ $0 }) { return backend.park(request, completion) }
        if let refusal = backend.refusal.withLock({ $0 }) { return completion(.failure(refusal)) }
        let values = inputs[0].values(Float.self).map { $0 / 2 + 2 }
        let output = Tensor(values, shape: inputs[0].shape)
        let isHeld = backend.held.withLock { held in
            held?.append { completion(.success([output])) }
            return held != nil
        }
        if isHeld { return }
        // From another thread, as the real one does.
        Task.detached { completion(.success([output])) }
    }
}

/// Answers with what it was asked.
struct FakeRegistry: RegistryReader {
    func models() async throws -> [UInt8] { Array("{\"models\":[]}".utf8) }

    func model(_ name: String) async throws -> [UInt8] {
        guard name != "unknown" else { throw ServableError(.notFound, "no model \"unknown\" was ever seen") }
        return Array("{\"name\":\"\(name)\"}".utf8)
    }

    func version(_ version: Int64, of model: String) async throws -> [UInt8] {
        struct Broken: Error {}
        guard version != 13 else { throw Broken() }
        return Array("{\"name\":\"\(model)\",\"version\":\(version)}".utf8)
    }

    func events(_ filter: RegistryEventFilter) async throws -> [UInt8] {
        Array("{\"model\":\"\(filter.model ?? "-")\",\"after\":\(filter.after),\"limit\":\(filter.limit ?? -1)}".utf8)
    }
}

/// Remembers what it was told.
final class FakeObserver: RequestObserver {
    let requests = Mutex<[FinishedRequest]>([])
    func finished(_ request: FinishedRequest) { requests.withLock { $0.append(request) } }
}
