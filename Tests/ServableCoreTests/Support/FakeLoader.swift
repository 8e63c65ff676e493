import Dispatch
import ServableCore
import Synchronization

/// A servable that counts itself while it lives.
final class FakeServable: Servable {
    let id: ServableID
    private let census: Census
    private let facts: @Sendable () throws -> ServableDescription?

    init(id: ServableID, census: Census, facts: @escaping @Sendable () throws -> ServableDescription? = { nil }) {
        self.id = id
        self.census = census
        self.facts = facts
        census.add(1)
    }

    deinit { census.add(-1) }

    var memoryByteCount: Int { 100 }
    func describe() throws -> ServableDescription? { try facts() }
}

/// How many servables are in memory.
final class Census: Sendable {
    private let counts = Mutex((living: 0, most: 0))

    var living: Int { counts.withLock { $0.living } }
    var most: Int { counts.withLock { $0.most } }

    func add(_ count: Int) {
        counts.withLock {
            $0.living += count
            $0.most = max($0.most, $0.living)
        }
    }
}

/// Closed until opened; who waits goes on then.
final class Gate: Sendable {
    private let state = Mutex((isOpen: false, waiting: [CheckedContinuation<Void, Never>]()))

    func pass() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.waiting.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }

    func open() {
        let waiting = state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}

/// Loads each version as the test has set.
final class FakeLoader: ServableLoader {
    enum Behaviour: Sendable {
        case succeed
        case fail(any Error)
        /// Fails so many times, then succeeds.
        case failFirst(Int, ServableError)
        case waitAtGate(Gate)
        /// Waits at the gate, then throws if the load was cancelled meanwhile.
        case waitAtGateCancellably(Gate)
        /// Blocks the thread itself.
        case blockThread(DispatchSemaphore)
        case act(@Sendable () -> Void)
        /// Charges so many bytes, and fails if they are refused.
        case charge(Int)
    }

    struct State: Sendable {
        var behaviours: [ServableID: Behaviour] = [:]
        var tries: [ServableID: Int] = [:]
        var running = 0
        var mostRunning = 0
        var order: [ServableID] = []
    }

    let census = Census()
    let facts: @Sendable () throws -> ServableDescription?
    let estimate: Int
    private let state = Mutex(State())

    init(facts: @escaping @Sendable () throws -> ServableDescription? = { nil }, estimate: Int = 100) {
        self.facts = facts
        self.estimate = estimate
    }

    func set(_ behaviour: Behaviour, for name: String, _ version: Int64) {
        state.withLock { $0.behaviours[ServableID(name: name, version: version)] = behaviour }
    }

    func tries(_ name: String, _ version: Int64) -> Int {
        state.withLock { $0.tries[ServableID(name: name, version: version)] ?? 0 }
    }

    var order: [ServableID] { state.withLock { $0.order } }
    var mostRunning: Int { state.withLock { $0.mostRunning } }

    func estimatedMemory(of id: ServableID, path: String) throws -> Int { estimate }

    func load(_ id: ServableID, path: String, memory: Reservation) async throws -> any Servable {
        let (behaviour, count) = state.withLock { state in
            state.tries[id, default: 0] += 1
            state.running += 1
            state.mostRunning = max(state.mostRunning, state.running)
            state.order.append(id)
            return (state.behaviours[id] ?? .succeed, state.tries[id] ?? 0)
        }
        defer { state.withLock { $0.running -= 1 } }
        switch behaviour {
        case .succeed: break
        case .fail(let error): throw error
        case .failFirst(let failures, let error): if count <= failures { throw error }
        case .waitAtGate(let gate): await gate.pass()
        case .waitAtGateCancellably(let gate):
            await gate.pass()
            try Task.checkCancellation()
        case .blockThread(let semaphore): Self.block(on: semaphore)
        case .act(let action): action()
        case .charge(let byteCount):
            if let available = memory.charge(byteCount) { throw memory.refusal(of: byteCount, available: available) }
        }
        return FakeServable(id: id, census: census, facts: facts)
    }

    private static func block(on semaphore: DispatchSemaphore) { semaphore.wait() }
}
