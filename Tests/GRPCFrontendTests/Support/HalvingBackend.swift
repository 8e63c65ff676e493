import GraphIR
import ModelServing
import ServableCore
import Synchronization
import Tensors

/// Serves "half" with two versions, which compute y = x / 2 + version, and "texts", which returns strings as they come.
final class HalvingBackend: PredictionBackend {
    let board = StatusBoard()
    /// Whether predictions wait for `answerParked`.
    let parks = Mutex(false)
    private let parked = Mutex<[(request: (any AbandonableRequest)?, answer: @Sendable () -> Void)]>([])

    static let versions: [String: [Int64]] = ["half": [1, 2], "texts": [1]]

    init() {
        for (name, numbers) in Self.versions {
            for number in numbers {
                board.set(
                    ServableStatus(
                        id: ServableID(name: name, version: number), state: .available, since: Timestamp(microsecondsSinceEpoch: 0),
                        path: "/models/\(name)/\(number)"))
            }
        }
        board.setWanted(Self.versions.mapValues { WantedModel(versions: Set($0)) })
    }

    var parkedCount: Int { parked.withLock { $0.count } }
    /// Calls that wait and whose clients have left.
    var abandonedCount: Int { parked.withLock { $0.count { $0.request?.isAbandoned == true } } }

    func answerParked() {
        for each in parked.withLock({ parked in
            defer { parked = [] }
            return parked
        }) { each.answer() }
    }

    fileprivate func answer(_ request: (any AbandonableRequest)?, _ answer: @escaping @Sendable () -> Void) {
        if parks.withLock({ $0 }) { parked.withLock { $0.append((request, answer)) } } else { answer() }
    }

    func target(model: String?, selector: VersionSelector) throws(ServableError) -> PredictionTarget {
        let name = model ?? "", numbers = Self.versions[name] ?? []
        let wanted: Int64?
        switch selector {
        case .latest: wanted = numbers.max()
        case .version(let number): wanted = numbers.contains(number) ? number : nil
        case .label(let label): throw ServableError(.invalidArgument, "Unrecognized servable version label: \(label)")
        }
        guard let wanted else { throw ServableError(.notFound, "Servable not found for request: Latest(\(name))") }
        return PredictionTarget(model: HalvingModel(ServableID(name: name, version: wanted), self))
    }
}

private final class HalvingModel: PredictingModel {
    let id: ServableID
    private let backend: HalvingBackend

    init(_ id: ServableID, _ backend: HalvingBackend) {
        self.id = id
        self.backend = backend
    }

    var signatures: [Signature] {
        let type = TensorType(id.name == "texts" ? .string : .float32, SymbolicShape([.unknown]))
        return [
            Signature(
                name: Signature.defaultName, inputs: [Signature.Parameter(name: "x", valueName: "x:0", type: type)],
                outputs: [Signature.Parameter(name: "y", valueName: "y:0", type: type)])
        ]
    }

    func runner(_ name: String?) -> (any SignatureRunning)? {
        signatures.first { $0.name == name ?? Signature.defaultName }.map { HalvingRunner(id, backend, $0) }
    }
}

private final class HalvingRunner: SignatureRunning {
    let meter: (any SignatureMeter)? = nil
    let isFiltered = false
    let id: ServableID
    let name: String
    let inputs: [Signature.Parameter]
    let outputs: [Signature.Parameter]
    private let backend: HalvingBackend

    init(_ id: ServableID, _ backend: HalvingBackend, _ signature: Signature) {
        self.id = id
        self.backend = backend
        (name, inputs, outputs) = (signature.name, signature.inputs, signature.outputs)
    }

    func filtered(outputs names: [String]) throws(ServableError) -> any SignatureRunning {
        guard names == ["y"] else { throw ServableError(.invalidArgument, "output tensor alias not found in signature: \(names[0])") }
        return self
    }

    func run(_ call: consuming PredictCall, handle: ServableHandle?, reply: any PredictReply) {
        let values = call.inputs.values, id = id
        backend.answer(call.request) {
            switch values[0] {
            case .tensor(let tensor) where tensor.elementType == .float32:
                let result = Tensor(tensor.values(Float.self).map { $0 / 2 + Float(id.version) }, shape: tensor.shape)
                withExtendedLifetime(result) { reply.succeed(CallOutputs([.tensor(result)])) }
            case .strings(let strings): reply.succeed(CallOutputs([.strings(strings)]))
            case let other: reply.fail(ServableError(.invalidArgument, "input \"x\" is \(other.kind), expected float32"))
            }
        }
    }
}

/// Remembers the records of calls.
final class CallList: CallObserver {
    let calls = Mutex<[(record: CallRecord, outcome: CallOutcome)]>([])

    func finished(_ record: CallRecord, _ outcome: CallOutcome) { calls.withLock { $0.append((record, outcome)) } }
}
