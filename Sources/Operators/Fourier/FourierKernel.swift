import GraphIR
import Tensors

/// Transforms of the innermost axes, one box after the other, in double precision.
struct FourierKernel: Kernel {
    typealias Number = Complex<Double>

    enum Form: Sendable {
        case complex(isInverse: Bool)
        /// The last axis of the result is half of the transform.
        case fromReal
        /// The last axis of the input is half of a transform.
        case toReal
    }

    private let form: Form
    private let inputType: ElementType
    private let outputType: ElementType
    private let boxCount: Int
    /// Extents of the box in the input, in the output, and of what lies in scratch memory between them: the last axis is half of
    /// it when one side is real.
    private let input: [Int]
    private let output: [Int]
    private let box: [Int]
    /// Of all axes; the last one's only when no side is real.
    private let plans: [FourierPlan]
    private let real: RealFourierPlan?
    private let scale: Double
    private let split: PartSplit

    static func compile(
        _ context: CompileContext, form: Form, lengths: [Int], input: [Int], output: [Int]
    ) throws(OperatorError) -> CompiledOperator {
        let kernel = try FourierKernel(context, form, lengths, input, output)
        return CompiledOperator(
            kernel, scratchByteCount: ByteCount.of(Number.self, kernel.boxElementCount, kernel.lineCount, kernel.workCount))
    }

    private init(
        _ context: CompileContext, _ form: Form, _ lengths: [Int], _ input: [Int], _ output: [Int]
    ) throws(OperatorError) {
        self.form = form
        self.input = input
        self.output = output
        inputType = try context.input(0).elementType
        let result = context.outputs[0]
        outputType = result.elementType
        boxCount = result.shape.elementCount(in: 0..<result.shape.rank - output.count)
        let isReal = if case .complex = form { false } else { true }
        var plans: [FourierPlan] = []
        for (axis, length) in lengths.enumerated() where !isReal || axis < lengths.count - 1 {
            if let known = plans.first(where: { $0.length == length }) {
                plans.append(known)
            } else {
                plans.append(try FourierPlan(length: length, context))
            }
        }
        self.plans = plans
        let last = lengths[lengths.count - 1]
        real = isReal ? try RealFourierPlan(length: last, context) : nil
        box = lengths.dropLast() + [isReal ? last / 2 + 1 : last]
        var scale = 1.0
        switch form {
        case .complex(let isInverse): if isInverse { for length in lengths { scale /= Double(length) } }
        case .fromReal: break
        case .toReal: for length in lengths.dropLast() { scale /= Double(length) }
        }
        self.scale = scale
        let elements = Double(lengths.reduce(1, ByteCount.product)) * Double(boxCount)
        split = PartSplit(units: boxCount, operations: 40 * elements)
    }

    private var boxElementCount: Int { box.reduce(1, ByteCount.product) }
    private var lineCount: Int { max(box.max() ?? 1, real.map(\.lineCount) ?? 1) }
    private var workCount: Int { max(plans.map(\.workCount).max() ?? 1, real?.workCount ?? 1) }

    func run(_ context: KernelContext) { run(0..<boxCount, context) }

    var parts: Int { split.count }

    func run(part: Int, _ context: KernelContext) { run(split.units(of: part), context) }

    private func run(_ boxes: Range<Int>, _ context: KernelContext) {
        let values = context.scratch.assumingMemoryBound(to: Number.self)
        let line = values + boxElementCount, work = line + lineCount
        let inputCount = input.reduce(1, *), outputCount = output.reduce(1, *)
        for index in boxes {
            let source = index * inputCount, target = index * outputCount
            switch form {
            case .complex(let isInverse):
                load(context.input(0), source, into: values, conjugates: isInverse)
                for axis in box.indices { transform(axis, values, line, work) }
                store(values, context.output(0), target, conjugates: isInverse)
            case .fromReal:
                loadReal(context.input(0), source, into: values, line, work)
                for axis in box.indices.dropLast() { transform(axis, values, line, work) }
                store(values, context.output(0), target, conjugates: false)
            case .toReal:
                load(context.input(0), source, into: values, conjugates: true)
                for axis in box.indices.dropLast() { transform(axis, values, line, work) }
                storeReal(values, context.output(0), target, line, work)
            }
        }
    }

