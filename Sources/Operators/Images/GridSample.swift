import GraphIR
import Tensors

/// Images resampled at given places.
///
/// - Shapes: x [N, C, spatial…] with one to three spatial axes, grid [N, places…, axes] (coordinates from −1 to 1, the innermost
///   axis first) → [N, C, places…].
/// - Types: floating-point numbers; mode `nearest` takes any. The grid's type may be another one.
/// - Numerics: places are computed in the grid's precision; what lies half-way between two elements goes to the even one.
/// - Source: ONNX operator GridSample, opsets 16 (images only), 20 and 22.
struct GridSample: Operator {
    enum Mode: String, CaseIterable, Sendable { case linear, nearest, cubic }
    /// The names of opset 16.
    private enum ImageMode: String, CaseIterable { case bilinear, nearest, bicubic }
    enum Padding: String, CaseIterable, Sendable { case zeros, border, reflection }

    let mode: Mode
    let padding: Padding
    let alignsCorners: Bool
    let spatialAxes: ClosedRange<Int>

    init(_ reader: AttributeReader) throws(OperatorError) {
        if reader.version < 20 {
            let mode: ImageMode = try reader.choice("mode", default: .bilinear)
            self.mode = mode == .nearest ? .nearest : mode == .bilinear ? .linear : .cubic
            spatialAxes = 2...2
        } else {
            mode = try reader.choice("mode", default: .linear)
            spatialAxes = 1...3
        }
        padding = try reader.choice("padding_mode", default: .zeros)
        alignsCorners = try reader.flag("align_corners", default: false)
    }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...2)
        let x = try inputs.required(0, of: mode == .nearest ? ElementTypes.dense : ElementTypes.floatingPoint)
        let grid = try inputs.required(1, of: ElementTypes.floatingPoint)
        if let shape = x.shape { try check(shape) }
        if let shape = grid.shape { try check(grid: shape, rank: x.rank) }
        guard let rank = x.rank ?? grid.rank else { return [ValueFact(x.elementType, nil as SymbolicShape?)] }
        let image = x.shape ?? SymbolicShape(unknownRank: rank), places = grid.shape ?? SymbolicShape(unknownRank: rank)
        guard let batch = Dimension.unified(image[0], places[0]) else {
            throw .invalidInput(index: 1, reason: "has shape \(places), which is not for the images \(image)")
        }
        let shape = SymbolicShape([batch, image[1]] + places.dimensions[1..<rank - 1])
        return [ValueFact(x.elementType, try shape.checked("the output"))]
    }

    private func check(_ shape: SymbolicShape) throws(OperatorError) {
        guard spatialAxes.contains(shape.rank - 2) else {
            throw .invalidInput(
                index: 0, reason: "has rank \(shape.rank), expected \(spatialAxes.lowerBound + 2) to \(spatialAxes.upperBound + 2)")
        }
        for extent in shape.dimensions.dropFirst(2).compactMap(\.value) where !(1...Self.largestExtent).contains(extent) {
            throw .invalidInput(index: 0, reason: "has shape \(shape), expected axes of 1 to \(Self.largestExtent)")
        }
    }

    private func check(grid shape: SymbolicShape, rank: Int?) throws(OperatorError) {
        guard spatialAxes.contains(shape.rank - 2), shape.rank == rank ?? shape.rank else {
            throw .invalidInput(index: 1, reason: "has rank \(shape.rank), expected that of input 0")
        }
        guard shape[shape.rank - 1].value ?? shape.rank - 2 == shape.rank - 2 else {
            throw .invalidInput(index: 1, reason: "has shape \(shape), expected \(shape.rank - 2) coordinates last")
        }
    }

    /// Positions along an axis are exact in every type that they are computed in, and far from the end of the integers.
    private static let largestExtent = 1 << 24

    /// Every image has its own part of the grid.
    func rows(_ inputs: RowInputs) -> RowFlow {
        guard inputs.axis(0) == 0, inputs.axis(1) == 0 else { return .mixed(RowReason.positional) }
        return .rows(axis: 0, of: inputs)
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        if context.makesNothing { return .nothing }
        return try HalfPrecisionBridge.compile(context, compileWide)
    }

    private func compileWide(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let isWide = try context.input(1).elementType == .float64
        let geometry = GridGeometry(try context.input(0).shape, output: context.outputs[0].shape)
        return isWide ? try compile(context, geometry, Double.self) : try compile(context, geometry, Float.self)
    }

    private func compile<Place: SamplingScalar>(
        _ context: CompileContext, _ geometry: GridGeometry, _: Place.Type
    ) throws(OperatorError) -> CompiledOperator {
        let rules = geometry.input.map {
            SamplingRule<Place>(extent: $0, mode: mode, padding: padding, alignsCorners: alignsCorners)
        }
        if mode == .nearest {
            return GridBits(rules: rules, geometry: geometry).make(try context.input(0).elementType)
        }
        switch try context.input(0).elementType {
        case .float32: return GridKernel<Float, Place>.compile(rules, geometry)
        case .float64: return GridKernel<Double, Place>.compile(rules, geometry)
        case let other: throw .unsupported("GridSample of \(other)")
        }
    }
}

