import GraphIR
import Tensors

/// What the masks of a TensorFlow slice (`x[1:, ..., tf.newaxis, 0]`) say about its list of bounds.
///
/// Bit i of a mask speaks of entry i of begins, ends and strides.
struct SliceMasks: Sendable {
    var begin = 0
    var end = 0
    var ellipsis = 0
    var newAxis = 0
    var shrink = 0

    init() {}

    init(_ reader: AttributeReader) throws(OperatorError) {
        begin = try reader.integer("begin_mask", default: 0)
        end = try reader.integer("end_mask", default: 0)
        ellipsis = try reader.integer("ellipsis_mask", default: 0)
        newAxis = try reader.integer("new_axis_mask", default: 0)
        shrink = try reader.integer("shrink_axis_mask", default: 0)
        guard ellipsis.nonzeroBitCount <= 1 else {
            throw .invalidAttribute(name: "ellipsis_mask", reason: "has more than one ellipsis")
        }
    }

    /// What the sliced tensor's axes become, in order.
    enum Place: Equatable, Sendable {
        /// The data's axis under bounds of that number; nil when it is kept whole.
        case axis(Int, entry: Int?)
        case newAxis
    }

    static func has(_ mask: Int, _ entry: Int) -> Bool { entry < Int.bitWidth && mask >> entry & 1 == 1 }

    /// The places that `count` entries make of `rank` axes.
    func places(count: Int, rank: Int) throws(OperatorError) -> [Place] {
        let axes = (0..<count).count { !Self.has(ellipsis, $0) && !Self.has(newAxis, $0) }
        guard axes <= rank else { throw .invalidValue("has bounds for \(axes) axes, input 0 has rank \(rank)") }
        var places: [Place] = []
        var axis = 0
        for entry in 0..<count {
            if Self.has(ellipsis, entry) {
                for _ in 0..<rank - axes {
                    places.append(.axis(axis, entry: nil))
                    axis += 1
                }
            } else if Self.has(newAxis, entry) {
                places.append(.newAxis)
            } else {
                places.append(.axis(axis, entry: entry))
                axis += 1
            }
        }
        places += (axis..<rank).map { .axis($0, entry: nil) }
        return places
    }

    /// Whether the axis under bounds `entry` goes.
    func drops(_ entry: Int?) -> Bool { entry.map { Self.has(shrink, $0) } ?? false }
}

/// Bounds that are known, as masks complete them.
struct SliceBounds: Sendable {
    let masks: SliceMasks
    let begins: [Int]
    let ends: [Int]
    let strides: [Int]

    init(_ masks: SliceMasks, begins: [Int], ends: [Int], strides: [Int]) throws(OperatorError) {
        guard begins.count == ends.count, begins.count == strides.count else {
            throw .invalidValue("has \(begins.count) begins, \(ends.count) ends and \(strides.count) strides; the counts must be equal")
        }
        self.masks = masks
        self.begins = begins
        self.ends = ends
        self.strides = strides
    }

    var count: Int { begins.count }

    /// The positions chosen along an axis of extent `extent`.
    func cut(_ entry: Int, axis: Int, extent: Int) throws(OperatorError) -> SliceCut {
        let stride = strides[entry], begin = begins[entry]
        guard stride != 0 else { throw .invalidValue("stride \(entry) is 0") }
        if masks.drops(entry) {
            guard stride > 0 else { throw .invalidValue("stride \(entry) is \(stride), only 1 goes with a single index") }
            let (moved, overflow) = begin.addingReportingOverflow(begin < 0 ? extent : 0)
            guard !overflow, moved >= 0, moved < extent else {
                throw .invalidValue("index \(begin) of axis \(axis) is out of bounds, the extent is \(extent)")
            }
            return SliceCut(first: moved, step: 1, count: 1)
        }
        let lowest = stride > 0 ? 0 : -1, highest = stride > 0 ? extent : extent - 1
        let first = SliceMasks.has(masks.begin, entry) ? (stride > 0 ? lowest : highest) : clamp(begin, extent, lowest, highest)
        let last = SliceMasks.has(masks.end, entry) ? (stride > 0 ? highest : lowest) : clamp(ends[entry], extent, lowest, highest)
        let distance = stride > 0 ? last - first : first - last
        // Both lie within the extent, so that nothing overflows; `magnitude` exists even for Int.min.
        let count = distance <= 0 ? 0 : Int((UInt(distance) - 1) / stride.magnitude) + 1
        return SliceCut(first: first, step: stride, count: count)
    }

    private func clamp(_ bound: Int, _ extent: Int, _ lowest: Int, _ highest: Int) -> Int {
        min(max(bound < 0 ? bound + extent : bound, lowest), highest)
    }

    /// Whether every position of an axis is taken in order, whatever its extent.
    func keepsWhole(_ entry: Int) -> Bool {
        strides[entry] == 1 && !masks.drops(entry) && SliceMasks.has(masks.end, entry)
            && (SliceMasks.has(masks.begin, entry) || begins[entry] == 0)
    }

    /// The box within data of shape `shape`: extents, and strides and offset in elements.
    func box(in shape: Shape) throws(OperatorError) -> (extents: [Int], strides: [Int], offset: Int, isWhole: Bool) {
        let own = shape.strides
        var extents: [Int] = [], strides: [Int] = [], offset = 0, isWhole = true
        for case .axis(let axis, let entry) in try masks.places(count: count, rank: shape.rank) {
            guard let entry else {
                extents.append(shape[axis])
                strides.append(own[axis])
                continue
            }
            let cut = try cut(entry, axis: axis, extent: shape[axis])
            extents.append(cut.count)
            isWhole = isWhole && cut.count == shape[axis] && (cut.step == 1 || cut.count <= 1)
            guard cut.count > 0 else {
                strides.append(0)
                continue
            }
            offset += cut.first * own[axis]
            // One element has no neighbour to step to, and a step may be as large as an integer can be.
            strides.append(cut.count == 1 ? 0 : own[axis] * cut.step)
        }
        return (extents, strides, offset, isWhole)
    }
}

/// Positions along one axis.
struct SliceCut: Sendable, Equatable {
    let first: Int
    let step: Int
    let count: Int
}
