import Batching
import Inference
import ModelServing
import ServableCore
import Synchronization
import Tensors
import Testing

@Suite struct SignatureRunnerTests {
    private final class Observer: InferenceObserver, SignatureMeter {
        let rows = Mutex<[Int]>([])
        func meter(of id: ServableID, signature: String) -> any SignatureMeter { self }
        let executed = Mutex<[Int]>([])
        let waits = Mutex<[Int64]>([])
        func took(rowCount: Int, inputCount: Int, waited nanoseconds: Int64) { waits.withLock { $0.append(nanoseconds) } }
        func ran(_ batch: BatchRun) {
            rows.withLock { $0.append(batch.rowCount) }
            executed.withLock { $0.append(batch.executedRowCount) }
        }
        func wrote(nanoseconds: Int64) {}
        func warmedUp(path: String, error: ServableError?, nanoseconds: Int64) {}
        func finished(_ record: CallRecord, _ outcome: CallOutcome) {}
        func failedToSplit() { unsplit.add(1, ordering: .relaxed) }
        let unsplit = Atomic(0)
    }

    private static func rows(_ count: Int, startingAt value: Float) -> Tensor {
        Tensor((0..<count * 2).map { value + Float($0) }, shape: [count, 2])
    }

    @Test("each of many requests at once gets its own rows back", arguments: [true, false])
    func ownRows(sharesBatches: Bool) async throws {
        let observer = Observer()
        let bench = try Bench(Networks.double, sharing: sharesBatches ? .shared : .alone("switched off"), observer: observer)
        let total = await withTaskGroup(of: Int.self) { group in
            for index in 0..<400 {
                group.addTask {
                    let input = Self.rows(index % 5 + 1, startingAt: Float(index * 100))
                    guard case .success(let outputs) = await bench.predict([input]) else { return 0 }
                    let isRight =
                        outputs[0].shape == input.shape && outputs[0].values(Float.self) == input.values(Float.self).map { $0 * 2 }
                    return isRight ? 1 : 0
                }
            }
            return await group.reduce(0, +)
        }
        #expect(total == 400)
        let batches = observer.rows.withLock { $0 }
        #expect(sharesBatches ? batches.reduce(0, +) == 1200 : batches.count == 400)
    }

    @Test("contents that the model refuses fail their own request only")
    func isolatesFailures() async throws {
        let bench = try Bench(Networks.lookup, policy: BatchPolicy(maxBatchSize: 8, timeout: .milliseconds(5)), lanes: 1)
        let results = await withTaskGroup(of: (Int64, PredictionResult).self) { group in
            for index: Int64 in 0..<8 {
                group.addTask { (index, await bench.predict([Tensor([index], shape: [1])])) }
            }
            return await group.reduce(into: [Int64: PredictionResult]()) { $0[$1.0] = $1.1 }
        }
        for (index, result) in results {
            switch result {
            case .success(let outputs):
                #expect(index < 3 && outputs[0].values(Float.self) == [Float(index) * 10 + 10, Float(index) * 10 + 11])
            case .failure(let error):
                #expect(index >= 3 && error.code == .invalidArgument && error.message.contains("\(index)"), "\(error)")
            }
        }
    }

    struct Refusal: CustomTestStringConvertible {
        var name: String
        var inputs: [Tensor]
        var message: String
        var testDescription: String { name }
    }

    @Test(
        "refuses inputs that are not the signature's and names what was expected",
        arguments: [
            Refusal(name: "no input", inputs: [], message: "has 1 inputs, 0 were given"),
            Refusal(
                name: "another type", inputs: [Tensor([1, 2] as [Int32], shape: [1, 2])], message: "input \"x\" is int32, expected float32"),
            Refusal(
                name: "another width", inputs: [Tensor([1, 2, 3] as [Float], shape: [1, 3])],
                message: "input \"x\" has shape [1,3], expected float32[n,2]"),
            Refusal(name: "another rank", inputs: [Tensor([1, 2] as [Float], shape: [2])], message: "input \"x\" has shape [2]"),
        ])
    func refuses(_ refusal: Refusal) async throws {
        let bench = try Bench(Networks.double)
        let result = await bench.predict(refusal.inputs)
        #expect(throws: ServableError.self) { try result.get() }
        if case .failure(let error) = result {
            #expect(error.code == .invalidArgument && error.message.contains(refusal.message), "\(error)")
        }
    }

