import Synchronization
package import Tensors

/// The resources of a version by name: all graphs of the version that name one share it.
package final class ResourceTable: Sendable {
    private let resources = Mutex<[String: any Resource]>([:])
    private let files = Mutex<Set<String>>([])
    /// What resources that grow while they are used charge their contents to.
    package let allowance: MemoryAllowance?

    package init(allowance: MemoryAllowance? = nil) { self.allowance = allowance }

    /// Lets operators read the file at `path`: an asset of the model. They read no others, whatever a graph says.
    package func permitReading(_ path: String) { files.withLock { _ = $0.insert(path) } }

    package func mayRead(_ path: String) -> Bool { files.withLock { $0.contains(path) } }

    /// Bytes that all of them hold now.
    package var byteCount: Int { resources.withLock { $0.values.reduce(0) { $0 + $1.byteCount } } }

    /// The resource called `name`, made on first use.
    ///
    /// - Throws: when one of that name is of another kind.
    package func resource<Kind: Resource>(_ name: String, make: () -> Kind) throws(OperatorError) -> Kind {
        try resources.withLock { resources throws(OperatorError) in
            guard let known = resources[name] else {
                let made = make()
                resources[name] = made
                return made
            }
            guard let known = known as? Kind else {
                throw .invalidValue("the resource \"\(name)\" is a \(type(of: known)) elsewhere in the model")
            }
            return known
        }
    }
}
