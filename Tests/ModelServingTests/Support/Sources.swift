import Batching
import CPlatform
import Dispatch
import Glibc
import GraphIR
import Inference
import Logging
import Operators
import ServableCore
import Synchronization
import Tensors

@testable import ModelServing

/// Small networks, written as source graphs.
enum Networks {
    static let rows = TensorType(.float32, SymbolicShape([.symbol("n"), .known(2)]))

    static func node(_ name: String, _ inputs: [String], _ output: String, _ attributes: [String: Attribute] = [:]) -> SourceNode {
        SourceNode(name: output, operatorName: name, version: 17, inputs: inputs, outputs: [output], attributes: attributes)
    }

    static func graph(
        _ nodes: [SourceNode], inputs: [(String, TensorType)] = [("x", rows)], output: String = "y",
        initializers: [(name: String, value: TensorValue)] = []
    ) -> SourceGraph {
        SourceGraph(
            name: "test", dialect: .onnx, inputs: inputs.map { SourceValue(name: $0.0, type: $0.1) },
            outputs: [SourceValue(name: output, type: nil as ValueType?)], initializers: initializers, nodes: nodes)
    }

    /// y = 2·x
    static let double = graph([node("Add", ["x", "x"], "y")])
    /// Softmax along the rows: each row's answer depends on the others.
    static let acrossRows = graph([node("Softmax", ["x"], "y", ["axis": .integer(0)])])
    /// One row, whatever comes in.
    static let summed = graph(
        [node("ReduceSum", ["x", "axes"], "y", ["keepdims": .integer(0)])],
        initializers: [("axes", .dense(Tensor([0] as [Int64], shape: [1])))])
    /// Looks rows of a table up; an index out of range is refused.
    static let lookup = graph(
        [node("Gather", ["table", "x"], "y")], inputs: [("x", TensorType(.int64, SymbolicShape([.symbol("n")])))],
        initializers: [("table", .dense(Tensor([10, 11, 20, 21, 30, 31] as [Float], shape: [3, 2])))])

    /// Runs as many rounds as the request says: as long as it likes.
    static let rounds: SourceGraph = {
        let body = SourceGraph(
            name: "body", dialect: .onnx,
            inputs: ["i", "c", "w"].map { SourceValue(name: $0, type: nil as ValueType?) },
            outputs: ["co", "wo"].map { SourceValue(name: $0, type: nil as ValueType?) },
            nodes: [node("Identity", ["c"], "co"), node("Add", ["w", "w"], "wo")])
        return graph(
            [node("Squeeze", ["x"], "n"), node("Loop", ["n", "", "k"], "y", ["body": .graph(body)])],
            inputs: [("x", TensorType(.int64, SymbolicShape([.known(1)])))],
            initializers: [("k", .dense(Tensor([Float](repeating: 1, count: 1 << 15), shape: [1 << 15])))])
    }()

    /// Values that a request chooses the number of.
    static let sized = graph(
        [node("ConstantOfShape", ["x"], "z"), node("ReduceSum", ["z"], "y", ["keepdims": .integer(0)])],
        inputs: [("x", TensorType(.int64, SymbolicShape([.known(1)])))])

    /// Two outputs: y = 2·x and z = -x.
    static let two: SourceGraph = {
        let nodes = [node("Add", ["x", "x"], "y"), node("Neg", ["x"], "z")]
        return SourceGraph(
            name: "two", dialect: .onnx, inputs: [SourceValue(name: "x", type: rows)],
            outputs: ["y", "z"].map { SourceValue(name: $0, type: nil as ValueType?) }, nodes: nodes)
    }()

    static func signature(_ graph: SourceGraph, output: TensorType = rows) -> Signature {
        Signature(
            name: Signature.defaultName,
            inputs: graph.inputs.map { Signature.Parameter(name: $0.name, valueName: $0.name, type: $0.type!) },
            outputs: graph.outputs.map { Signature.Parameter(name: $0.name, valueName: $0.name, type: output) })
    }

    static func engine(_ graph: SourceGraph) throws -> Engine {
        try Engine(graph, catalog: StandardOperators.catalog, passes: StandardOperators.passes)
    }
}

/// Runs one network behind a queue and lanes, as a served version does.
final class Bench: Sendable {
    let runner: SignatureRunner
    let lanes: LanePool
    private let handle: ServableHandle

