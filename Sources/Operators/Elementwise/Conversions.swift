import CKernels
import GraphIR
import Tensors

/// Loops that convert dense elements between two types, neither a 16-bit float nor a string.
enum Conversions {
    static func body(
        from source: ElementType, to target: ElementType, count: Int, _ functions: KernelFunctions
    ) throws(OperatorError) -> MapBody {
        if source == target { return copy(count * source.byteCount) }
        if let body = floatKernel(from: source, to: target, count, functions.cast) { return body }
        if source == .bool || target == .bool { return try boolBody(source, target, count) }
        return try SourceMaker(target: target, count: count).make(source, for: "a cast to \(target)")
    }

    private static func copy(_ byteCount: Int) -> MapBody {
        { y, x in y.copyMemory(from: x, byteCount: byteCount) }
    }

    /// The conversions that have vector code.
    private static func floatKernel(
        from source: ElementType, to target: ElementType, _ count: Int, _ kernels: apus_cast_kernels
    ) -> MapBody? {
        switch (source, target) {
        case (.uint8, .float32): return call(kernels.u8_to_f32, count)
        case (.int8, .float32): return call(kernels.i8_to_f32, count)
        case (.int32, .float32): return call(kernels.i32_to_f32, count)
        case (.int64, .float32): return call(kernels.i64_to_f32, count)
        case (.float32, .uint8): return call(kernels.f32_to_u8, count)
        case (.float32, .int8): return call(kernels.f32_to_i8, count)
        case (.float32, .int32): return call(kernels.f32_to_i32, count)
        case (.float32, .int64): return call(kernels.f32_to_i64, count)
        default: return nil
        }
    }

    private static func call<From, To>(
        _ kernel: @escaping @Sendable (UnsafeMutablePointer<To>, UnsafePointer<From>, Int) -> Void, _ count: Int
    ) -> MapBody {
        { y, x in kernel(y.assumingMemoryBound(to: To.self), x.assumingMemoryBound(to: From.self), count) }
    }

    private static func boolBody(_ source: ElementType, _ target: ElementType, _ count: Int) throws(OperatorError) -> MapBody {
        target == .bool
            ? try ToBoolMaker(count: count).make(source, for: "a cast to bool")
            : try FromBoolMaker(count: count).make(target, for: "a cast from bool")
    }
}

private struct ToBoolMaker: NumberMaker {
    let count: Int

    func integer<Scalar: FixedWidthInteger & TensorScalar>(_: Scalar.Type) -> MapBody {
        let count = count
        return { y, x in Loops.map(y, x, count) { (x: Scalar) in x != 0 } }
    }

    func floatingPoint<Scalar: FloatingScalar>(_: Scalar.Type) -> MapBody {
        let count = count
        return { y, x in Loops.map(y, x, count) { (x: Scalar) in x != 0 } }
    }
}

private struct FromBoolMaker: NumberMaker {
    let count: Int

    func integer<Scalar: FixedWidthInteger & TensorScalar>(_: Scalar.Type) -> MapBody {
        let count = count
        return { y, x in Loops.map(y, x, count) { (x: UInt8) -> Scalar in x != 0 ? 1 : 0 } }
    }

    func floatingPoint<Scalar: FloatingScalar>(_: Scalar.Type) -> MapBody {
        let count = count
        return { y, x in Loops.map(y, x, count) { (x: UInt8) -> Scalar in x != 0 ? 1 : 0 } }
    }
}

/// Knows the target's name and learns the source's type.
private struct SourceMaker: NumberMaker {
    let target: ElementType
    let count: Int

    @inline(__always)
    func integer<Scalar: FixedWidthInteger & TensorScalar>(_: Scalar.Type) throws(OperatorError) -> MapBody {
        try FromInteger<Scalar>(count: count).make(target, for: "a cast")
    }

    @inline(__always)
    func floatingPoint<Scalar: FloatingScalar>(_: Scalar.Type) throws(OperatorError) -> MapBody {
        try FromFloatingPoint<Scalar>(count: count).make(target, for: "a cast")
    }
}

private struct FromInteger<Source: FixedWidthInteger & TensorScalar>: NumberMaker {
    let count: Int

    func integer<Scalar: FixedWidthInteger & TensorScalar>(_: Scalar.Type) -> MapBody {
        let count = count
        return { y, x in Loops.map(y, x, count) { (x: Source) in Scalar(truncatingIfNeeded: x) } }
    }

    func floatingPoint<Scalar: FloatingScalar>(_: Scalar.Type) -> MapBody {
        let count = count
        return { y, x in Loops.map(y, x, count) { (x: Source) in Scalar(x) } }
    }
}

private struct FromFloatingPoint<Source: FloatingScalar>: NumberMaker {
    let count: Int

    func integer<Scalar: FixedWidthInteger & TensorScalar>(_: Scalar.Type) -> MapBody {
        let count = count
        return { y, x in Loops.map(y, x, count) { (x: Source) in Scalar(saturating: Double(x)) } }
    }

    func floatingPoint<Scalar: FloatingScalar>(_: Scalar.Type) -> MapBody {
        let count = count
        return { y, x in Loops.map(y, x, count) { (x: Source) in Scalar(x) } }
    }
}
