import GraphIR
import Tensors

/// Reductions of float64, integer and bool elements, one result after another.
enum ScalarReduction {
    static func kernel(_ function: Reduce.Function, _ walk: ReductionWalk, _ type: ElementType) throws(OperatorError)
        -> LoopKernel
    {
        switch type {
        case .bool: return boolKernel(function, walk)
        case .complex64: return try complexKernel(function, walk, Float.self)
        case .complex128: return try complexKernel(function, walk, Double.self)
        default: break
        }
        return try Maker(function: function, walk: walk).make(type, for: function.rawValue)
    }

    /// Of bytes 0 and 1; an empty group gives false as maximum and true as minimum.
    private static func boolKernel(_ function: Reduce.Function, _ walk: ReductionWalk) -> LoopKernel {
        function == .maximum
            ? LoopKernel { context in fold(context, walk, 0 as UInt8, join: { $0 | $1 }, finish: { $0 != 0 ? 1 : 0 as UInt8 }) }
            : LoopKernel { context in fold(context, walk, 1 as UInt8, join: { $1 == 0 ? 0 : $0 }, finish: { $0 }) }
    }

    private static func complexKernel<Part: ComplexPart>(
        _ function: Reduce.Function, _ walk: ReductionWalk, _: Part.Type
    ) throws(OperatorError) -> LoopKernel {
        let count = Part(walk.reducedCount)
        typealias Number = Complex<Part>
        switch function {
        case .sum: return LoopKernel { context in fold(context, walk, Number.zero, join: { $0 + $1 }, finish: { $0 }) }
        case .product: return LoopKernel { context in fold(context, walk, Number.one, join: { $0 * $1 }, finish: { $0 }) }
        case .mean:
            return LoopKernel { context in
                fold(context, walk, Number.zero, join: { $0 + $1 }, finish: { Number($0.real / count, $0.imaginary / count) })
            }
        case .l2:
            return LoopKernel { context in
                fold(
                    context, walk, 0.0, join: { (sum: Double, z: Number) in sum + (z.wide * z.wide.conjugate).real },
                    finish: { Number(Part($0.squareRoot())) })
            }
        default: throw .unsupported("\(function.rawValue) of complex numbers")
        }
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
        case .mean:
            // An empty group has no mean; an integer has no NaN.
            let divisor = max(count, 1)
            if Scalar.isSigned {
                return LoopKernel { context in
                    ScalarReduction.fold(context, walk, 0 as Int64, join: { $0 &+ Int64(truncatingIfNeeded: $1 as Scalar) }) {
                        Scalar(truncatingIfNeeded: $0 / Int64(divisor))
                    }
                }
            }
            return LoopKernel { context in
                ScalarReduction.fold(context, walk, 0 as UInt64, join: { $0 &+ UInt64(truncatingIfNeeded: $1 as Scalar) }) {
                    Scalar(truncatingIfNeeded: $0 / UInt64(divisor))
                }
            }
        case .sum, .logSum:
            return LoopKernel { context in
                ScalarReduction.fold(context, walk, 0 as Scalar, join: { $0 &+ $1 }) { sum in
                    switch function {
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
