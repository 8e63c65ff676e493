import GraphIR
import Tensors

/// The attributes of TensorFlow's operators with windows: lists with one number for each axis of the data, in the data's layout.
///
/// Source: attributes `strides`, `dilations`, `padding`, `explicit_paddings`, `data_format`.
struct FilterWindow: Sendable {
    let layout: TensorLayout
    let attributes: WindowAttributes

    /// - Parameters:
    ///   - rank: axes of the data.
    ///   - kernel: the attribute that holds the window's extents, where there is one (`ksize`).
    init(_ reader: AttributeReader, rank: Int, kernel: String? = nil) throws(OperatorError) {
        layout = try Self.layout(reader)
        let axes = layout.spatialAxes(rank: rank)
        var result = WindowAttributes()
        if let kernel { result.kernel = try Self.spatial(reader, kernel, rank, axes, isRequired: true) }
        result.strides = try Self.spatial(reader, "strides", rank, axes, isRequired: true)
        result.dilations = try Self.spatial(reader, "dilations", rank, axes, isRequired: false)
        (result.autoPadding, result.pads) = try Self.padding(reader, rank, axes)
        attributes = result
    }

    static func layout(_ reader: AttributeReader) throws(OperatorError) -> TensorLayout {
        switch try reader.string("data_format", default: "NHWC") {
        case "NHWC", "NDHWC", "NWC", "CHANNELS_LAST": return .channelsLast
        case "NCHW", "NCDHW", "NCW", "CHANNELS_FIRST": return .channelsFirst
        case let other: throw .unsupported("data_format \"\(other)\"")
        }
    }

    /// The numbers of a list that belong to the axes of space; the others must be 1.
    static func spatial(
        _ reader: AttributeReader, _ name: String, _ rank: Int, _ axes: Range<Int>, isRequired: Bool
    ) throws(OperatorError) -> [Int]? {
        guard let values = try reader.integers(name), !values.isEmpty else {
            guard isRequired else { return nil }
            throw .invalidAttribute(name: name, reason: "is missing")
        }
        return try spatial(values, name, rank, axes)
    }

    static func spatial(_ values: [Int], _ name: String, _ rank: Int, _ axes: Range<Int>) throws(OperatorError) -> [Int] {
        guard values.count == rank else {
            throw .invalidAttribute(name: name, reason: "has \(values.count) values, expected \(rank)")
        }
        for (axis, value) in values.enumerated() where !axes.contains(axis) && value != 1 {
            throw .unsupported("\(name) \(values) with \(value) along the axis of images or channels")
        }
        let spatial = Array(values[axes])
        try WindowAttributes.check(name, spatial, atLeast: 1)
        return spatial
    }

    private static func padding(
        _ reader: AttributeReader, _ rank: Int, _ axes: Range<Int>
    ) throws(OperatorError) -> (AutoPadding, [Int]?) {
        switch try reader.string("padding") {
        case "SAME": return (.sameUpper, nil)
        case "VALID": return (.valid, nil)
        case "EXPLICIT":
            let pads = try reader.integers("explicit_paddings") ?? []
            guard pads.count == 2 * rank else {
                throw .invalidAttribute(name: "explicit_paddings", reason: "has \(pads.count) values, expected \(2 * rank)")
            }
            for axis in 0..<rank where !axes.contains(axis) && (pads[2 * axis] != 0 || pads[2 * axis + 1] != 0) {
                throw .invalidAttribute(name: "explicit_paddings", reason: "is \(pads), which pads images or channels")
            }
            let spatial = axes.map { pads[2 * $0] } + axes.map { pads[2 * $0 + 1] }
            try WindowAttributes.check("explicit_paddings", spatial, atLeast: 0)
            return (.explicit, spatial)
        case let other: throw .invalidAttribute(name: "padding", reason: "is \(other ?? "missing"), expected SAME, VALID or EXPLICIT")
        }
    }

    /// `op`, which takes channels-last data, as it takes data of this layout.
    func adapt(_ op: any Operator, moved: Set<Int> = [0], lists: Set<Int> = [], keepsImagesApart: Bool = true) -> any Operator {
        layout == .channelsLast
            ? op : ChannelsMoved(base: op, movedInputs: moved, lists: lists, keepsImagesApart: keepsImagesApart)
    }
}
