import GraphIR
import Tensors

/// Reductions of float64, integer and bool elements, one result after another.
enum ScalarReduction {
    static func kernel(_ function: Reduce.Function, _ walk: ReductionWalk, _ type: ElementType) throws(OperatorError)
        -> LoopKernel
    {
        if type == .bool { return boolKernel(function, walk) }
        return try Maker(function: function, walk: walk).make(type, for: function.rawValue)
    }

    /// Of bytes 0 and 1; an empty group gives false as maximum and true as minimum.
    private static func boolKernel(_ function: Reduce.Function, _ walk: ReductionWalk) -> LoopKernel {
        function == .maximum
            ? LoopKernel { context in fold(context, walk, 0 as UInt8, join: { $0 | $1 }, finish: { $0 != 0 ? 1 : 0 as UInt8 }) }
            : LoopKernel { context in fold(context, walk, 1 as UInt8, join: { $1 == 0 ? 0 : $0 }, finish: { $0 }) }
    }

    /// result = finish(join(… join(start, x₀) …, xₙ)) for each group.
    @inline(__always)
    fileprivate static func fold<Element, Sum>(
        _ context: KernelContext, _ walk: ReductionWalk, _ start: Sum, join: (Sum, Element) -> Sum, finish: (Sum) -> Element
    ) {
        let x = context.input(0, as: Element.self)
        var y = context.output(0, as: Element.self)
        walk.forEachResult { origin in
            var sum = start
            walk.forEachElement(from: origin) { offset in sum = join(sum, x[offset]) }
            y.pointee = finish(sum)
            y += 1
        }
    }
}

private struct Maker: NumberMaker {
    let function: Reduce.Function
    let walk: ReductionWalk

    func integer<Scalar: FixedWidthInteger & TensorScalar>(_: Scalar.Type) -> LoopKernel {
        let walk = walk, function = function, count = walk.reducedCount
        switch function {
        case .product:
            return LoopKernel { context in
                ScalarReduction.fold(context, walk, 1 as Scalar, join: { $0 &* $1 }, finish: { $0 })
            }
        case .maximum:
            return LoopKernel { context in ScalarReduction.fold(context, walk, Scalar.min, join: { max($0, $1) }, finish: { $0 })
            }
        case .minimum:
            return LoopKernel { context in ScalarReduction.fold(context, walk, Scalar.max, join: { min($0, $1) }, finish: { $0 })
            }
        case .l1:
            return LoopKernel { context in
                ScalarReduction.fold(context, walk, 0 as Scalar, join: { $0 &+ ($1 < 0 ? 0 &- $1 : $1) }, finish: { $0 })
            }
        case .sumOfSquares, .l2:
            return LoopKernel { context in
                ScalarReduction.fold(context, walk, 0 as Scalar, join: { $0 &+ $1 &* $1 }) { sum in
                    function == .l2 ? Scalar(saturating: Double(sum).squareRoot()) : sum
                }
            }
        case .logSumExp:
            return logSumExp {
                Double($0 as Scalar)
            } from: {
                Scalar(saturating: $0)
            }
        case .sum, .mean, .logSum:
            return LoopKernel { context in
                ScalarReduction.fold(context, walk, 0 as Scalar, join: { $0 &+ $1 }) { sum in
                    switch function {
                    // An empty group has no mean; an integer has no NaN.
                    case .mean: count == 0 ? 0 : sum.dividedReportingOverflow(by: Scalar(truncatingIfNeeded: count)).partialValue
                    case .logSum: Scalar(saturating: Double(sum).applying(.log))
                    default: sum
                    }
                }
            }
        }
    }

    func floatingPoint<Scalar: FloatingScalar>(_: Scalar.Type) -> LoopKernel {
        let walk = walk, function = function, count = Scalar(walk.reducedCount)
        switch function {
        case .product:
            return LoopKernel { context in ScalarReduction.fold(context, walk, 1 as Scalar, join: { $0 * $1 }, finish: { $0 }) }
        case .maximum:
            return LoopKernel { context in
                ScalarReduction.fold(context, walk, -Scalar.infinity, join: { $1 > $0 || $1.isNaN ? $1 : $0 }, finish: { $0 })
            }
        case .minimum:
            return LoopKernel { context in
                ScalarReduction.fold(context, walk, Scalar.infinity, join: { $1 < $0 || $1.isNaN ? $1 : $0 }, finish: { $0 })
            }
        case .l1:
            return LoopKernel { context in
                ScalarReduction.fold(context, walk, 0 as Scalar, join: { $0 + $1.magnitude }, finish: { $0 })
            }
        case .sumOfSquares, .l2:
            return LoopKernel { context in
                ScalarReduction.fold(context, walk, 0 as Scalar, join: { $0 + $1 * $1 }) { sum in
                    function == .l2 ? sum.squareRoot() : sum
                }
            }
        case .logSumExp:
            return logSumExp {
                Double($0 as Scalar)
            } from: {
                Scalar($0)
            }
        case .sum, .mean, .logSum:
            return LoopKernel { context in
                ScalarReduction.fold(context, walk, 0 as Scalar, join: { $0 + $1 }) { sum in
                    switch function {
                    case .mean: sum / count
                    case .logSum: sum.applying(.log)
                    default: sum
                    }
                }
            }
        }
    }

    /// ln Σ eˣ in float64, relative to the group's maximum.
    @inline(__always)
    private func logSumExp<Element>(
        _ widen: @escaping @Sendable (Element) -> Double, from narrow: @escaping @Sendable (Double) -> Element
    ) -> LoopKernel {
        let walk = walk
        return LoopKernel { context in
            let x = context.input(0, as: Element.self)
            var y = context.output(0, as: Element.self)
            walk.forEachResult { origin in
                var top = -Double.infinity, sum = 0.0
                walk.forEachElement(from: origin) { offset in
                    let value = widen(x[offset])
                    if value > top || value.isNaN { top = value }
                }
                // An infinite maximum would make inf − inf.
                let shift = top.isInfinite ? 0 : top
                walk.forEachElement(from: origin) { offset in sum += (widen(x[offset]) - shift).applying(.exp) }
                y.pointee = narrow(sum.applying(.log) + shift)
                y += 1
            }
        }
    }
}
