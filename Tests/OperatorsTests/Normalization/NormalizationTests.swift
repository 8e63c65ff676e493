import GraphIR
import Operators
import Tensors
import Testing

@Suite("Normalisation")
struct NormalizationTests {
    private static let makers: [(ElementType, @Sendable (Shape, UInt64) -> Tensor)] = [
        (.float32, { SampleData.floats($0, seed: $1) }), (.float64, { SampleData.doubles($0, seed: $1) }),
    ]

    /// (values − mean) / sqrt(variance + epsilon)
    private func normalized(_ values: some Collection<Double>, epsilon: Double, centred: Bool = true) -> [Double] {
        let mean = centred ? values.reduce(0, +) / Double(values.count) : 0
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
        return values.map { ($0 - mean) / (variance + epsilon).squareRoot() }
    }

    @Test(
        "BatchNormalization uses recorded statistics",
        arguments: [[2, 3, 4, 5], [1, 5, 33], [4, 7], [3], [0, 3, 2], [2, 3, 0]])
    func batch(_ extents: [Int]) throws {
        let shape = Shape(extents), channels = extents.count < 2 ? 1 : extents[1]
        for (type, make) in Self.makers {
            let x = make(shape, 1), scale = make([channels], 2), bias = make([channels], 3), mean = make([channels], 4)
            let spread = make([channels], 5).numbers.map { abs($0) + 0.5 }
            let variance =
                type == .float32 ? Tensor(spread.map(Float.init), shape: [channels]) : Tensor(spread, shape: [channels])
            let plane = extents.dropFirst(2).reduce(1, *)
            let (s, b, m) = (scale.numbers, bias.numbers, mean.numbers)
            let expected = x.numbers.enumerated().map { index, value in
                let c = index / plane % channels
                return (value - m[c]) / (spread[c] + Double(Float(1e-3))).squareRoot() * s[c] + b[c]
            }
            for (isa, outputs) in try evaluateOnEveryLevel(BatchNormalization(epsilon: 1e-3), [x, scale, bias, mean, variance]) {
                expectClose(outputs[0], expected, shape: extents, scale: 4, "\(type) \(isa.name)")
            }
        }
    }

    struct LayerCase: Sendable {
        let x: [Int], axis: Int, scale: [Int], bias: [Int]?
    }

    static let layers = [
        LayerCase(x: [2, 3, 16], axis: -1, scale: [16], bias: [16]), LayerCase(x: [5, 17], axis: 1, scale: [17], bias: nil),
        LayerCase(x: [2, 3, 4], axis: 1, scale: [3, 4], bias: [3, 4]),
        LayerCase(x: [2, 3, 4], axis: -2, scale: [4], bias: [3, 1]),
        LayerCase(x: [2, 3, 4], axis: 0, scale: [1], bias: [2, 1, 4]), LayerCase(x: [1, 1], axis: -1, scale: [1], bias: [1]),
        LayerCase(x: [3, 65], axis: -1, scale: [1, 65], bias: [65]), LayerCase(x: [0, 4], axis: -1, scale: [4], bias: nil),
        LayerCase(x: [7], axis: 0, scale: [7], bias: [7]),
    ]

    @Test("LayerNormalization and RMSNormalization normalise the last axes", arguments: layers.indices)
    func layer(_ index: Int) throws {
        let item = Self.layers[index], rank = item.x.count
        let first = item.axis < 0 ? item.axis + rank : item.axis
        let inner = Array(item.x[first...]), columns = inner.reduce(1, *), rows = item.x[..<first].reduce(1, *)
        for (type, make) in Self.makers {
            let x = make(Shape(item.x), 1), scale = make(Shape(item.scale), 2), bias = item.bias.map { make(Shape($0), 3) }
            let values = x.numbers, s = spread(scale.numbers, item.scale, over: inner)
            let b = bias.map { spread($0.numbers, item.bias ?? [], over: inner) }
            for centres in [true, false] {
                let expected = (0..<rows).flatMap { row in
                    let all = normalized(
                        values[row * columns..<(row + 1) * columns], epsilon: Double(Float(1e-5)), centred: centres)
                    return all.indices.map { all[$0] * s[$0] + (centres ? b?[$0] ?? 0 : 0) }
                }
                let op = LayerNormalization(axis: item.axis, centres: centres)
                let inputs = centres ? bias.map { [x, scale, $0] } ?? [x, scale] : [x, scale]
                for (isa, outputs) in try evaluateOnEveryLevel(op, inputs) {
                    expectClose(outputs[0], expected, shape: item.x, scale: 10, "\(item) \(type) \(isa.name)")
                }
            }
        }
    }

    /// A parameter broadcast to the normalised axes.
    private func spread(_ values: [Double], _ shape: [Int], over inner: [Int]) -> [Double] {
        let trailing = Array(shape.suffix(inner.count))
        let extents = [Int](repeating: 1, count: inner.count - trailing.count) + trailing
        return (0..<inner.reduce(1, *)).map { index in
            var rest = index, offset = 0, stride = 1
            for axis in inner.indices.reversed() {
                offset += extents[axis] == 1 ? 0 : rest % inner[axis] * stride
                stride *= extents[axis]
                rest /= inner[axis]
            }
            return values[offset]
        }
    }