    @Test("a request whose time is over is answered without being run")
    func deadline() async throws {
        let bench = try Bench(Networks.double)
        guard case .failure(let error) = await bench.predict([Self.rows(1, startingAt: 0)], timeout: .zero) else {
            Issue.record("was run")
            return
        }
        #expect(error == ServableError(.resourceExhausted, "Run() timeout exceeded while waiting in batching queue"))
        guard case .failure(let own) = await bench.predict([Self.rows(1, startingAt: 0)], timeout: .zero, isTimeoutOfClient: true) else {
            Issue.record("was run")
            return
        }
        #expect(own.code == .deadlineExceeded, "the client knows of the time that it has set itself")
    }

    @Test("a request whose client has left before its turn is cancelled, and neither runs nor delays the others")
    func abandoned() throws {
        let observer = Observer()
        let bench = try Bench(Networks.double, lanes: 1, observer: observer)
        let results = bench.withBusyLane { submit in
            let clients = (0..<4).map { _ in Client() }
            for (index, client) in clients.enumerated() { submit([Self.rows(index + 1, startingAt: 0)], client) }
            clients[0].leave()
            clients[2].leave()
        }
        let cancelled = ServableError(.cancelled, "the client closed its connection before its request's turn")
        for (index, result) in results.enumerated() {
            switch result {
            case .success(let outputs): #expect(index % 2 == 1 && outputs[0].shape == [index + 1, 2])
            case .failure(let error): #expect(index % 2 == 0 && error == cancelled)
            }
        }
        #expect(results.count == 4)
        // One row kept the lane; two and four rows ran, together.
        #expect(observer.rows.withLock { $0 } == [1, 6])
    }

    @Test("a cheap request runs on its caller's thread once its plan exists, an expensive one on a lane")
    func inline() async throws {
        let cheap = try Bench(Networks.double, rowCost: .nanoseconds(10)), expensive = try Bench(Networks.double, rowCost: .seconds(1))
        for bench in [cheap, expensive] { _ = await bench.predict([Self.rows(2, startingAt: 0)]) }
        #expect(cheap.answersAtOnce([Self.rows(2, startingAt: 5)]))
        #expect(!expensive.answersAtOnce([Self.rows(2, startingAt: 5)]))
        #expect(!cheap.answersAtOnce([Self.rows(3, startingAt: 5)]), "no plan for three rows exists yet")
    }

    @Test("padding rows never show in an answer")
    func padding() async throws {
        let bench = try Bench(Networks.double, policy: BatchPolicy(maxBatchSize: 8, allowedSizes: [8]))
        let input = Self.rows(3, startingAt: 1)
        let outputs = try await bench.predict([input]).get()
        #expect(outputs[0].values(Float.self) == input.values(Float.self).map { $0 * 2 })
    }

    @Test("a request without rows is answered without rows")
    func noRows() async throws {
        let outputs = try await Bench(Networks.double).predict([Tensor([] as [Float], shape: [0, 2])]).get()
        #expect(outputs[0].shape == [0, 2])
    }

    /// The signature was declared to keep rows apart, and does not.
    @Test("a batch that cannot be taken apart is counted once, answered request by request, and ends sharing")
    func unsplittable() async throws {
        let observer = Observer()
        let bench = try Bench(
            Networks.summed, output: TensorType(.float32, SymbolicShape([.known(2)])),
            policy: BatchPolicy(maxBatchSize: 8, timeout: .milliseconds(5)), lanes: 1, observer: observer)
        let results = await withTaskGroup(of: PredictionResult.self) { group in
            for index in 0..<4 { group.addTask { await bench.predict([Self.rows(1, startingAt: Float(index))]) } }
            return await group.reduce(into: []) { $0.append($1) }
        }
        for result in results { #expect(try result.get()[0].shape == [2]) }
        // Rows that mix are found out before they run together, so that nothing had to be taken apart.
        #expect(observer.unsplit.load(ordering: .relaxed) == 0 && observer.rows.withLock { $0 } == [1, 1, 1, 1])
    }
}
