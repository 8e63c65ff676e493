import Tensors

/// A copy in which every output position along an axis names its source position, or none.
///
/// Position (i0, …, in) of the output is position (m0[i0], …, mn[in]) of the input, and the filler where one of them
/// is `MappedCopy.filler`. Pad and nearest-neighbour Resize are such copies. Axes that map to themselves are fused
/// with what lies inside them.
struct MappedCopy: Sendable {
    /// Marks a position that has no source.
    static let filler = -1

    private struct Axis: Sendable {
        let map: [Int]
        /// Bytes between neighbours.
        let source: Int
        let destination: Int
        /// Runs of the map: how long, and its first source position; neighbours follow each other. Only for the
        /// innermost axis, and only where they are longer than a few units.
        let runs: [Run]
    }

    private struct Run: Sendable {
        let start: Int
        let count: Int
        let source: Int
    }

    private let axes: [Axis]
    private let unitByteCount: Int
    private let elementByteCount: Int
    private let isEmpty: Bool
    private let hasFiller: Bool

    /// - Parameters:
    ///   - maps: for every axis of the output the source position of each place, or `filler`.
    init(input: Shape, maps: [[Int]], elementByteCount: Int) {
        self.elementByteCount = elementByteCount
        isEmpty = maps.contains { $0.isEmpty }
        hasFiller = maps.contains { $0.contains(Self.filler) }
        var innermost = input.rank
        while innermost > 0, maps[innermost - 1].elementsEqual(0..<input[innermost - 1]) { innermost -= 1 }
        unitByteCount = input.elementCount(in: innermost..<input.rank) * elementByteCount
        var axes: [Axis] = []
        var source = unitByteCount, destination = unitByteCount
        for axis in (0..<innermost).reversed() {
            let runs = axis == innermost - 1 ? Self.runs(of: maps[axis]) : []
            axes.append(
                Axis(
                    map: maps[axis], source: source, destination: destination,
                    runs: runs.count * 4 <= maps[axis].count ? runs : []))
            source *= input[axis]
            destination *= maps[axis].count
        }
        self.axes = axes.reversed()
    }

    private static func runs(of map: [Int]) -> [Run] {
        var runs: [Run] = []
        var start = 0
        while start < map.count {
            var end = start + 1
            let step = map[start] == filler ? 0 : 1
            while end < map.count, map[end] == map[end - 1] + step, map[end] != filler || step == 0 { end += 1 }
            runs.append(Run(start: start, count: end - start, source: map[start]))
            start = end
        }
        return runs
    }

    /// - Parameter filler: address of one element, read only where a map has `filler`.
    func run(
        from source: UnsafeRawPointer, to destination: UnsafeMutableRawPointer, filler: UnsafeRawPointer
    ) {
        guard !isEmpty else { return }
        guard !axes.isEmpty else {
            destination.copyMemory(from: source, byteCount: unitByteCount)
            return
        }
        axes.withUnsafeBufferPointer { axes in
            copy(axes, 0, source, destination, filler)
        }
    }

    private func copy(
        _ axes: UnsafeBufferPointer<Axis>, _ level: Int, _ source: UnsafeRawPointer,
        _ destination: UnsafeMutableRawPointer, _ filler: UnsafeRawPointer
    ) {
        let isInnermost = level == axes.count - 1
        if isInnermost, !axes[level].runs.isEmpty {
            copyRuns(axes[level], source, destination, filler)
            return
        }
        let sourceStride = axes[level].source, destinationStride = axes[level].destination
        axes[level].map.withUnsafeBufferPointer { map in
            if isInnermost {
                copyUnits(map, sourceStride, source, destination, filler)
                return
            }
            for position in 0..<map.count {
                let place = destination + position * destinationStride
                if map[position] < 0 {
                    fill(place, byteCount: destinationStride, filler)
                } else if position > 0, map[position] == map[position - 1] {
                    place.copyMemory(from: place - destinationStride, byteCount: destinationStride)
                } else {
                    copy(axes, level + 1, source + map[position] * sourceStride, place, filler)
                }
            }
        }
    }

    private func copyRuns(
        _ axis: Axis, _ source: UnsafeRawPointer, _ destination: UnsafeMutableRawPointer, _ filler: UnsafeRawPointer
    ) {
        let unit = unitByteCount
        axis.runs.withUnsafeBufferPointer { runs in
            for run in runs {
                let place = destination + run.start * unit
                if run.source < 0 {
                    fill(place, byteCount: run.count * unit, filler)
                } else {
                    place.copyMemory(from: source + run.source * unit, byteCount: run.count * unit)
                }
            }
        }
    }

    private func copyUnits(
        _ map: UnsafeBufferPointer<Int>, _ stride: Int, _ source: UnsafeRawPointer,
        _ destination: UnsafeMutableRawPointer, _ filler: UnsafeRawPointer
    ) {
        switch unitByteCount {
        case 1: copyFixed(UInt8.self, map, source, destination, filler)
        case 2 where elementByteCount == 2: copyFixed(UInt16.self, map, source, destination, filler)
        case 4 where elementByteCount == 4: copyFixed(UInt32.self, map, source, destination, filler)
        case 8 where elementByteCount == 8: copyFixed(UInt64.self, map, source, destination, filler)
        default:
            for position in 0..<map.count {
                let place = destination + position * unitByteCount
                if map[position] < 0 {
                    fill(place, byteCount: unitByteCount, filler)
                } else {
                    place.copyMemory(from: source + map[position] * stride, byteCount: unitByteCount)
                }
            }
        }
    }

    @inline(__always)
    private func copyFixed<Bits: FixedWidthInteger & BitwiseCopyable>(
        _: Bits.Type, _ map: UnsafeBufferPointer<Int>, _ source: UnsafeRawPointer,
        _ destination: UnsafeMutableRawPointer, _ filler: UnsafeRawPointer
    ) {
        let source = source.assumingMemoryBound(to: Bits.self)
        let destination = destination.assumingMemoryBound(to: Bits.self)
        guard hasFiller else {
            for position in 0..<map.count { destination[position] = source[map[position]] }
            return
        }
        for position in 0..<map.count {
            let from = map[position]
            destination[position] = from < 0 ? filler.loadUnaligned(as: Bits.self) : source[from]
        }
    }

    private func fill(_ destination: UnsafeMutableRawPointer, byteCount: Int, _ filler: UnsafeRawPointer) {
        fillElements(destination, count: byteCount / elementByteCount, elementByteCount: elementByteCount, filler)
    }
}

/// Writes `count` copies of the element at `element`.
func fillElements(
    _ destination: UnsafeMutableRawPointer, count: Int, elementByteCount: Int, _ element: UnsafeRawPointer
) {
    switch elementByteCount {
    case 1: fillFixed(UInt8.self, destination, count, element)
    case 2: fillFixed(UInt16.self, destination, count, element)
    case 4: fillFixed(UInt32.self, destination, count, element)
    case 16: fillFixed(SIMD2<UInt64>.self, destination, count, element)
    default: fillFixed(UInt64.self, destination, count, element)
    }
}

@inline(__always)
private func fillFixed<Bits: BitwiseCopyable>(
    _: Bits.Type, _ destination: UnsafeMutableRawPointer, _ count: Int, _ element: UnsafeRawPointer
) {
    let value = element.loadUnaligned(as: Bits.self)
    let places = destination.assumingMemoryBound(to: Bits.self)
    for index in 0..<count { places[index] = value }
}
