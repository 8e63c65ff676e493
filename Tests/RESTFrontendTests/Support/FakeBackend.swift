import GraphIR
import ModelServing
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
    /// Whether predictions, and refusals of them, are answered before the call returns.
    let answersAtOnce = Mutex(false)
    /// The timeout of the last prediction; nil before there was one.
    let lastTimeout = Mutex<Duration??>(nil)
    /// The priority of the last prediction, and whether its client has chosen its timeout.
    let lastUrgency = Mutex<(priority: CallPriority, isTimeoutOfClient: Bool)?>(nil)
    /// Whether answers are infinite.
    let answersInfinity = Mutex(false)
    /// Whether answers are sequences, of the tensor that they would be otherwise.
    let answersSequence = Mutex(false)
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
        board.setWanted(versions.mapValues { WantedModel(versions: Set($0)) })
    }

    private struct Parked: Sendable {
        let request: (any AbandonableRequest)?
        let reply: any PredictReply
    }

    var parkedCount: Int { parked.withLock { $0.count } }
    /// How many clients of parked predictions have left.
    var abandonedCount: Int { parked.withLock { $0.count { $0.request?.isAbandoned == true } } }

    fileprivate func park(_ request: (any AbandonableRequest)?, _ reply: any PredictReply) {
        parked.withLock { $0.append(Parked(request: request, reply: reply)) }
    }

    /// Answers what is parked, as a queue does whose clients may have left.
    func answerParked() {
        let all = parked.withLock { parked in
            defer { parked = [] }
            return parked
        }
        for each in all where each.request?.isAbandoned == true {
            each.reply.fail(ServableError(.cancelled, "the client left"))
        }
        for each in all where each.request?.isAbandoned != true { each.reply.succeed([Tensor([1] as [Float], shape: [1])]) }
    }

    func version(of model: String, _ selector: VersionSelector) -> Int64? {
        switch selector {
        case .latest: nil
        case .version(let version): version
        case .label(let label): labels[label]
        }
    }

    func target(model: String?, selector: VersionSelector) throws(ServableError) -> PredictionTarget {
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
        let id = ServableID(name: name, version: wanted)
        return PredictionTarget(model: FakeModel(id, self))
    }
}

private final class FakeModel: PredictingModel {
    let id: ServableID
    private let backend: FakeBackend

    init(_ id: ServableID, _ backend: FakeBackend) {
        self.id = id
        self.backend = backend
    }

    var signatures: [Signature] {
        let half = Signature.Parameter(
            name: "x", valueName: "x:0", type: TensorType(.float32, SymbolicShape([.unknown, .known(3)])))
        let result = Signature.Parameter(name: "y", valueName: "y:0", type: TensorType(.float32, nil))
        let text = Signature.Parameter(name: "s", valueName: "s:0", type: TensorType(.string, SymbolicShape([])))
        let picture = Signature.Parameter(
            name: "image", valueName: "i:0", type: TensorType(.float32, SymbolicShape([.unknown, .unknown, .unknown, .known(3)])))
        return [
            Signature(name: Signature.defaultName, inputs: [half], outputs: [result]),
            Signature(name: "picture", inputs: [picture], outputs: [result]),
            Signature(name: "pair", inputs: [half, picture], outputs: [result]),
            Signature(name: "text", inputs: [text], outputs: [result]),
        ]
    }

    func runner(_ name: String?) -> (any SignatureRunning)? {
        signatures.first { $0.name == name ?? Signature.defaultName }.map { FakeRunner(id, backend, $0) }
    }
}

private final class FakeRunner: SignatureRunning {
    let meter: (any SignatureMeter)? = nil
    let id: ServableID
    let name: String
    let inputs: [Signature.Parameter]
    let outputs: [Signature.Parameter]
    private let backend: FakeBackend

    init(_ id: ServableID, _ backend: FakeBackend, _ signature: Signature) {
        self.id = id
        self.backend = backend
        (name, inputs, outputs) = (signature.name, signature.inputs, signature.outputs)
    }

    let isFiltered = false

    func filtered(outputs names: [String]) throws(ServableError) -> any SignatureRunning {
        guard names == ["y"] else { throw ServableError(.invalidArgument, "output tensor alias not found in signature: \(names)") }
        return self
    }

    func run(_ call: consuming PredictCall, handle: ServableHandle?, reply: any PredictReply) {
        backend.lastUrgency.withLock { $0 = (call.priority, call.isTimeoutOfClient) }
        backend.lastTimeout.withLock { $0 = .some(call.timeout) }
        if backend.parks.withLock({ $0 }) { return backend.park(call.request, reply) }
        if let refusal = backend.refusal.withLock({ $0 }) { return finish { reply.fail(refusal) } }
        guard case .tensor(let input)? = call.inputs.values.first else {
            return reply.fail(ServableError(.unimplemented, "the fake computes numbers only"))
        }
        guard input.elementType == .float32 else {
            return reply.fail(ServableError(.invalidArgument, "input \"x\" is \(input.elementType), expected float32"))
        }
        let isInfinite = backend.answersInfinity.withLock { $0 }
        let output = Tensor(input.values(Float.self).map { isInfinite ? -.infinity : $0 / 2 + 2 }, shape: input.shape)
        if backend.answersSequence.withLock({ $0 }) {
            return finish { reply.succeed(CallOutputs([RuntimeValue.sequence([.tensor(output)])])) }
        }
        let isHeld = backend.held.withLock { held in
            held?.append { reply.succeed([output]) }
            return held != nil
        }
        if !isHeld { finish { reply.succeed([output]) } }
    }

    /// In the call, as a cheap one is, or from another thread, as a lane does.
    private func finish(_ answer: @escaping @Sendable () -> Void) {
        if backend.answersAtOnce.withLock({ $0 }) { answer() } else { Task.detached { answer() } }
    }
}

extension PredictReply {
    fileprivate func succeed(_ outputs: [Tensor]) {
        withExtendedLifetime(outputs) { succeed(CallOutputs(outputs.map(RuntimeValue.tensor))) }
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
final class FakeObserver: CallObserver {
    let requests = Mutex<[(record: CallRecord, outcome: CallOutcome)]>([])

    func finished(_ record: CallRecord, _ outcome: CallOutcome) { requests.withLock { $0.append((record, outcome)) } }
}
