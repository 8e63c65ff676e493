import GraphIR
import Tensors

/// What a random network is made of: single operators, and patterns that passes look for.
extension RandomNetwork {
    mutating func addStep() {
        switch random.below(14) {
        case 0, 1: addUnary()
        case 2, 3: addBinary()
        case 4: addReduction()
        case 5, 6: addMovement()
        case 7: addProduct()
        case 8, 9: addConvolution()
        case 10: addPool()
        case 11: addNormalization()
        case 12: addPattern()
        default: addShapeArithmetic()
        }
    }

    // MARK: Element by element

    private static let unary: [(name: String, attributes: [String: Attribute], bound: @Sendable (Double) -> Double)] = [
        ("Relu", [:], { $0 }), ("Sigmoid", [:], { _ in 1 }), ("Tanh", [:], { _ in 1 }), ("Abs", [:], { $0 }), ("Neg", [:], { $0 }),
        ("Erf", [:], { _ in 1 }), ("Softplus", [:], { $0 + 1 }), ("Softsign", [:], { _ in 1 }), ("Identity", [:], { $0 }),
        ("LeakyRelu", ["alpha": .float(0.1)], { $0 }), ("Elu", ["alpha": .float(0.5)], { $0 }), ("Selu", [:], { 2 * $0 + 2 }),
        ("Celu", ["alpha": .float(1.5)], { $0 + 2 }), ("HardSigmoid", [:], { _ in 1 }), ("HardSwish", [:], { $0 + 1 }),
        ("ThresholdedRelu", ["alpha": .float(-40)], { $0 }), ("Sin", [:], { _ in 1 }), ("Cos", [:], { _ in 1 }),
        ("Atan", [:], { _ in 2 }), ("Asinh", [:], { $0 }),
    ]

    private mutating func addUnary() {
        guard let x = pick() else { return }
        let choice = random.pick(Self.unary)
        if random.below(8) == 0 {
            let low = constant(Tensor(scalar: Float(-0.5))), high = constant(Tensor(scalar: Float(1.5)))
            node("Clip", [x.name, low, high], shape: x.shape, bound: 2)
        } else if random.below(8) == 0 {
            let wide = node("Cast", [x.name], ["to": .integer(11)])
            node("Cast", [node("Neg", [wide])], ["to": .integer(1)], shape: x.shape, bound: x.bound)
        } else {
            node(choice.name, [x.name], choice.attributes, shape: x.shape, bound: choice.bound(x.bound))
        }
    }

    /// The shape that both broadcast to; nil when there is none.
    private static func broadcast(_ a: [Int], _ b: [Int]) -> [Int]? {
        let rank = max(a.count, b.count)
        let left = [Int](repeating: 1, count: rank - a.count) + a, right = [Int](repeating: 1, count: rank - b.count) + b
        guard zip(left, right).allSatisfy({ $0 == $1 || $0 == 1 || $1 == 1 }) else { return nil }
        return zip(left, right).map(max)
    }

    private mutating func addBinary() {
        guard let x = pick() else { return }
        let name = random.pick(["Add", "Sub", "Mul", "Max", "Min", "Div", "Pow", "Where", "PRelu", "Mean", "Sum"])
        let partner = pick { Self.broadcast(x.shape, $0.shape).map { $0.reduce(1, *) <= Self.elementLimit } ?? false }
        let isConstant = random.below(3) == 0 || ["Div", "Pow", "PRelu"].contains(name)
        var shape = x.shape
        for axis in shape.indices where random.below(2) == 0 { shape[axis] = 1 }
        let other = isConstant ? nil : partner
        let result = other.flatMap { Self.broadcast(x.shape, $0.shape) } ?? x.shape, bound = other?.bound ?? 2
        switch name {
        case "Div": node(name, [x.name, floats(shape, in: 0.5...2)], shape: x.shape, bound: 2 * x.bound)
        case "Pow": node(name, [x.name, constant(Tensor(scalar: Float(2)))], shape: x.shape, bound: x.bound * x.bound)
        case "PRelu": node(name, [x.name, floats(shape, in: 0.1...0.5)], shape: x.shape, bound: x.bound)
        case "Where":
            let flags = constant(Tensor((0..<shape.reduce(1, *)).map { _ in random.below(2) == 0 }, shape: Shape(shape)))
            node(name, [flags, x.name, other?.name ?? floats(shape)], shape: result, bound: max(x.bound, bound))
        default:
            let operands = random.below(2) == 0 ? [x.name, other?.name ?? floats(shape)] : [other?.name ?? floats(shape), x.name]
            node(name, operands, shape: result, bound: name == "Mul" ? x.bound * bound : x.bound + bound)
        }
    }

