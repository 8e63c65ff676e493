/// Models that take memory or time.
extension TinyModel {
    /// Where the data of a model's initialiser are.
    enum WeightPlace: CaseIterable {
        case inModel, external

        static let externalFile = "weights.bin"
        /// The file that holds the data, beside the model.
        var file: String { self == .inModel ? "model.onnx" : Self.externalFile }
    }

    static let tableRowCount = 4096, tableRowLength = 16

    /// `y = table[i]`, where element `c` of row `r` is `16 r + c`.
    ///
    /// - Parameter name: of the table; its length moves the data in the file.
    static func table(named name: String, _ place: WeightPlace) -> TinyModel {
        let extents = [tableRowCount, tableRowLength]
        return weighted(name, extents, (0..<extents[0] * extents[1]).map(Float.init), place) { graph in
            graph.node("Gather", [name, "i"], ["y"])
            graph.input("i", .int64, ["n"])
            graph.output("y", .float, ["n", .known(tableRowLength)])
        }
    }

    /// `y = x · k I`, with `x` and `y` float32[n, width]: `width² · 4` bytes of weights.
    static func scaling(by k: Int, width: Int, _ place: WeightPlace = .inModel) -> TinyModel {
        weighted("w", [width, width], identity(width, times: Float(k)), place) { graph in
            graph.node("MatMul", ["x", "w"], ["y"])
            graph.input("x", .float, ["n", .known(width)])
            graph.output("y", .float, ["n", .known(width)])
        }
    }

    /// The sum of all elements of `x` float32[n, k] (as it is after three layers), by way of intermediate values as large as `x`.
    static let layers = TinyModel { graph in
        graph.node("Softmax", ["x"], ["a"])
        graph.node("Transpose", ["a"], ["b"])
        graph.node("Softmax", ["b"], ["c"])
        graph.node("ReduceSum", ["c"], ["y"]) { $0.attribute("keepdims", 0) }
        graph.input("x", .float, ["n", "k"])
        graph.output("y", .float, [])
    }

    /// Multiplies the 64 × 64 identity with itself as often as `m` int64[1] says: some 20 µs each time.
    static let slowLoop = TinyModel { graph in
        graph.floats("one", [64, 64], identity(64, times: 1))
        graph.node("Loop", ["m", "", "one"], ["y"], name: "rounds") { node in
            node.attribute("body") { body in
                body.text(2, "body")
                body.node("Identity", ["c"], ["again"])
                body.node("MatMul", ["v", "one"], ["next"])
                body.input("i", .int64, [])
                body.input("c", .bool, [])
                body.input("v", .float, [64, 64])
                body.output("again", .bool, [])
                body.output("next", .float, [64, 64])
            }
        }
        graph.input("m", .int64, [1])
        graph.output("y", .float, [64, 64])
    }

    private static func weighted(
        _ name: String, _ extents: [Int], _ values: [Float], _ place: WeightPlace, _ body: (inout ProtobufBytes) -> Void
    ) -> TinyModel {
        let files = place == .external ? [WeightPlace.externalFile: ProtobufBytes.raw(values)] : [:]
        return TinyModel(files: files) { graph in
            switch place {
            case .inModel: graph.floats(name, extents, values)
            case .external: graph.externalFloats(name, extents, file: WeightPlace.externalFile)
            }
            body(&graph)
        }
    }

    private static func identity(_ width: Int, times k: Float) -> [Float] {
        var values = [Float](repeating: 0, count: width * width)
        for index in 0..<width { values[index * (width + 1)] = k }
        return values
    }
}
