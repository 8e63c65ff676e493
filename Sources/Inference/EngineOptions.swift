package import GraphIR
package import Tensors

/// Bounds that keep one model or one request from taking the machine.
package struct EngineLimits: Sendable {
    /// Bytes of one arena: all intermediate values that live at once, for one input shape.
    package var maximumArenaBytes = 8 << 30
    /// Bytes of the results whose sizes depend on data, all that one run holds at once.
    package var maximumDynamicBytes = 2 << 30
    /// Bytes of one value that is computed ahead of requests.
    package var maximumFoldedBytes = 512 << 20
    /// Once a version holds this many bytes, only values of 64 MiB at most are computed ahead.
    package var generousHeldBytes = 2 << 30
    /// Plans kept for one region of a model, one for each combination of input shapes.
    package var maximumPlans = 64
    /// Bytes of all plans of one region.
    package var maximumPlanBytes = 64 << 20

    package init() {}
}

/// What all engines of one model version share beside their graphs: prepared constants, resources, and where memory is counted.
package final class ModelState: Sendable {
    package let limits: EngineLimits
    /// The machine code that kernels are built of; nil for the best that the processor runs.
    package let kernels: KernelSet?
    /// What the version holds as long as it is loaded is charged to it: folded constants, prepared forms, plans.
    let held: MemoryAllowance
    let ledger: (any MemoryLedger)?
    let store: ConstantStore
    /// Which constants' contents are still needed.
    let residency: ConstantResidency
    /// Variables and tables, by name.
    package let resources: ResourceTable

    /// - Parameter ledger: counts what the version's engines take; nil counts nothing.
    package init(limits: EngineLimits = EngineLimits(), kernels: KernelSet? = nil, ledger: (any MemoryLedger)? = nil) {
        self.limits = limits
        self.kernels = kernels
        self.ledger = ledger
        held = MemoryAllowance(byteLimit: .max, ledger: ledger)
        residency = ConstantResidency(allowance: held)
        store = ConstantStore(allowance: held, access: residency)
        resources = ResourceTable(allowance: held)
    }

    /// Counts the contents of the model's files, which constants are windows of.
    package func charge(contents byteCount: Int) throws(MemoryRefusal) { try residency.charge(contents: byteCount) }

    /// Notes that the bytes of these are read as they are from now on, though no engine has them as constants, and brings them back
    /// from their files when they were given back.
    package func keep(_ values: [TensorValue]) throws(EngineError) {
        for case .dense(let tensor) in values {
            do { try residency.willRead(tensor) } catch { throw .node(name: "what requests may replace", operatorName: "Constant", error) }
        }
    }

    /// Gives back the contents of the model's files that no plan reads: what is no constant of an engine, and constants that kernels
    /// hold in a form of their own. Should a later plan need such a constant, it is read from its file again.
    ///
    /// Called when every engine of the version is there and has made its first plans.
    package func releaseUnread(by engines: [Engine]) { residency.release(constants: engines.flatMap(\.graph.readConstants)) }

    /// Bytes that the version holds now: contents of its files, prepared constants, plans. The lanes' arenas are not among them.
    package var heldByteCount: Int { held.usedByteCount }

    /// What one run may take for results whose sizes depend on data.
    func runAllowance() -> MemoryAllowance {
        MemoryAllowance(byteLimit: limits.maximumDynamicBytes, ledger: ledger)
    }
}