    // MARK: Axes

    private mutating func addReduction() {
        guard let x = pick({ !$0.shape.isEmpty }) else { return }
        let axis = random.below(x.shape.count), keeps = random.below(2) == 0, count = Double(x.shape[axis])
        let name = random.pick(["ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceL2", "ReduceLogSumExp", "CumSum", "Softmax"])
        if name == "CumSum" {
            node(name, [x.name, constant(Tensor(scalar: Int64(axis)))], shape: x.shape, bound: x.bound * count)
        } else if name == "Softmax" {
            node(random.pick([name, "LogSoftmax"]), [x.name], ["axis": .integer(Int64(axis))], shape: x.shape, bound: 2 * x.bound + 8)
        } else {
            var shape = x.shape
            if keeps { shape[axis] = 1 } else { shape.remove(at: axis) }
            var attributes: [String: Attribute] = ["keepdims": .integer(keeps ? 1 : 0)]
            var inputs = [x.name]
            if name == "ReduceSum" {
                inputs.append(integers([axis - x.shape.count]))
            } else {
                attributes["axes"] = .integers([Int64(axis)])
            }
            node(name, inputs, attributes, shape: shape, bound: x.bound * count + 4)
        }
    }

    private mutating func addMovement() {
        guard let x = pick({ !$0.shape.isEmpty }) else { return }
        let rank = x.shape.count, axis = random.below(rank), extent = x.shape[axis]
        var shape = x.shape
        switch random.below(10) {
        case 0:
            let order = x.shape.indices.shuffled(using: &random)
            node("Transpose", [x.name], ["perm": .integers(order.map(Int64.init))], shape: order.map { x.shape[$0] }, bound: x.bound)
        case 1:
            node(
                "Flatten", [x.name], ["axis": .integer(Int64(axis))],
                shape: [x.shape[..<axis].reduce(1, *), x.shape[axis...].reduce(1, *)], bound: x.bound)
        case 2:
            shape.insert(1, at: axis)
            guard shape.count <= 5 else { return }
            node("Unsqueeze", [x.name, integers([axis])], shape: shape, bound: x.bound)
        case 3:
            guard let other = pick({ $0.shape == x.shape }) else { return }
            shape[axis] += other.shape[axis]
            node("Concat", [x.name, other.name], ["axis": .integer(Int64(axis - rank))], shape: shape, bound: max(x.bound, other.bound))
        case 4 where extent > 1:
            let cut = 1 + random.below(extent - 1)
            var first = shape, second = shape
            (first[axis], second[axis]) = (cut, extent - cut)
            let sizes = integers([cut, extent - cut])
            nodes("Split", [x.name, sizes], ["axis": .integer(Int64(axis))], shapes: [first, second], bound: x.bound)
        case 5 where extent > 2:
            shape[axis] = extent / 2
            node(
                "Slice", [x.name, integers([1]), integers([extent]), integers([axis]), integers([2])], shape: shape, bound: x.bound)
        case 6:
            shape[axis] = 3
            let chosen = integers((0..<3).map { _ in random.below(extent) })
            node("Gather", [x.name, chosen], ["axis": .integer(Int64(axis))], shape: shape, bound: x.bound)
        case 7 where x.shape.reduce(1, *) < Self.elementLimit / 2:
            var repeats = [Int](repeating: 1, count: rank)
            (repeats[axis], shape[axis]) = (2, 2 * extent)
            node("Tile", [x.name, integers(repeats)], shape: shape, bound: x.bound)
        case 8:
            var pads = [Int](repeating: 0, count: 2 * rank)
            (pads[axis], pads[rank + axis]) = (1, 2)
            shape[axis] += 3
            let mode = random.pick(extent > 2 ? ["constant", "edge", "reflect"] : ["constant", "edge"])
            node("Pad", [x.name, integers(pads)], ["mode": .string(mode)], shape: shape, bound: x.bound)
        default:
            node(
                "Reshape", [x.name, integers([x.shape[0], -1])],
                shape: [x.shape[0], x.shape.dropFirst().reduce(1, *)], bound: x.bound)
        }
    }