    init(
        _ graph: SourceGraph, output: TensorType = Networks.rows, policy: BatchPolicy = .standard, sharing: BatchSharing = .shared,
        rowCost: Duration? = nil, lanes count: Int = 2, observer: (any InferenceObserver)? = nil
    ) throws {
        lanes = LanePool(laneCount: count, watchInterval: .milliseconds(2))
        let id = ServableID(name: "test", version: 1)
        runner = SignatureRunner(
            id: id, signature: Networks.signature(graph, output: output), engine: try Networks.engine(graph),
            settings: BatchingSettings(policy: policy), sharing: sharing, rowCost: rowCost, lanes: lanes, workspaces: WorkspacePool(),
            meter: observer?.meter(of: id, signature: Signature.defaultName), logger: Logger(label: "test"))
        handle = ServableHandle(id: id, servable: Nothing(), releaseThread: WorkThread(priority: .low), onRelease: {})
    }

    deinit { lanes.stop() }

    /// Whether the answer comes on the thread that asked.
    func answersAtOnce(_ inputs: [Tensor]) -> Bool {
        let caller = pthread_self()
        let group = DispatchGroup()
        group.enter()
        let box = Flag()
        submit(inputs) { _ in
            if pthread_equal(pthread_self(), caller) != 0 { box.isSet.store(true, ordering: .relaxed) }
            group.leave()
        }
        group.wait()
        return box.isSet.load(ordering: .relaxed)
    }

    func predict(
        _ inputs: [Tensor], timeout: Duration? = nil, isTimeoutOfClient: Bool = false, client: Client? = nil, outputs: [String] = []
    ) async -> PredictionResult {
        // Through a lock, since the thread sanitizer does not see what a continuation that is resumed at once orders.
        let results = Results()
        await withCheckedContinuation { continuation in
            submit(inputs, timeout: timeout, isTimeoutOfClient: isTimeoutOfClient, client: client, outputs: outputs) { result in
                results.all.withLock { $0[0] = result }
                continuation.resume()
            }
        }
        return results.all.withLock { $0[0] } ?? .failure(ServableError(.internal, "there is no result"))
    }

    /// Runs a call; `completion` gets copies of the outputs, on whatever thread has them.
    func submit(
        _ inputs: [Tensor], timeout: Duration? = nil, isTimeoutOfClient: Bool = false, priority: CallPriority = .high,
        client: Client? = nil, outputs: [String] = [], _ completion: @escaping @Sendable (PredictionResult) -> Void
    ) {
        let call = PredictCall(
            inputs: CallInputs(inputs.map(TensorValue.dense)), start: apus_monotonic_nanoseconds(), timeout: timeout,
            isTimeoutOfClient: isTimeoutOfClient, priority: priority, request: client)
        do {
            let runner = outputs.isEmpty ? runner : try runner.filtered(outputs: outputs)
            runner.run(call, handle: handle, reply: Completion(completion))
        } catch {
            completion(.failure(error))
        }
    }

    /// Keeps one lane until `body` has returned, and gives the results of what it submits, in the order given.
    func withBusyLane(_ body: (_ submit: (_ inputs: [Tensor], _ client: Client) -> Void) -> Void) -> [PredictionResult] {
        let isBusy = DispatchSemaphore(value: 0), mayGoOn = DispatchSemaphore(value: 0), group = DispatchGroup()
        submit([Tensor([1, 2] as [Float], shape: [1, 2])]) { _ in
            isBusy.signal()
            mayGoOn.wait()
        }
        isBusy.wait()
        let results = Results()
        var count = 0
        body { inputs, client in
            let index = count
            count += 1
            group.enter()
            submit(inputs, client: client) { result in
                results.all.withLock { $0[index] = result }
                group.leave()
            }
        }
        mayGoOn.signal()
        group.wait()
        return results.all.withLock { all in all.sorted { $0.key < $1.key }.map(\.value) }
    }
}

/// How a prediction ends: copies of the dense outputs, or why there are none.
typealias PredictionResult = Result<[Tensor], ServableError>

/// Hands copies of the outputs on.
final class Completion: PredictReply {
    private let completion: @Sendable (PredictionResult) -> Void

    init(_ completion: @escaping @Sendable (PredictionResult) -> Void) { self.completion = completion }

    func succeed(_ outputs: CallOutputs) {
        do {
            completion(
                .success(
                    try outputs.copies().map { value in
                        guard case .tensor(let tensor) = value else { throw ServableError(.internal, "an output is \(value.kind)") }
                        return tensor
                    }))
        } catch {
            completion(.failure(ServableError(wrapping: error)))
        }
    }

    func fail(_ error: ServableError) { completion(.failure(error)) }
}

/// Who asked for a prediction, until the test lets them leave.
final class Client: AbandonableRequest {
    private let hasLeft = Atomic(false)
    var isAbandoned: Bool { hasLeft.load(ordering: .relaxed) }
    func leave() { hasLeft.store(true, ordering: .relaxed) }
}

private final class Results: Sendable {
    let all = Mutex<[Int: PredictionResult]>([:])
}

private final class Flag: Sendable {
    let isSet = Atomic(false)
}

private final class Nothing: Servable {
    let memoryByteCount = 0
}
