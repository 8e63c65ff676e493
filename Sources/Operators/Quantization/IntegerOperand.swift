import CKernels
import GraphIR
import Tensors

/// The right operand of integer products, packed for the kernels: matrices [taps · channels, columns] of bytes, one for each group.
struct IntegerOperand: Sendable {
    let kernels: KernelFunctions
    let input: Int
    let isSigned: Bool
    let taps: Int
    let channels: Int
    let columns: Int
    let groups: Int
    /// Elements from one tap, channel, column to the next.
    private let strides: (tap: Int, channel: Int, column: Int)
    /// The packed form of a constant.
    private(set) var packed: Tensor?

    /// A matrix of a stack, or `count` matrices.
    ///
    /// - Parameters:
    ///   - transposed: whether columns lie side by side.
    ///   - packs: whether all matrices are one, so that the form of a constant is kept.
    static func matrix(
        _ context: CompileContext, input: Int, steps: Int, columns: Int, transposed: Bool, count: Int = 1, packs: Bool = true
    ) throws(OperatorError) -> IntegerOperand {
        let strides = transposed ? (tap: 0, channel: 1, column: steps) : (tap: 0, channel: columns, column: 1)
        return try IntegerOperand(
            context, input: input, extents: (taps: 1, channels: steps, columns: columns, groups: count), strides: strides, packs: packs)
    }

    /// Weights [groups · columns, channels, taps…].
    static func filter(
        _ context: CompileContext, input: Int, taps: Int, channels: Int, columns: Int, groups: Int
    ) throws(OperatorError) -> IntegerOperand {
        try IntegerOperand(
            context, input: input, extents: (taps, channels, columns, groups),
            strides: (tap: 1, channel: taps, column: ByteCount.product(taps, channels)), packs: true)
    }

    private init(
        _ context: CompileContext, input: Int, extents: (taps: Int, channels: Int, columns: Int, groups: Int),
        strides: (tap: Int, channel: Int, column: Int), packs: Bool
    ) throws(OperatorError) {
        kernels = context.functions
        self.input = input
        isSigned = try context.input(input).elementType == .int8
        (taps, channels, columns, groups) = extents
        self.strides = strides
        guard packs else { return }
        let plain = self, form = "integers/\(kernels.levelName)/\(groups)x\(taps)x\(channels)x\(columns)/\(strides)"
        packed = try context.prepared(input, form: form) { (tensor) throws(OperatorError) in
            try context.preparedTensor(TensorSpec(.uint8, [plain.byteCount])) { bytes in
                guard let to = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return }
                withExtendedLifetime(tensor) { plain.pack(to, from: UnsafeRawPointer(tensor.storage.baseAddress)) }
            }
        }
    }

    var preparedInputs: Set<Int> { packed == nil ? [] : [input] }
    var steps: Int { ByteCount.product(taps, channels) }
    /// Of one group's matrix.
    var matrixByteCount: Int { kernels.integer.packed_count(taps, channels, columns) }
    private var byteCount: Int { ByteCount.product(groups, matrixByteCount) }

    /// Columns of one group, as whole panels.
    var paddedColumns: Int { ByteCount.aligned(columns, to: kernels.integer.panel_columns) }

    /// Scratch for the packed form of what is no constant.
    var scratchByteCount: Int { packed == nil ? ByteCount.aligned(byteCount, to: TensorStorage.alignment) : 0 }

    /// The packed form, made in `scratch` when it is of no constant.
    ///
    /// - Parameter offset: of the first element in the input.
    func bytes(_ context: KernelContext, offset: Int = 0, scratch: UnsafeMutableRawPointer) -> UnsafePointer<UInt8> {
        if let packed { return UnsafePointer(UnsafeRawPointer(packed.storage.baseAddress).assumingMemoryBound(to: UInt8.self)) }
        let to = scratch.assumingMemoryBound(to: UInt8.self)
        pack(to, from: context.input(input) + offset)
        return UnsafePointer(to)
    }

    private func pack(_ to: UnsafeMutablePointer<UInt8>, from: UnsafeRawPointer) {
        let from = from.assumingMemoryBound(to: UInt8.self)
        for group in 0..<groups {
            var right = apus_integer_right(
                data: from + group * columns * steps, tap_stride: strides.tap, channel_stride: strides.channel,
                column_stride: strides.column, is_signed: isSigned)
            kernels.integer.pack(to + group * matrixByteCount, &right, taps, channels, columns)
        }
    }
}

/// Scratch for the end of an integer product: what is added to the sums of each column, the columns' zero points, and their factors.
struct IntegerEndMemory {
    let offsets: UnsafeMutablePointer<Int32>
    let zeros: UnsafeMutablePointer<Int32>
    let factors: UnsafeMutablePointer<Float>

    static func byteCount(columns: Int) -> Int {
        ByteCount.aligned(ByteCount.product(columns, 3 * MemoryLayout<Int32>.stride), to: TensorStorage.alignment)
    }

    init(_ scratch: UnsafeMutableRawPointer, columns: Int) {
        offsets = scratch.assumingMemoryBound(to: Int32.self)
        zeros = offsets + columns
        factors = UnsafeMutableRawPointer(zeros + columns).assumingMemoryBound(to: Float.self)
    }

    /// An end that gives sums.
    func sums(needsZeros: Bool) -> apus_integer_end {
        apus_integer_end(
            result: APUS_INTEGER_SUMS, offsets: offsets, right_zeros: needsZeros ? UnsafePointer(zeros) : nil, factors: nil, bias: nil,
            addend: nil, addend_row: 0, addend_column: 0, residual: apus_integer_residual(), lowest: 0, highest: 0, zero: 0)
    }
}

extension LinearRounding {
    /// The limits of real numbers that a byte holds, before its zero is added, within `limits` of the byte itself.
    static func limits(isSigned: Bool, zero: Int32, within limits: ClosedRange<Int32>? = nil) -> (lowest: Float, highest: Float) {
        let lowest: Int32 = isSigned ? -128 : 0, highest: Int32 = isSigned ? 127 : 255
        return (
            Float(max(lowest, limits?.lowerBound ?? lowest) &- zero), Float(min(highest, limits?.upperBound ?? highest) &- zero)
        )
    }
}
