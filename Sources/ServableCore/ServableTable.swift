import Synchronization

/// The versions that requests find, and the labels that point to them.
///
/// Readers copy one reference under a mutex and look into an immutable snapshot; a change builds a new snapshot and swaps
/// the reference. Safe from every thread.
package final class ServableTable: Sendable {
    private let current = Mutex(Snapshot(models: [:]))

    package init() {}

    /// The handle of what a request is for. The texts of misses are TensorFlow Serving's.
    package func handle(_ name: String, _ selector: VersionSelector) throws(ServableError) -> ServableHandle {
        let model = snapshot.models[name]
        switch selector {
        case .latest:
            guard let handle = model?.latest else { throw Self.missing("Latest(\(name))") }
            handle.noteUse()
            return handle
        case .version(let version):
            return try Self.handle(of: version, in: model, name: name)
        case .label(let label):
            guard let version = model?.labels[label] else {
                throw ServableError(.invalidArgument, "Unrecognized servable version label: \(label)")
            }
            return try Self.handle(of: version, in: model, name: name)
        }
    }

    /// Models with at least one available version, ascending.
    package var names: [String] {
        snapshot.models.filter { $0.value.latest != nil }.keys.sorted()
    }

    /// The name of the only model with an available version; nil when there is none or more than one.
    package var onlyName: String? {
        var found: String?
        for (name, model) in snapshot.models where model.latest != nil {
            guard found == nil else { return nil }
            found = name
        }
        return found
    }

    /// Available versions of a model, ascending.
    package func versions(of name: String) -> [Int64] {
        snapshot.models[name]?.handles.keys.sorted() ?? []
    }

    /// The version that a label points to, available or not; nil when there is no such label.
    package func version(of name: String, label: String) -> Int64? { snapshot.models[name]?.labels[label] }

    /// When a request last took the version: a later one has a larger number; 0 when that is not known.
    func lastUse(of id: ServableID) -> UInt64 { snapshot.models[id.name]?.handles[id.version]?.lastUse ?? 0 }

    /// Puts a version in, in the place of what was loaded for it before.
    package func publish(_ handle: ServableHandle) {
        var replaced: ServableHandle?
        change(handle.id.name) { handles, _ in replaced = handles.updateValue(handle, forKey: handle.id.version) }
        letGo(replaced)
    }

    /// Takes a version out, so that no further request finds it, and lets it know.
    package func withdraw(_ id: ServableID) {
        var withdrawn: ServableHandle?
        change(id.name) { handles, _ in withdrawn = handles.removeValue(forKey: id.version) }
        letGo(withdrawn)
    }

    private func letGo(_ handle: ServableHandle?) {
        guard let handle else { return }
        defer { withExtendedLifetime(handle) {} }
        handle.servable.willUnload()
    }

    package func setLabels(_ labels: [String: Int64], of name: String) {
        change(name) { _, current in current = labels }
    }

    private var snapshot: Snapshot { current.withLock { $0 } }

    private static func handle(of version: Int64, in model: Model?, name: String) throws(ServableError) -> ServableHandle {
        guard let handle = model?.handles[version] else { throw missing("Specific(\(name), \(version))") }
        handle.noteUse()
        return handle
    }

    private static func missing(_ what: String) -> ServableError {
        ServableError(.notFound, "Servable not found for request: \(what)")
    }

    private func change(_ name: String, _ edit: (inout [Int64: ServableHandle], inout [String: Int64]) -> Void) {
        // The old snapshot is let go after the lock: freeing it may end a version.
        let old = current.withLock { snapshot in
            var models = snapshot.models
            var handles = models[name]?.handles ?? [:]
            var labels = models[name]?.labels ?? [:]
            edit(&handles, &labels)
            let model = Model(handles: handles, labels: labels)
            models[name] = model.isEmpty ? nil : model
            let old = snapshot
            snapshot = Snapshot(models: models)
            return old
        }
        withExtendedLifetime(old) {}
    }

    private final class Snapshot: Sendable {
        let models: [String: Model]

        init(models: [String: Model]) {
            self.models = models
        }
    }

    /// A class, so that looking one up costs one reference.
    private final class Model: Sendable {
        let handles: [Int64: ServableHandle]
        let labels: [String: Int64]
        let latest: ServableHandle?

        init(handles: [Int64: ServableHandle] = [:], labels: [String: Int64] = [:]) {
            self.handles = handles
            self.labels = labels
            latest = handles.max { $0.key < $1.key }?.value
        }

        var isEmpty: Bool { handles.isEmpty && labels.isEmpty }
    }
}