/// What a grid's kernels know of the shapes.
struct GridGeometry: Sendable {
    let batch: Int
    let channels: Int
    /// Extents of the spatial axes.
    let input: [Int]
    /// Elements of a channel of the input.
    let planeCount: Int
    /// Elements of a channel of the output.
    let placeCount: Int

    init(_ x: Shape, output: Shape) {
        batch = x[0]
        channels = x[1]
        input = Array(x.extents.dropFirst(2))
        planeCount = x.elementCount(in: 2..<x.rank)
        placeCount = output.elementCount(in: 2..<output.rank)
    }

    func split(taps: Int) -> PartSplit {
        PartSplit(units: batch * placeCount, operations: Double(batch * placeCount) * Double(channels * taps + 16 * taps))
    }
}

/// A number that places are computed in.
protocol SamplingScalar: TensorScalar, BinaryFloatingPoint {}

extension Float: SamplingScalar {}
extension Double: SamplingScalar {}

/// From where a place between the elements of one axis takes its value.
struct SamplingRule<Place: SamplingScalar>: Sendable {
    /// An element and how much it weighs; outside the axis nothing weighs.
    struct Tap {
        var position = 0
        var weight: Place = 0
    }

    let extent: Int
    let mode: GridSample.Mode
    let padding: GridSample.Padding
    let alignsCorners: Bool

    /// No place is farther away, so that conversions to integers are safe.
    private static var farthest: Place { Place(1 << 30) }

    var tapCount: Int {
        switch mode {
        case .nearest: 1
        case .linear: 2
        case .cubic: 4
        }
    }

    private var low: Place { alignsCorners ? 0 : -0.5 }
    private var high: Place { alignsCorners ? Place(extent - 1) : Place(extent) - 0.5 }

    /// Where the coordinate, −1 to 1 along the axis, lies among the elements.
    private func place(_ coordinate: Place) -> Place {
        let size = Place(extent)
        let place = alignsCorners ? (coordinate + 1) / 2 * (size - 1) : ((coordinate + 1) * size - 1) / 2
        return place.isNaN ? -Self.farthest : min(max(place, -Self.farthest), Self.farthest)
    }

    /// Mirrors at the borders until it lies between them.
    private func reflected(_ place: Place) -> Place {
        let range = high - low
        guard range > 0 else { return low }
        guard place < low || place > high else { return place }
        let distance = place < low ? low - place : place - high
        let turns = (distance / range).rounded(.towardZero), rest = distance - turns * range
        let isEven = turns.truncatingRemainder(dividingBy: 2) == 0
        return (place < low) == isEven ? low + rest : high - rest
    }

    private func padded(_ place: Place) -> Place {
        guard place < low || place > high else { return place }
        switch padding {
        case .zeros: return place
        case .border: return min(max(place, 0), Place(extent - 1))
        case .reflection: return reflected(place)
        }
    }

    /// The element for position `position`; nil where there is none.
    @inline(__always)
    private func element(_ position: Int) -> Int? {
        if position >= 0, position < extent { return position }
        switch padding {
        case .zeros: return nil
        case .border: return position < 0 ? 0 : extent - 1
        case .reflection: return min(max(Int(reflected(Place(position))), 0), extent - 1)
        }
    }

    /// The element nearest to the coordinate.
    @inline(__always)
    func nearest(_ coordinate: Place) -> Int? {
        element(Int(padded(place(coordinate).rounded(.toNearestOrEven))))
    }

    /// Writes `tapCount` taps.
    @inline(__always)
    func taps(_ coordinate: Place, into taps: UnsafeMutablePointer<Tap>) {
        let place = padded(place(coordinate)), floor = place.rounded(.down), base = Int(floor), rest = place - floor
        if mode == .linear {
            write(base, 1 - rest, taps)
            write(base + 1, rest, taps + 1)
            return
        }
        write(base - 1, Self.far(rest + 1), taps)
        write(base, Self.near(rest), taps + 1)
        write(base + 1, Self.near(1 - rest), taps + 2)
        write(base + 2, Self.far(2 - rest), taps + 3)
    }

    @inline(__always)
    private func write(_ position: Int, _ weight: Place, _ tap: UnsafeMutablePointer<Tap>) {
        if let element = element(position) {
            tap.pointee = Tap(position: element, weight: weight)
        } else {
            tap.pointee = Tap()
        }
    }

    /// Keys's cubic convolution with a = −¾: weights of neighbours nearer than 1 and nearer than 2.
    private static func near(_ x: Place) -> Place { (1.25 * x - 2.25) * x * x + 1 }
    private static func far(_ x: Place) -> Place { ((-0.75 * x + 3.75) * x - 6) * x + 3 }
}

