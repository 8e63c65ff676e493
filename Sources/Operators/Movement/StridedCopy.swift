import CKernels
import GraphIR

/// A copy of an N-dimensional box of elements between two memories, each with strides of its own.
///
/// The one engine behind Transpose, Slice, Split, Concat, Expand, Tile, DepthToSpace and SpaceToDepth: each states
/// extents and strides, and the plan made here finds the longest runs, the widest units and the cheapest loop order.
/// A source stride of 0 repeats an element, a negative one walks backwards. Elements are only moved, so any type of
/// 1, 2, 4, 8 or 16 bytes is alike.
struct StridedCopy: Sendable {
    /// One loop: how often, and how many bytes each round advances.
    struct Axis: Sendable, Equatable {
        var extent: Int
        var source: Int
        var destination: Int
    }

    /// Loops around the plane, outermost first.
    private let outer: [Axis]
    private let rows: Axis
    private let columns: Axis
    /// Bytes moved at once in the innermost place, gapless on both sides.
    private let unitByteCount: Int
    private let isEmpty: Bool
    private let sourceOffset: Int
    private let destinationOffset: Int

    /// - Parameters:
    ///   - extents: of the box; a zero makes the copy do nothing.
    ///   - sourceStrides: elements between neighbours, by axis.
    ///   - destinationStrides: likewise; the box must not overlap itself there.
    ///   - sourceOffset: elements before the first one read.
    ///   - destinationOffset: elements before the first one written.
    init(
        extents: [Int], sourceStrides: [Int], destinationStrides: [Int], elementByteCount: Int,
        sourceOffset: Int = 0, destinationOffset: Int = 0
    ) {
        isEmpty = extents.contains(0)
        self.sourceOffset = sourceOffset * elementByteCount
        self.destinationOffset = destinationOffset * elementByteCount
        var axes = extents.indices.filter { extents[$0] != 1 }.map {
            Axis(
                extent: extents[$0], source: sourceStrides[$0] * elementByteCount,
                destination: destinationStrides[$0] * elementByteCount)
        }
        axes = Self.merged(axes)
        var unit = elementByteCount
        if let last = axes.last, last.source == unit, last.destination == unit {
            unit *= last.extent
            axes.removeLast()
        }
        unitByteCount = unit
        let still = Axis(extent: 1, source: 0, destination: 0)
        columns = axes.popLast() ?? still
        rows = Self.takeRows(from: &axes, columns: columns) ?? still
        outer = axes
    }

    /// Fuses neighbouring loops that walk both memories as one loop would.
    private static func merged(_ axes: [Axis]) -> [Axis] {
        var result: [Axis] = []
        for axis in axes {
            if let last = result.last, last.source == axis.extent * axis.source,
                last.destination == axis.extent * axis.destination
            {
                result[result.count - 1] = Axis(
                    extent: last.extent * axis.extent, source: axis.source, destination: axis.destination)
            } else {
                result.append(axis)
            }
        }
        return result
    }

    /// The second loop of the plane: the one that reads neighbours when the innermost one jumps, so that a block of
    /// the plane uses whole cache lines on both sides; otherwise the next loop outwards.
    private static func takeRows(from axes: inout [Axis], columns: Axis) -> Axis? {
        guard !axes.isEmpty else { return nil }
        var choice = axes.count - 1
        for (index, axis) in axes.enumerated()
        where axis.source > 0 && axis.source < abs(columns.source) && axis.source < abs(axes[choice].source) {
            choice = index
        }
        return axes.remove(at: choice)
    }

    /// Moves the box. Allocates nothing on the heap.
    func run(from source: UnsafeRawPointer, to destination: UnsafeMutableRawPointer) {
        guard !isEmpty else { return }
        let source = source + sourceOffset, destination = destination + destinationOffset
        switch unitByteCount {
        case 1 where isTransposition: loop(TransposedBytes(), source, destination)
        case 1: loop(FixedUnit<UInt8>(), source, destination)
        case 2: loop(FixedUnit<UInt16>(), source, destination)
        case 4 where isTransposition: loop(TransposedPlane(), source, destination)
        case 4: loop(FixedUnit<UInt32>(), source, destination)
        case 8: loop(FixedUnit<UInt64>(), source, destination)
        case 16: loop(FixedUnit<SIMD2<UInt64>>(), source, destination)
        case 32: loop(FixedUnit<SIMD4<UInt64>>(), source, destination)
        default: loop(RunUnit(byteCount: unitByteCount), source, destination)
        }
    }

    /// Whether rows are gapless in the source and columns in the destination.
    private var isTransposition: Bool {
        rows.source == unitByteCount && columns.destination == unitByteCount && rows.extent > 1 && columns.extent > 1
    }

