import GraphIR
import Synchronization
import Tensors

/// Keeps in memory those contents of a model's files that something reads.
///
/// A constant that every kernel holds in a prepared form need not be kept beside it: its pages are given back, and read from the
/// file again should a later plan ask for another form.
final class ConstantResidency: ConstantAccess {
    private struct State {
        /// Storages whose bytes plans or dynamic steps read as they are.
        var raw: Set<ObjectIdentifier> = []
        /// Storages that some kernel has in a form of its own.
        var prepared: Set<ObjectIdentifier> = []
        /// Storages whose pages were given back.
        var discarded: Set<ObjectIdentifier> = []
        /// Storages whose bytes somebody reads right now, and how many do.
        var readers: [ObjectIdentifier: Int] = [:]
        /// Bytes of the files' contents, and of what follows from them, that are charged.
        var charged = 0
        /// Contents that passes have derived, so that engines which derive the same share them.
        var derived: [DerivedContents: Tensor] = [:]
    }

    private let allowance: MemoryAllowance
    /// Held while contents are brought back or given back; what has readers is not given back.
    private let state = Mutex(State())

    init(allowance: MemoryAllowance) { self.allowance = allowance }

    deinit { allowance.credit(state.withLock { $0.charged }) }

    func charge(contents byteCount: Int) throws(MemoryRefusal) {
        try allowance.charge(byteCount)
        state.withLock { $0.charged += byteCount }
    }

    /// Charges what passes have derived for `graph`, and puts what other engines have in place of what is the same.
    func adopt(_ graph: inout Graph) throws(MemoryRefusal) {
        for index in graph.values.indices {
            guard let constant = graph.values[index].fact.constant, case .derived(let contents) = constant.storage.origin else { continue }
            graph.values[index].fact.constant = try adopted(constant, contents)
        }
        for node in graph.nodes.indices {
            for subgraph in graph.nodes[node].subgraphs.indices { try adopt(&graph.nodes[node].subgraphs[subgraph].graph) }
        }
    }

    private func adopted(_ constant: Tensor, _ contents: DerivedContents) throws(MemoryRefusal) -> Tensor {
        try state.withLock { state throws(MemoryRefusal) in
            if let known = state.derived[contents] { return known }
            try allowance.charge(constant.storage.byteCount)
            state.charged += constant.storage.byteCount
            state.derived[contents] = constant
            return constant
        }
    }

    /// Notes that the bytes of `constant` are read as they are from now on, and brings them back when they were given back.
    func willRead(_ constant: Tensor) throws(OperatorError) {
        guard constant.storage.origin != nil else { return }
        try state.withLock { state throws(OperatorError) in
            state.raw.insert(ObjectIdentifier(constant.storage))
            try restore(constant, &state)
        }
    }

    /// Notes that some kernel has `constant` in a form of its own.
    func notePrepared(_ constant: Tensor) {
        guard constant.storage.origin != nil else { return }
        state.withLock { _ = $0.prepared.insert(ObjectIdentifier(constant.storage)) }
    }

    func withContents<Result>(
        of constant: Tensor, _ body: () throws(OperatorError) -> Result
    ) throws(OperatorError) -> Result {
        guard constant.storage.origin != nil else { return try body() }
        let key = ObjectIdentifier(constant.storage)
        try state.withLock { state throws(OperatorError) in
            try restore(constant, &state)
            state.readers[key, default: 0] += 1
        }
        defer {
            state.withLock { state in
                state.readers[key] = state.readers[key].flatMap { $0 > 1 ? $0 - 1 : nil }
            }
        }
        return try body()
    }

    /// Gives back whatever of the constants' files no tensor looks at, those of `constants` that are prepared and nowhere read, and
    /// what others follow from that is none of `constants`.
    func release(constants: [Tensor]) {
        state.withLock { state in
            var kept = 0
            var files: [ObjectIdentifier: (file: FileContents, unread: [TensorStorage])] = [:]
            var storages = Dictionary(constants.map { (ObjectIdentifier($0.storage), $0.storage) }) { first, _ in first }
            let sources = Self.sources(of: Array(storages.values)).filter { storages[$0.key] == nil }
            storages.merge(sources) { constant, _ in constant }
            for (key, storage) in storages where !storage.isCharged {
                let isUseless = sources[key] != nil || state.prepared.contains(key)
                let isUnread = storage.origin != nil && isUseless && !state.raw.contains(key) && state.readers[key] == nil
                if let file = storage.file {
                    files[ObjectIdentifier(file), default: (file, [])].unread += isUnread ? [storage] : []
                    if isUnread { state.discarded.insert(key) }
                } else if isUnread, unsafe storage.discard() {
                    state.discarded.insert(key)
                } else {
                    kept += storage.byteCount
                }
            }
            kept += files.values.reduce(0) { unsafe $0 + $1.file.discard(unread: $1.unread) }
            if state.charged > kept {
                allowance.credit(state.charged - kept)
                state.charged = kept
            }
        }
    }

    /// What the contents of `storages` follow from.
    private static func sources(of storages: [TensorStorage]) -> [ObjectIdentifier: TensorStorage] {
        var sources: [ObjectIdentifier: TensorStorage] = [:]
        for var storage in storages {
            while case .derived(let contents) = storage.origin {
                storage = contents.source.storage
                sources[ObjectIdentifier(storage)] = storage
            }
        }
        return sources
    }

    private func restore(_ constant: Tensor, _ state: inout State) throws(OperatorError) {
        let storage = constant.storage
        guard state.discarded.contains(ObjectIdentifier(storage)) else { return }
        if case .derived(let contents) = storage.origin { try restore(contents.source, &state) }
        do { try allowance.charge(storage.byteCount) } catch { throw .memory(error) }
        do {
            try storage.restore()
        } catch {
            allowance.credit(storage.byteCount)
            throw .unavailable("needs a constant that must be read again: \(error); load the version anew")
        }
        state.charged += storage.byteCount
        state.discarded.remove(ObjectIdentifier(storage))
    }
}