    @Test("LayerNormalization gives mean and inverse deviation on request")
    func statistics() throws {
        let x = Tensor([1, 3, 10, 20] as [Float], shape: [2, 2]), one = Tensor([1, 1] as [Float], shape: [2])
        for (_, outputs) in try evaluateOnEveryLevel(LayerNormalization(epsilon: 0), [x, one, one], outputs: 3) {
            #expect(outputs[1].values(Float.self) == [2, 15])
            #expect(outputs[2].values(Float.self) == [1, 0.2])
            #expect(outputs[1].shape == [2, 1])
        }
    }

    @Test("LayerNormalization keeps its digits far from zero")
    func offset() throws {
        let row = (0..<64).map { Float(10_000 + $0 % 2) }
        let x = Tensor(row, shape: [1, 64]), one = Tensor([Float](repeating: 1, count: 64), shape: [64])
        for (_, outputs) in try evaluateOnEveryLevel(LayerNormalization(epsilon: 0), [x, one]) {
            #expect(outputs[0].values(Float.self) == row.map { $0 > 10_000 ? 1 : -1 })
        }
    }

    @Test(
        "Instance- and GroupNormalization normalise runs of channels",
        arguments: [[2, 6, 5], [1, 4, 3, 7], [1, 12, 17], [0, 2, 4]])
    func groups(_ extents: [Int]) throws {
        let channels = extents[1], plane = extents.dropFirst(2).reduce(1, *)
        for (type, make) in Self.makers {
            for (groups, scalesGroups) in [(nil, false), (2, false), (2, true), (1, false)] as [(Int?, Bool)] {
                let op = GroupNormalization(groups: groups, epsilon: 1e-2, scalesGroups: scalesGroups)
                let parameters = scalesGroups ? groups ?? 1 : channels, each = channels / (groups ?? channels)
                let x = make(Shape(extents), 1), scale = make([parameters], 2), bias = make([parameters], 3)
                let (values, s, b) = (x.numbers, scale.numbers, bias.numbers)
                let expected = stride(from: 0, to: values.count, by: max(each * plane, 1)).flatMap { start in
                    let all = normalized(values[start..<start + each * plane], epsilon: Double(Float(1e-2)))
                    return all.indices.map { index in
                        let channel = (start + index) / plane % channels, parameter = scalesGroups ? channel / each : channel
                        return all[index] * s[parameter] + b[parameter]
                    }
                }
                for (isa, outputs) in try evaluateOnEveryLevel(op, [x, scale, bias]) {
                    expectClose(
                        outputs[0], expected, shape: extents, scale: 10, "\(type) \(String(describing: groups)) \(isa.name)")
                }
            }
        }
    }

    @Test("LRN divides by the energy of neighbouring channels", arguments: [1, 2, 3, 5, 20])
    func local(_ size: Int) throws {
        for extents in [[2, 7, 3, 6], [1, 1, 17], [1, 4], [0, 3, 2]] {
            let channels = extents[1], columns = extents.dropFirst(2).reduce(1, *)
            for (type, make) in Self.makers {
                let x = make(Shape(extents), 1), values = x.numbers
                for beta in [0.75, 0.5] as [Float] {
                    let expected = values.indices.map { index in
                        let c = index / columns % channels, base = index - c * columns
                        let near = max(c - (size - 1) / 2, 0)...min(c + size / 2, channels - 1)
                        let sum = near.reduce(0) { $0 + values[base + $1 * columns] * values[base + $1 * columns] }
                        return values[index] / power(2 + 0.5 / Double(size) * sum, Double(beta))
                    }
                    let op = LocalResponseNormalization(size: size, alpha: 0.5, beta: beta, bias: 2)
                    for (isa, outputs) in try evaluateOnEveryLevel(op, [x]) {
                        expectClose(outputs[0], expected, shape: extents, "\(type) \(isa.name)")
                    }
                }
            }
        }
    }

    @Test("MeanVarianceNormalization normalises over chosen axes")
    func meanVariance() throws {
        let x = SampleData.floats([2, 3, 2, 2]), values = x.numbers
        let result = try evaluate(MeanVarianceNormalization(), [x])[0].numbers
        for channel in 0..<3 {
            let members = values.indices.filter { $0 / 4 % 3 == channel }
            for (index, expected) in zip(members, normalized(members.map { values[$0] }, epsilon: 0)) {
                #expect(abs(result[index] - expected) < 1e-5)
            }
        }
        let all = try evaluate(MeanVarianceNormalization(axes: [-1, 0, 1, 2], scales: false), [x])[0].numbers
        let mean = values.reduce(0, +) / 24
        #expect(zip(all, values).allSatisfy { abs($0 - ($1 - mean)) < 1e-6 })
    }