/// Weighted sums of the elements around each place.
private struct GridKernel<Element: SamplingScalar, Place: SamplingScalar>: Kernel {
    typealias Tap = SamplingRule<Place>.Tap

    /// What a place takes of a channel.
    private struct Term {
        let offset: Int
        let weight: Element
    }

    let rules: [SamplingRule<Place>]
    let geometry: GridGeometry
    /// Of one axis.
    let tapCount: Int
    let termCount: Int
    let split: PartSplit

    static func compile(_ rules: [SamplingRule<Place>], _ geometry: GridGeometry) -> CompiledOperator {
        let taps = rules.map(\.tapCount).max() ?? 1, terms = rules.reduce(1) { $0 * $1.tapCount }
        let kernel = GridKernel(
            rules: rules, geometry: geometry, tapCount: taps, termCount: terms, split: geometry.split(taps: terms))
        return CompiledOperator(
            kernel, scratchByteCount: ByteCount.sum(ByteCount.of(Term.self, terms), ByteCount.of(Tap.self, taps * rules.count)))
    }

    var parts: Int { split.count }

    func run(_ context: KernelContext) { run(0..<geometry.batch * geometry.placeCount, context) }

    func run(part: Int, _ context: KernelContext) { run(split.units(of: part), context) }

    private func run(_ places: Range<Int>, _ context: KernelContext) {
        let terms = context.scratch.assumingMemoryBound(to: Term.self)
        let taps = (context.scratch + ByteCount.of(Term.self, termCount)).assumingMemoryBound(to: Tap.self)
        let x = context.input(0, as: Element.self), y = context.output(0, as: Element.self)
        let grid = context.input(1, as: Place.self), g = geometry
        for place in places {
            let image = place / g.placeCount
            collect(grid + place * rules.count, taps, terms)
            var from = x + image * g.channels * g.planeCount
            var to = y + image * g.channels * g.placeCount + place % g.placeCount
            for _ in 0..<g.channels {
                var sum: Element = 0
                for term in 0..<termCount { sum += from[terms[term].offset] * terms[term].weight }
                to.pointee = sum
                from += g.planeCount
                to += g.placeCount
            }
        }
    }

    /// Joins the taps of all axes.
    private func collect(
        _ coordinates: UnsafePointer<Place>, _ taps: UnsafeMutablePointer<Tap>, _ terms: UnsafeMutablePointer<Term>
    ) {
        let axes = rules.count
        for axis in 0..<axes { rules[axis].taps(coordinates[axes - 1 - axis], into: taps + axis * tapCount) }
        for term in 0..<termCount {
            var rest = term, offset = 0, stride = 1
            var weight: Place = 1
            for axis in (0..<axes).reversed() {
                let tap = taps[axis * tapCount + rest % tapCount]
                rest /= tapCount
                offset += tap.position * stride
                weight *= tap.weight
                stride *= rules[axis].extent
            }
            terms[term] = Term(offset: offset, weight: Element(weight))
        }
    }
}

/// Makes the kernel that copies the element nearest to each place, whatever it is.
private struct GridBits<Place: SamplingScalar>: Sendable {
    let rules: [SamplingRule<Place>]
    let geometry: GridGeometry

    func make(_ type: ElementType) -> CompiledOperator {
        switch type.byteCount {
        case 1: copying(UInt8.self)
        case 2: copying(UInt16.self)
        case 4: copying(UInt32.self)
        default: copying(UInt64.self)
        }
    }

    private func copying<Bits: FixedWidthInteger & TensorScalar>(_: Bits.Type) -> CompiledOperator {
        let maker = self
        return CompiledOperator(LoopKernel { context in maker.run(context, Bits.self) })
    }

    private func run<Bits: FixedWidthInteger & TensorScalar>(_ context: KernelContext, _: Bits.Type) {
        let g = geometry, grid = context.input(1, as: Place.self)
        for place in 0..<g.batch * g.placeCount {
            let image = place / g.placeCount, at = offset(grid + place * rules.count)
            var from = context.input(0, as: Bits.self) + image * g.channels * g.planeCount
            var to = context.output(0, as: Bits.self) + image * g.channels * g.placeCount + place % g.placeCount
            for _ in 0..<g.channels {
                to.pointee = at.map { from[$0] } ?? 0
                from += g.planeCount
                to += g.placeCount
            }
        }
    }

    /// Where the nearest element lies in a channel; nil when it lies outside.
    private func offset(_ coordinates: UnsafePointer<Place>) -> Int? {
        var offset = 0
        for (axis, rule) in rules.enumerated() {
            guard let position = rule.nearest(coordinates[rules.count - 1 - axis]) else { return nil }
            offset = offset * rule.extent + position
        }
        return offset
    }
}
