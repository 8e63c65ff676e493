import GraphIR
import Tensors

/// A stack of matrix products: where each finds its operands and its result.
struct Contraction: Sendable {
    /// An axis of the stack: how many products, and how many elements each step advances.
    struct Axis: Sendable {
        var extent: Int
        var left: Int
        var right: Int
        var result: Int
    }

    let product: MatrixProduct
    /// Outermost first.
    let axes: [Axis]

    init(product: MatrixProduct, axes: [Axis]) {
        self.product = product
        self.axes = axes.filter { $0.extent != 1 }
    }

    /// Products in all.
    var count: Int { axes.reduce(1) { ByteCount.product($0, $1.extent) } }

    /// Computes products `range` of the stack.
    func run<Scalar: ContractionScalar>(
        _ range: Range<Int>, _ a: UnsafePointer<Scalar>, _ b: UnsafePointer<Scalar>, into c: UnsafeMutablePointer<Scalar>
    ) {
        guard !range.isEmpty, product.rows > 0, product.columns > 0 else { return }
        guard !axes.isEmpty else { return multiply(a, b, c) }
        axes.withUnsafeBufferPointer { axes in
            withUnsafeTemporaryAllocation(of: Int.self, capacity: axes.count) { counter in
                var left = a, right = b, result = c, rest = range.lowerBound
                for axis in axes.indices.reversed() {
                    let place = rest % axes[axis].extent
                    rest /= axes[axis].extent
                    counter.initializeElement(at: axis, to: place)
                    left += place * axes[axis].left
                    right += place * axes[axis].right
                    result += place * axes[axis].result
                }
                for _ in range {
                    multiply(left, right, result)
                    var axis = axes.count - 1
                    while axis >= 0 {
                        left += axes[axis].left
                        right += axes[axis].right
                        result += axes[axis].result
                        counter[axis] += 1
                        if counter[axis] < axes[axis].extent { break }
                        left -= axes[axis].left * axes[axis].extent
                        right -= axes[axis].right * axes[axis].extent
                        result -= axes[axis].result * axes[axis].extent
                        counter[axis] = 0
                        axis -= 1
                    }
                }
            }
        }
    }

    @inline(__always)
    private func multiply<Scalar: ContractionScalar>(
        _ a: UnsafePointer<Scalar>, _ b: UnsafePointer<Scalar>, _ c: UnsafeMutablePointer<Scalar>
    ) {
        guard product.steps > 0 else {
            for row in 0..<product.rows {
                (c + row * product.resultStride).update(repeating: .zeroElement, count: product.columns)
            }
            return
        }
        Scalar.multiply(product, a, b, into: c)
    }

    var split: PartSplit {
        let operations = Double(product.rows) * Double(product.columns) * Double(max(product.steps, 1)) * Double(count)
        return PartSplit(units: count, operations: operations)
    }
}

/// Inputs 0 and 1 to output 0, a few products a part.
struct ContractionKernel<Scalar: ContractionScalar>: Kernel {
    let contraction: Contraction
    private let split: PartSplit

    init(_ contraction: Contraction) {
        self.contraction = contraction
        split = contraction.split
    }

    func run(_ context: KernelContext) { run(0..<contraction.count, context) }

    var parts: Int { split.count }

    func run(part: Int, _ context: KernelContext) { run(split.units(of: part), context) }

    private func run(_ range: Range<Int>, _ context: KernelContext) {
        contraction.run(
            range, context.input(0, as: Scalar.self), context.input(1, as: Scalar.self), into: context.output(0, as: Scalar.self))
    }
}

/// Makes the kernel for an element type.
struct ContractionMaker: ContractionVisitor {
    let contraction: Contraction

    func visit<Scalar: ContractionScalar>(_: Scalar.Type) throws(OperatorError) -> any Kernel {
        ContractionKernel<Scalar>(contraction)
    }
}
