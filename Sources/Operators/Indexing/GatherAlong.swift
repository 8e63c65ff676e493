import GraphIR
import Tensors

/// Slices of the data chosen by index along one axis, for each of the batches that data and indices share.
///
/// - Shapes: data [B…, A…, extent, C…], indices [B…, I…], optional axis → [B…, A…, I…, C…].
/// - Source: TensorFlow's Gather (along axis 0) and GatherV2; an index outside 0 ..< extent is refused.
struct GatherAlong: ElementMover {
    var takesAxis = true
    /// May count from the end of the indices' axes.
    var batchAxes = 0

    var name: String { takesAxis ? "GatherV2" : "Gather" }
    var shapeOperands: Set<Int> { takesAxis ? [2] : [] }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(takesAxis ? 3...3 : 2...2)
        let data = try inputs.dense(0), indices = try inputs.indices(1)
        let given = takesAxis ? try inputs.parameters(2) : [0]
        guard let shape = data.shape, let chosen = indices.shape else {
            return [ValueFact(data.elementType, nil as SymbolicShape?)]
        }
        let batches = try batches(indicesRank: chosen.rank, dataRank: shape.rank)
        guard let given else {
            return [ValueFact(data.elementType, SymbolicShape(unknownRank: shape.rank - 1 + chosen.rank - batches))]
        }
        let axis = try Self.axis(given, rank: shape.rank, batches: batches)
        var shared: [Dimension] = []
        for position in 0..<batches {
            guard let extent = Dimension.unified(shape[position], chosen[position]) else {
                throw .invalidInput(
                    index: 1, reason: "has extent \(chosen[position]) along batch axis \(position), input 0 has \(shape[position])")
            }
            shared.append(extent)
        }
        let dimensions =
            shared + shape.dimensions[batches..<axis] + chosen.dimensions[batches...] + shape.dimensions[(axis + 1)...]
        guard dimensions.count <= Shape.maximumRank else {
            throw .invalidValue("would have rank \(dimensions.count), at most \(Shape.maximumRank) is possible")
        }
        return [ValueFact(data.elementType, try SymbolicShape(dimensions).checked("the output"))]
    }

    private func batches(indicesRank: Int, dataRank: Int) throws(OperatorError) -> Int {
        let count = batchAxes < 0 ? batchAxes + indicesRank : batchAxes
        guard (0...indicesRank).contains(count), count < dataRank else {
            throw .invalidAttribute(
                name: "batch_dims", reason: "is \(batchAxes), for data of rank \(dataRank) and indices of rank \(indicesRank)")
        }
        return count
    }

    private static func axis(_ given: [Int], rank: Int, batches: Int) throws(OperatorError) -> Int {
        guard given.count == 1 else { throw .invalidValue("has the axes \(given), expected one") }
        let axis = try Axes.resolve(given[0], rank: rank)
        guard axis >= batches else { throw .invalidValue("axis \(axis) is among the \(batches) batch axes") }
        return axis
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        .following { () throws(OperatorError) in
            guard let data = inputs.extents(0), let indices = inputs.extents(1), let given = takesAxis ? inputs.integers(2) : [0],
                !takesAxis || inputs.isFixed(2)
            else { return .mixed(RowReason.selected) }
            let batches = try batches(indicesRank: indices.count, dataRank: data.count)
            let along = try Self.axis(given, rank: data.count, batches: batches)
            switch (inputs.axis(0), inputs.axis(1)) {
            case (let rows?, let chosen?) where rows == chosen && rows < batches && data[rows] == indices[rows]:
                return .rows(axis: rows, of: inputs)
            case (nil, let chosen?) where chosen >= batches: return .rows(axis: along + chosen - batches, of: inputs)
            case (let rows?, nil) where rows >= batches && rows != along:
                return .rows(axis: rows < along ? rows : rows + indices.count - batches - 1, of: inputs)
            default: return .mixed(RowReason.selected)
            }
        }
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let data = try context.input(0), indices = try context.input(1), shape = data.shape
        let batches = try batches(indicesRank: indices.shape.rank, dataRank: shape.rank)
        let axis = try Self.axis(takesAxis ? context.parameters(2) : [0], rank: shape.rank, batches: batches)
        return CompiledOperator(
            GatherKernel(
                batchCount: shape.elementCount(in: 0..<batches), outerCount: shape.elementCount(in: batches..<axis),
                extent: shape[axis], indexCount: indices.shape.elementCount(in: batches..<indices.shape.rank),
                runByteCount: shape.elementCount(in: axis + 1..<shape.rank) * data.elementType.byteCount,
                indexType: indices.elementType, axis: axis, countsFromEnd: false))
    }

    static let spellings: [OperatorSpelling] = [
        .tensorFlow("Gather") { _ throws(OperatorError) in GatherAlong(takesAxis: false) },
        .tensorFlow("GatherV2") { reader throws(OperatorError) in
            GatherAlong(batchAxes: try reader.integer("batch_dims", default: 0))
        },
    ]
}