    /// A shape that is computed while the network runs.
    private mutating func addShapeArithmetic() {
        guard let x = pick({ $0.shape.count >= 2 }) else { return }
        let shape = node("Shape", [x.name])
        let first = node("Gather", [shape, integers([0])])
        let wanted = node("Concat", [first, integers([-1])], ["axis": .integer(0)])
        let flat = node("Reshape", [x.name, wanted])
        if random.below(2) == 0 {
            node("Reshape", [flat, shape], shape: x.shape, bound: x.bound)
        } else {
            let filled = node("ConstantOfShape", [shape], ["value": .tensor(Tensor([Float(0.5)], shape: [1]))])
            node("Add", [x.name, filled], shape: x.shape, bound: x.bound + 1)
        }
    }

    // MARK: Layers

    private mutating func addProduct() {
        guard let x = pick({ $0.shape.count >= 2 && $0.shape.last ?? 0 > 0 }) else { return }
        let width = x.shape[x.shape.count - 1], columns = random.pick([1, 4, 7, 16]), bound = x.bound * Double(width) / 2
        let shape = x.shape.dropLast() + [columns]
        if x.shape.count == 2, random.below(2) == 0 {
            let turns = random.below(2) == 0
            let weights = floats(turns ? [columns, width] : [width, columns], in: -0.5...0.5)
            node(
                "Gemm", [x.name, weights, floats([columns])], ["transB": .integer(turns ? 1 : 0), "alpha": .float(0.5)],
                shape: Array(shape), bound: bound + 1)
            return
        }
        let product = node("MatMul", [x.name, floats([width, columns], in: -0.5...0.5)], shape: Array(shape), bound: bound)
        if random.below(2) == 0 { node("Add", [product, floats([columns])], shape: Array(shape), bound: bound + 1) }
    }

    private mutating func addConvolution() {
        guard let x = pick({ (3...4).contains($0.shape.count) && $0.shape.dropFirst(2).allSatisfy { $0 >= 3 } }) else { return }
        let channels = x.shape[1], axes = x.shape.count - 2, isDepthwise = random.below(3) == 0
        let kernel = random.pick([1, 3]), stride = 1 + random.below(2), pad = random.below(2)
        let filters = isDepthwise ? channels : random.pick([2, 5, 16])
        let taps = [Int](repeating: kernel, count: axes)
        let weights = floats([filters, isDepthwise ? 1 : channels] + taps, in: -0.5...0.5)
        let attributes: [String: Attribute] = [
            "group": .integer(isDepthwise ? Int64(channels) : 1), "strides": .integers([Int64](repeating: Int64(stride), count: axes)),
            "pads": .integers([Int64](repeating: Int64(pad), count: 2 * axes)),
        ]
        let shape = [x.shape[0], filters] + x.shape.dropFirst(2).map { ($0 + 2 * pad - kernel) / stride + 1 }
        var bound = x.bound * Double((isDepthwise ? 1 : channels) * taps.reduce(1, *)) / 2 + 1
        var last = node("Conv", [x.name, weights, floats([filters])], attributes, shape: shape, bound: bound)
        if random.below(2) == 0 {
            let parameters = [
                floats([filters], in: 0.5...1.5), floats([filters]), floats([filters]), floats([filters], in: 0.5...2),
            ]
            bound = 3 * bound + 4
            last = node("BatchNormalization", [last] + parameters, shape: shape, bound: bound)
        }
        if let residual = values.first(where: { $0.shape == shape && $0.name != last }), random.below(3) == 0 {
            bound += residual.bound
            last = node("Add", [last, residual.name], shape: shape, bound: bound)
        }
        if random.below(2) == 0 { node(random.pick(["Relu", "Sigmoid", "HardSwish"]), [last], shape: shape, bound: bound + 1) }
    }

