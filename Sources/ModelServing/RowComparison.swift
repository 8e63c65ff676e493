import Tensors

/// Compares a row of a batch with the same row alone, up to rounding: other batch sizes may sum in another order.
enum RowComparison {
    /// Whether row `position` of `batch` is `row`.
    static func agree(_ batch: Tensor, _ position: Int, _ row: Tensor) -> Bool {
        guard batch.elementType == row.elementType, row.shape == batch.shape.replacing(axis: 0, with: 1) else { return false }
        return withExtendedLifetime((batch, row)) {
            let start = batch.view.baseAddress + position * row.spec.byteCount
            return agree(TensorView(row.spec, start), row)
        }
    }

    private static func agree(_ view: TensorView, _ row: Tensor) -> Bool {
        switch row.elementType {
        case .float32: isClose(view.values(Float.self).map(Double.init), row.values(Float.self).map(Double.init), 1e-3)
        case .float64: isClose(view.values(Double.self), row.values(Double.self), 1e-6)
        case .float16: isClose(halves(view, HalfPrecision.float(fromBinary16:)), halves(row.view, HalfPrecision.float(fromBinary16:)), 1e-2)
        case .bfloat16:
            isClose(halves(view, HalfPrecision.float(fromBFloat16:)), halves(row.view, HalfPrecision.float(fromBFloat16:)), 5e-2)
        case let type where type.isFloatingPoint && type.narrow != nil: row.withBytes { zip(view.bytes, $0).allSatisfy(areNeighbours) }
        default: row.withBytes { view.bytes.elementsEqual($0) }
        }
    }

    /// Whether codes of 8 bits and fewer are the same or differ in their last place.
    private static func areNeighbours(_ left: UInt8, _ right: UInt8) -> Bool { left.distance(to: right).magnitude <= 1 }

    private static func halves(_ view: TensorView, _ widen: (UInt16) -> Float) -> [Double] {
        view.bytes.bindMemory(to: UInt16.self).map { Double(widen($0)) }
    }

    private static func isClose(_ left: [Double], _ right: [Double], _ tolerance: Double) -> Bool {
        zip(left, right).allSatisfy { a, b in
            a == b || (a.isNaN && b.isNaN) || (a - b).magnitude <= tolerance * (1 + b.magnitude)
        }
    }
}