    @Test("refuses what does not fit and says why")
    func refuses() {
        func infer(_ op: any Operator, _ shapes: [[Int]], _ type: ElementType = .float32) throws {
            _ = try op.infer(OperatorInputs(shapes.map { ValueFact(type, Shape($0)) }))
        }
        expectRefusal(["input 3", "2 values", "3 channels"]) {
            try infer(BatchNormalization(), [[1, 3, 4], [3], [3], [2], [3]])
        }
        expectRefusal(["4 inputs", "5"]) { try infer(BatchNormalization(), [[1, 3, 4], [3], [3], [3]]) }
        expectRefusal(["axis", "2", "-2 to 1"]) { try infer(LayerNormalization(axis: 2), [[3, 4], [4]]) }
        expectRefusal(["input 1", "[3]", "[4]"]) { try infer(LayerNormalization(), [[3, 4], [3]]) }
        expectRefusal(["num_groups", "4", "6 channels"]) { try infer(GroupNormalization(groups: 4), [[1, 6, 2], [6], [6]]) }
        expectRefusal(["input 2", "[1,6]"]) { try infer(GroupNormalization(groups: nil), [[1, 6, 2], [6], [1, 6]]) }
        expectRefusal(["axes", "4"]) { try infer(MeanVarianceNormalization(axes: [4]), [[1, 2, 3]]) }
        expectRefusal(["input 0", "int64"]) { try infer(LocalResponseNormalization(size: 3), [[1, 2]], .int64) }
    }

    @Test("BatchNormalization in training uses the batch's own statistics and moves the recorded ones")
    func training() throws {
        let op = try makeOperator(
            "BatchNormalization", in: NormalizationOperators.spellings, version: 15, inputs: 5, outputs: 3,
            attributes: ["training_mode": .integer(1), "epsilon": .float(0), "momentum": .float(0.75)])
        let x = Tensor([1, 3, 10, 20, 5, 7, 30, 40] as [Float], shape: [2, 2, 2])
        let scale = Tensor([1, 2] as [Float], shape: [2]), bias = Tensor([0, 1] as [Float], shape: [2])
        let mean = Tensor([8, -5] as [Float], shape: [2]), variance = Tensor([1, 3] as [Float], shape: [2])
        let outputs = try evaluate(op, [x, scale, bias, mean, variance], outputs: 3)
        let (a, b) = (5.0.squareRoot(), 125.0.squareRoot())
        expectNumbers(
            outputs[0], [-3 / a, -1 / a, 1 - 30 / b, 1 - 10 / b, 1 / a, 3 / a, 1 + 10 / b, 1 + 30 / b], relative: 1e-5)
        expectNumbers(outputs[1], [7, 2.5], relative: 1e-6)
        expectNumbers(outputs[2], [2, 33.5], relative: 1e-6)
    }

    @Test("large constants leave nothing but the bias")
    func largeMeans() throws {
        let x = Tensor([-1.5, -0.5, 0.5, 1.5] + [Float](repeating: 12345.678, count: 4), shape: [1, 2, 4])
        let pair = Tensor([1, 1] as [Float], shape: [2]), bias = Tensor([0, 3] as [Float], shape: [2])
        let instance = try makeOperator("InstanceNormalization", in: NormalizationOperators.spellings, version: 6, inputs: 3)
        let channels: [Double] = [-1.3416355, -0.4472118, 0.4472118, 1.3416355, 3, 3, 3, 3]
        expectNumbers(try evaluate(instance, [x, pair, bias])[0], channels, absolute: 1e-5)
        let ones = Tensor([1, 1, 1, 1] as [Float], shape: [4])
        let rows: [Double] = [-1.3416355, -0.4472118, 0.4472118, 1.3416355, 0, 0, 0, 0]
        expectNumbers(try evaluate(LayerNormalization(), [x, ones])[0], rows, absolute: 1e-5)
    }

    @Test("LpNormalization divides lines by their norm; lines of zeros stay")
    func norms() throws {
        let x = Tensor([3, -4, 0, 0] as [Float], shape: [2, 2])
        let cases: [(order: Int, norms: [Double])] = [(1, [3.0 / 7, -4.0 / 7, 0, 0]), (2, [0.6, -0.8, 0, 0])]
        for (order, expected) in cases {
            let op = try makeOperator(
                "LpNormalization", in: NormalizationOperators.spellings, version: 22, attributes: ["p": .integer(Int64(order))])
            expectNumbers(try evaluate(op, [x])[0], expected, relative: 1e-6)
        }
    }

    @Test("refuses training without an opset that says what it is")
    func refusesTraining() {
        func make(_ version: Int, _ outputs: [String], _ attributes: [String: Attribute]) throws {
            let node = SourceNode(
                name: "n", operatorName: "BatchNormalization", version: version, inputs: ["x", "s", "b", "m", "v"],
                outputs: outputs, attributes: attributes)
            let spelling = OperatorCatalog(NormalizationOperators.spellings).spelling(for: node, dialect: .onnx)
            _ = try #require(spelling).make(AttributeReader(node))
        }
        expectRefusal(["training"]) { try make(9, ["y", "m", "v"], [:]) }
        expectRefusal(["spatial"]) { try make(7, ["y"], ["spatial": .integer(0)]) }
        #expect(throws: Never.self) { try make(9, ["y", "", ""], ["spatial": .integer(1), "momentum": .float(0.9)]) }
    }
}