    @inline(__always)
    private func loop<Unit: PlaneCopy>(
        _ unit: Unit, _ source: UnsafeRawPointer, _ destination: UnsafeMutableRawPointer
    ) {
        let rows = rows, columns = columns
        guard !outer.isEmpty else {
            unit.copy(rows, columns, source, destination)
            return
        }
        outer.withUnsafeBufferPointer { axes in
            withUnsafeTemporaryAllocation(of: Int.self, capacity: axes.count) { counter in
                counter.initialize(repeating: 0)
                var source = source, destination = destination
                while true {
                    unit.copy(rows, columns, source, destination)
                    var axis = axes.count - 1
                    while axis >= 0 {
                        source += axes[axis].source
                        destination += axes[axis].destination
                        counter[axis] += 1
                        if counter[axis] < axes[axis].extent { break }
                        source -= axes[axis].source * axes[axis].extent
                        destination -= axes[axis].destination * axes[axis].extent
                        counter[axis] = 0
                        axis -= 1
                    }
                    if axis < 0 { return }
                }
            }
        }
    }
}

/// A way to move one plane of the box.
private protocol PlaneCopy {
    func copy(
        _ rows: StridedCopy.Axis, _ columns: StridedCopy.Axis, _ source: UnsafeRawPointer,
        _ destination: UnsafeMutableRawPointer)
}

/// A plane of 4-byte elements whose rows are columns in the source.
private struct TransposedPlane: PlaneCopy {
    @inline(__always)
    func copy(
        _ rows: StridedCopy.Axis, _ columns: StridedCopy.Axis, _ source: UnsafeRawPointer,
        _ destination: UnsafeMutableRawPointer
    ) {
        apus_transpose_u32(
            destination, rows.destination, source, columns.source, rows.extent, columns.extent)
    }
}

/// The same of bytes.
private struct TransposedBytes: PlaneCopy {
    @inline(__always)
    func copy(
        _ rows: StridedCopy.Axis, _ columns: StridedCopy.Axis, _ source: UnsafeRawPointer,
        _ destination: UnsafeMutableRawPointer
    ) {
        apus_transpose_u8(
            destination, rows.destination, source, columns.source, rows.extent, columns.extent)
    }
}

/// What one innermost move carries.
private protocol CopyUnit: PlaneCopy {
    func move(_ source: UnsafeRawPointer, _ destination: UnsafeMutableRawPointer)
    /// Whether a block of the plane is worth visiting as a square, so that both sides stay in cache.
    static var prefersBlocks: Bool { get }
}

/// A unit that fits one register; addresses need no alignment.
private struct FixedUnit<Bits: BitwiseCopyable>: CopyUnit {
    static var prefersBlocks: Bool { MemoryLayout<Bits>.size <= 16 }

    @inline(__always)
    func move(_ source: UnsafeRawPointer, _ destination: UnsafeMutableRawPointer) {
        destination.storeBytes(of: source.loadUnaligned(as: Bits.self), as: Bits.self)
    }
}

/// A longer gapless run.
private struct RunUnit: CopyUnit {
    static var prefersBlocks: Bool { false }
    let byteCount: Int

    @inline(__always)
    func move(_ source: UnsafeRawPointer, _ destination: UnsafeMutableRawPointer) {
        destination.copyMemory(from: source, byteCount: byteCount)
    }
}

/// Units along one side of the square that a transposing plane is cut into.
private let blockExtent = 16

extension CopyUnit {
    @inline(__always)
    func copy(
        _ rows: StridedCopy.Axis, _ columns: StridedCopy.Axis, _ source: UnsafeRawPointer,
        _ destination: UnsafeMutableRawPointer
    ) {
        let jumps = abs(columns.source) > abs(rows.source) && rows.source != 0
        let width = Self.prefersBlocks && jumps && rows.extent > 1 ? blockExtent : columns.extent
        var column = 0
        while column < columns.extent {
            let count = min(width, columns.extent - column)
            let from = source + column * columns.source, to = destination + column * columns.destination
            for row in 0..<rows.extent {
                copyRow(
                    count, from + row * rows.source, columns.source, to + row * rows.destination, columns.destination)
            }
            column += count
        }
    }

    @inline(__always)
    private func copyRow(
        _ count: Int, _ source: UnsafeRawPointer, _ sourceStride: Int, _ destination: UnsafeMutableRawPointer,
        _ destinationStride: Int
    ) {
        for index in 0..<count { move(source + index * sourceStride, destination + index * destinationStride) }
    }
}

/// Runs one strided copy from input `input` to output 0.
struct StridedCopyKernel: Kernel {
    let copy: StridedCopy
    var input = 0

    func run(_ context: KernelContext) {
        copy.run(from: context.input(input), to: context.output(0))
    }
}