    private mutating func addPool() {
        guard let x = pick({ $0.shape.count == 4 && $0.shape[2] >= 3 && $0.shape[3] >= 3 }) else { return }
        if random.below(3) == 0 {
            let shape = Array(x.shape.prefix(2)) + [1, 1]
            node(random.pick(["GlobalAveragePool", "GlobalMaxPool"]), [x.name], shape: shape, bound: x.bound)
            return
        }
        let pad = random.below(2)
        let shape = x.shape.prefix(2) + x.shape.dropFirst(2).map { ($0 + 2 * pad - 3) / 2 + 1 }
        node(
            random.pick(["MaxPool", "AveragePool"]), [x.name],
            [
                "kernel_shape": .integers([3, 3]), "strides": .integers([2, 2]),
                "pads": .integers([Int64](repeating: Int64(pad), count: 4)),
            ],
            shape: Array(shape), bound: x.bound)
    }

    private mutating func addNormalization() {
        guard let x = pick({ $0.shape.count >= 3 && $0.shape.last ?? 0 >= 3 }) else { return }
        let width = x.shape[x.shape.count - 1], channels = x.shape[1]
        // Wide enough that small variances do not blow differences up.
        let epsilon: [String: Attribute] = ["epsilon": .float(0.01)]
        if random.below(2) == 0 {
            let inputs = [x.name, floats([width]), floats([width])]
            node("LayerNormalization", inputs, epsilon, shape: x.shape, bound: Double(width).squareRoot() + 1)
        } else {
            let count = x.shape.dropFirst(2).reduce(1, *), inputs = [x.name, floats([channels]), floats([channels])]
            node("InstanceNormalization", inputs, epsilon, shape: x.shape, bound: Double(count).squareRoot() + 1)
        }
    }

    // MARK: Patterns

    private mutating func addPattern() {
        guard let x = pick({ !$0.shape.isEmpty }) else { return }
        switch random.below(4) {
        case 0:
            node("Mul", [x.name, node("Sigmoid", [x.name])], shape: x.shape, bound: x.bound)
        case 1:
            let scaled = node("Div", [x.name, constant(Tensor(scalar: Float(2).squareRoot()))])
            let raised = node("Add", [node("Erf", [scaled]), constant(Tensor(scalar: Float(1)))])
            let half = node("Mul", [x.name, raised])
            node("Mul", [half, constant(Tensor(scalar: Float(0.5)))], shape: x.shape, bound: x.bound)
        case 2:
            node("Mul", [x.name, node("Tanh", [node("Softplus", [x.name])])], shape: x.shape, bound: x.bound)
        default:
            addBranches(x)
        }
    }

    /// An `If` whose condition follows from a shape.
    private mutating func addBranches(_ x: Value) {
        let size = node("Size", [x.name]), limit = constant(Tensor(scalar: Int64(random.below(2) == 0 ? 0 : 1 << 30)))
        let condition = node("Greater", [size, limit])
        func branch(_ operatorName: String, _ output: String) -> Attribute {
            let inner = SourceNode(
                name: "\(operatorName)_\(output)", operatorName: operatorName, version: Self.version, inputs: [x.name], outputs: [output])
            return .graph(
                SourceGraph(
                    name: output, dialect: .onnx, outputs: [SourceValue(name: output, type: nil as ValueType?)], nodes: [inner]))
        }
        let branches = ["then_branch": branch("Tanh", name("b")), "else_branch": branch("Neg", name("b"))]
        node("If", [condition], branches, shape: x.shape, bound: max(x.bound, 1))
    }
}
