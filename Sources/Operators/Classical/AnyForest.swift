import GraphIR
import Synchronization
import Tensors

/// A forest in the precision that its numbers ask for, and in binary64 where a table asks for that.
final class AnyForest: Sendable {
    private enum Forests {
        case single(Forest<Float>)
        case double(Forest<Double>)
    }

    private let forests: Forests
    /// The single precision forest in double precision, once a table has needed it.
    private let widened = Mutex<Forest<Double>?>(nil)

    let featureCount: Int

    init(_ description: TreeDescription, outputCount: Int, areSummed: Bool) throws(OperatorError) {
        if description.isDouble {
            let forest = try Forest<Double>(description, outputCount: outputCount, areSummed: areSummed)
            (forests, featureCount) = (.double(forest), forest.featureCount)
        } else {
            let forest = try Forest<Float>(description, outputCount: outputCount, areSummed: areSummed)
            (forests, featureCount) = (.single(forest), forest.featureCount)
        }
    }

    /// The kernel for features of the task's type: those of binary64 or of integer type are compared in binary64.
    func compile(_ task: ForestTask, _ kernels: KernelFunctions) throws(OperatorError) -> CompiledOperator {
        switch forests {
        case .single(let forest) where task.type == .float32: return ForestKernel(forest, task, kernels).compiled
        case .single(let forest): return ForestKernel(try widened(forest), task, kernels).compiled
        case .double(let forest): return ForestKernel(forest, task, kernels).compiled
        }
    }

    private func widened(_ forest: Forest<Float>) throws(OperatorError) -> Forest<Double> {
        try widened.withLock { known throws(OperatorError) in
            if let known { return known }
            let made = try Forest(widening: forest)
            known = made
            return made
        }
    }
}
