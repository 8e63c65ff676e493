import GraphIR

/// TensorFlow's poolings.
enum ChannelsLastPoolOperators {
    static let spellings: [OperatorSpelling] = [
        pool("MaxPool", .maximum, rank: 4), pool("MaxPool3D", .maximum, rank: 5), pool("AvgPool", .average, rank: 4),
        pool("AvgPool3D", .average, rank: 5),
        .tensorFlow("MaxPoolV2") { reader throws(OperatorError) in
            var window = WindowAttributes()
            switch try reader.string("padding") {
            case "SAME": window.autoPadding = .sameUpper
            case "VALID": window.autoPadding = .valid
            case let other: throw .invalidAttribute(name: "padding", reason: "is \(other ?? "missing"), expected SAME or VALID")
            }
            let op = ChannelsLastPool(name: "MaxPoolV2", function: .maximum, rank: 4, window: window, readsWindow: true)
            guard try FilterWindow.layout(reader) == .channelsFirst else { return op }
            return ChannelsMoved(base: op, movedInputs: [0], lists: [1, 2])
        },
        .tensorFlow("MaxPoolWithArgmax") { reader throws(OperatorError) in try MaxPoolWithArgmax(reader) },
    ]

    private static func pool(_ name: String, _ function: ChannelsLastPool.Function, rank: Int) -> OperatorSpelling {
        .tensorFlow(name) { reader throws(OperatorError) in
            if function == .maximum, let group = try channelGroup(reader) { return group }
            let window = try FilterWindow(reader, rank: rank, kernel: "ksize")
            return window.adapt(ChannelsLastPool(name: name, function: function, rank: rank, window: window.attributes))
        }
    }

    /// A window of several channels and one pixel, moved by its own extent.
    private static func channelGroup(_ reader: AttributeReader) throws(OperatorError) -> (any Operator)? {
        guard try FilterWindow.layout(reader) == .channelsLast, let sizes = try reader.integers("ksize"), sizes.count == 4,
            sizes[3] != 1
        else { return nil }
        guard sizes[..<3] == [1, 1, 1], (1...WindowAttributes.limit).contains(sizes[3]), try reader.integers("strides") == sizes else {
            throw .unsupported("\(reader.node.operatorName) with a window of \(sizes)")
        }
        return ChannelGroupMaximum(group: sizes[3])
    }
}