    /// Calls `body` with the number of each line along the last axis of the box and the line's first element in memory of other,
    /// not smaller extents.
    private func forEachLine(in extents: [Int], _ body: (_ line: Int, _ offset: Int) -> Void) {
        let lines = box.dropLast().reduce(1, *)
        for line in 0..<lines {
            var rest = line, offset = 0, stride = extents[extents.count - 1]
            for axis in box.indices.dropLast().reversed() {
                offset += rest % box[axis] * stride
                rest /= box[axis]
                stride *= extents[axis]
            }
            body(line, offset)
        }
    }

    private func load(
        _ source: UnsafeRawPointer, _ start: Int, into values: UnsafeMutablePointer<Number>, conjugates: Bool
    ) {
        let count = box[box.count - 1], sign: Double = conjugates ? -1 : 1, isWide = inputType == .complex128
        forEachLine(in: input) { line, offset in
            let target = values + line * count
            if isWide {
                let from = source.assumingMemoryBound(to: Complex<Double>.self) + start + offset
                for place in 0..<count { target[place] = Number(from[place].real, sign * from[place].imaginary) }
            } else {
                let from = source.assumingMemoryBound(to: Complex<Float>.self) + start + offset
                for place in 0..<count { target[place] = Number(Double(from[place].real), sign * Double(from[place].imaginary)) }
            }
        }
    }

    private func store(
        _ values: UnsafeMutablePointer<Number>, _ target: UnsafeMutableRawPointer, _ start: Int, conjugates: Bool
    ) {
        let count = boxElementCount, scale = scale, other = conjugates ? -scale : scale
        if outputType == .complex128 {
            let to = target.assumingMemoryBound(to: Complex<Double>.self) + start
            for place in 0..<count { to[place] = Number(values[place].real * scale, values[place].imaginary * other) }
        } else {
            let to = target.assumingMemoryBound(to: Complex<Float>.self) + start
            for place in 0..<count {
                to[place] = Complex<Float>(Float(values[place].real * scale), Float(values[place].imaginary * other))
            }
        }
    }

    private func loadReal(
        _ source: UnsafeRawPointer, _ start: Int, into values: UnsafeMutablePointer<Number>, _ line: UnsafeMutablePointer<Number>,
        _ work: UnsafeMutablePointer<Number>
    ) {
        guard let real else { return }
        let count = real.halfCount, isWide = inputType == .float64
        forEachLine(in: input) { number, offset in
            if isWide {
                let from = source.assumingMemoryBound(to: Double.self) + start + offset
                for place in 0..<real.length { line[place] = Number(from[place]) }
            } else {
                let from = source.assumingMemoryBound(to: Float.self) + start + offset
                for place in 0..<real.length { line[place] = Number(Double(from[place])) }
            }
            real.run(line, work: work)
            (values + number * count).update(from: line, count: count)
        }
    }

    private func storeReal(
        _ values: UnsafeMutablePointer<Number>, _ target: UnsafeMutableRawPointer, _ start: Int, _ line: UnsafeMutablePointer<Number>,
        _ work: UnsafeMutablePointer<Number>
    ) {
        guard let real else { return }
        let count = real.halfCount, length = real.length, scale = scale
        for number in 0..<box.dropLast().reduce(1, *) {
            // What was loaded are conjugates.
            for place in 0..<count { line[place] = values[number * count + place].conjugate }
            real.runBack(line, work: work)
            let first = start + number * length
            if outputType == .float64 {
                for place in 0..<length { target.assumingMemoryBound(to: Double.self)[first + place] = line[place].real * scale }
            } else {
                for place in 0..<length { target.assumingMemoryBound(to: Float.self)[first + place] = Float(line[place].real * scale) }
            }
        }
    }

    /// Transforms the box along one axis.
    private func transform(
        _ axis: Int, _ values: UnsafeMutablePointer<Number>, _ line: UnsafeMutablePointer<Number>, _ work: UnsafeMutablePointer<Number>
    ) {
        let plan = plans[axis], extent = box[axis], inner = box[(axis + 1)...].reduce(1, *), outer = box[..<axis].reduce(1, *)
        if inner == 1 {
            for number in 0..<outer { plan.run(values + number * extent, work: work) }
            return
        }
        for block in 0..<outer {
            for column in 0..<inner {
                let start = values + block * extent * inner + column
                for place in 0..<extent { line[place] = start[place * inner] }
                plan.run(line, work: work)
                for place in 0..<extent { start[place * inner] = line[place] }
            }
        }
    }
}
