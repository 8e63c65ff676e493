import Glibc
import Tensors

/// The highest values of a tensor as texts `value:index` (Triton's extension "classification").
enum Classification {
    /// - Parameters:
    ///   - count: of classes; cut to the number of elements.
    ///   - hasRows: whether the first dimension counts rows, each with classes of its own.
    /// - Returns: `[count]` or `[rows, count]`, highest first; nil for elements without an order.
    static func strings(_ view: TensorView, count: Int, hasRows: Bool) -> StringTensor? {
        guard view.elementType.isInteger || view.elementType.isFloatingPoint, let values = Values(view) else { return nil }
        let rowCount = hasRows ? view.shape.extents.first ?? 1 : 1
        let length = rowCount > 0 ? view.elementCount / rowCount : 0
        let count = min(count, length)
        var elements: [[UInt8]] = []
        elements.reserveCapacity(rowCount * count)
        for row in 0..<rowCount {
            let best = highest(count, length) { values.isLess(row * length + $0, row * length + $1) }
            for index in best {
                elements.append(Array("\(values.text(row * length + index)):\(index)".utf8))
            }
        }
        return StringTensor(shape: hasRows ? [rowCount, count] : [count], elements: elements)
    }

    /// The indices of the highest so many of `length` values, highest first; of equal ones the first comes first.
    private static func highest(_ count: Int, _ length: Int, _ isLess: (Int, Int) -> Bool) -> [Int] {
        guard count > 0 else { return [] }
        guard count < length / 8 else {
            return Array((0..<length).sorted { isLess($1, $0) || !isLess($0, $1) && $0 < $1 }.prefix(count))
        }
        var best: [Int] = []
        for index in 0..<length {
            if best.count == count, !isLess(best[count - 1], index) { continue }
            var low = 0, high = best.count
            while low < high {
                let middle = (low + high) / 2
                if isLess(best[middle], index) { high = middle } else { low = middle + 1 }
            }
            if best.count == count { best.removeLast() }
            best.insert(index, at: low)
        }
        return best
    }

    /// The elements in the widest type of their kind.
    private enum Values {
        case doubles([Double])
        case signed([Int64])
        case unsigned([UInt64])

        init?(_ view: TensorView) {
            switch view.elementType {
            case .float32: self = .doubles(view.values(Float.self).map(Double.init))
            case .float64: self = .doubles(view.values(Double.self))
            case .float16: self = .doubles(Self.halves(view).map { Double(HalfPrecision.float(fromBinary16: $0)) })
            case .bfloat16: self = .doubles(Self.halves(view).map { Double(HalfPrecision.float(fromBFloat16: $0)) })
            case .uint64: self = .unsigned(view.values(UInt64.self))
            default:
                guard let integers = view.integers else { return nil }
                self = .signed(integers.map(Int64.init))
            }
        }

        private static func halves(_ view: TensorView) -> [UInt16] {
            unsafe TensorView(TensorSpec(.uint16, view.shape), view.baseAddress).values(UInt16.self)
        }

        /// NaN is less than every number.
        func isLess(_ left: Int, _ right: Int) -> Bool {
            switch self {
            case .doubles(let values): values[left] < values[right] || values[left].isNaN && !values[right].isNaN
            case .signed(let values): values[left] < values[right]
            case .unsigned(let values): values[left] < values[right]
            }
        }

        func text(_ index: Int) -> String {
            switch self {
            case .doubles(let values): Self.fixed(values[index])
            case .signed(let values): String(values[index])
            case .unsigned(let values): String(values[index])
            }
        }

        /// As C's `%f`: six digits behind the point.
        private static func fixed(_ value: Double) -> String {
            unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { buffer in
                // The longest has 309 digits before the point.
                let length = unsafe withVaList([value]) { unsafe vsnprintf(buffer.baseAddress, buffer.count, "%f", $0) }
                let bytes = unsafe buffer.prefix(max(0, Int(length)))
                return unsafe String(decoding: bytes.map(UInt8.init(bitPattern:)), as: UTF8.self)
            }
        }
    }
}
