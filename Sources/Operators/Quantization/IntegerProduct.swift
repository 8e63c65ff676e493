import GraphIR
import Tensors

/// Sums of products of the rows of two matrices whose 16-bit elements stem from 8-bit ones, so that two products fit into 32 bits;
/// sums wrap.
///
/// The left rows are made while they are needed, a block of them at a time; the right ones lie in memory.
struct IntegerProduct: Sendable {
    let rows: Int
    let steps: Int
    let columns: Int

    static let blockRows = 16
    /// Columns that a part takes where rows make one block.
    private static let columnsInUnit = 64

    var scratchByteCount: Int { ByteCount.sum(sumsOffset, ByteCount.of(Int32.self, Self.blockRows)) }
    private var sumsOffset: Int {
        ByteCount.aligned(ByteCount.product(ByteCount.of(Int16.self, steps), Self.blockRows), to: TensorStorage.alignment)
    }

    private var blockCount: Int { rows == 0 ? 0 : (rows - 1) / Self.blockRows + 1 }
    private var columnUnits: Int { blockCount > 1 || columns == 0 ? 1 : (columns - 1) / Self.columnsInUnit + 1 }

    /// Pieces of equal work, which write different places.
    var unitCount: Int { ByteCount.product(blockCount, columnUnits) }

    /// Rows and columns of unit `unit`.
    func unit(_ unit: Int) -> (rows: Range<Int>, columns: Range<Int>) {
        if columnUnits == 1 {
            let first = unit * Self.blockRows
            return (first..<min(first + Self.blockRows, rows), 0..<columns)
        }
        let first = unit * Self.columnsInUnit
        return (0..<rows, first..<min(first + Self.columnsInUnit, columns))
    }

    /// Computes a unit.
    ///
    /// - Parameters:
    ///   - right: `columns` rows of `steps` elements.
    ///   - fill: writes the `steps` elements of a left row.
    ///   - finish: takes a place of the result with the sum of the left row's elements and the sum of products.
    @inline(__always)
    func run(
        unit: Int, right: UnsafePointer<Int16>, scratch: UnsafeMutableRawPointer, fill: (Int, UnsafeMutablePointer<Int16>) -> Void,
        finish: (_ row: Int, _ column: Int, _ rowSum: Int32, _ product: Int32) -> Void
    ) {
        let (rows, columns) = self.unit(unit)
        let left = scratch.assumingMemoryBound(to: Int16.self)
        let sums = (scratch + sumsOffset).assumingMemoryBound(to: Int32.self)
        for row in 0..<rows.count {
            fill(rows.lowerBound + row, left + row * steps)
            sums[row] = Self.sum(left + row * steps, steps)
        }
        var column = columns.lowerBound
        while column + 4 <= columns.upperBound {
            for row in 0..<rows.count {
                let four = Self.products(left + row * steps, right + column * steps, steps)
                finish(rows.lowerBound + row, column, sums[row], four.0)
                finish(rows.lowerBound + row, column + 1, sums[row], four.1)
                finish(rows.lowerBound + row, column + 2, sums[row], four.2)
                finish(rows.lowerBound + row, column + 3, sums[row], four.3)
            }
            column += 4
        }
        for column in column..<columns.upperBound {
            for row in 0..<rows.count {
                finish(rows.lowerBound + row, column, sums[row], Self.product(left + row * steps, right + column * steps, steps))
            }
        }
    }

    @inline(never)
    private static func sum(_ a: UnsafeMutablePointer<Int16>, _ count: Int) -> Int32 {
        var sum: Int32 = 0
        for place in 0..<count { sum &+= Int32(a[place]) }
        return sum
    }

    @inline(never)
    private static func product(_ a: UnsafeMutablePointer<Int16>, _ b: UnsafePointer<Int16>, _ count: Int) -> Int32 {
        var sum: Int32 = 0
        for place in 0..<count { sum &+= Int32(a[place]) &* Int32(b[place]) }
        return sum
    }

    /// The products of one row with four that follow one another.
    @inline(never)
    private static func products(
        _ a: UnsafeMutablePointer<Int16>, _ b: UnsafePointer<Int16>, _ count: Int
    ) -> (Int32, Int32, Int32, Int32) {
        var sums: (Int32, Int32, Int32, Int32) = (0, 0, 0, 0)
        let second = b + count, third = second + count, fourth = third + count
        for place in 0..<count {
            let value = Int32(a[place])
            sums.0 &+= value &* Int32(b[place])
            sums.1 &+= value &* Int32(second[place])
            sums.2 &+= value &* Int32(third[place])
            sums.3 &+= value &* Int32(fourth[place])
        }
        return sums
    }
}

/// The right matrices of integer products: 8-bit elements, as 16-bit ones with the elements of a column side by side.
struct IntegerWeights: Sendable {
    let input: Int
    let isSigned: Bool
    /// Elements of a column.
    let steps: Int
    /// Columns of all that is prepared at once.
    let columns: Int
    /// Whether columns already lie side by side in the input.
    let holdsColumns: Bool
    /// The prepared form of a constant.
    private(set) var packed: Tensor?

    /// - Parameter packs: whether all matrices are one, so that the form of a constant is kept.
    init(
        _ context: CompileContext, input: Int, steps: Int, columns: Int, holdsColumns: Bool, packs: Bool = true
    ) throws(OperatorError) {
        self.input = input
        isSigned = try context.input(input).elementType == .int8
        self.steps = steps
        self.columns = columns
        self.holdsColumns = holdsColumns
        guard packs else { return }
        let plain = self
        // Such a form belongs to no instruction set.
        packed = try context.prepared(input, form: "int16/\(steps)x\(columns)/\(holdsColumns)") { (tensor) throws(OperatorError) in
            try context.preparedTensor(TensorSpec(.int16, [ByteCount.product(steps, columns)])) { bytes in
                guard let to = bytes.baseAddress?.assumingMemoryBound(to: Int16.self) else { return }
                withExtendedLifetime(tensor) { plain.pack(to, from: UnsafeRawPointer(tensor.storage.baseAddress)) }
            }
        }
    }

    var preparedInputs: Set<Int> { packed == nil ? [] : [input] }

    /// Scratch for the form of what is no constant.
    var scratchByteCount: Int {
        packed == nil
            ? ByteCount.aligned(ByteCount.product(ByteCount.of(Int16.self, steps), columns), to: TensorStorage.alignment) : 0
    }

    /// The prepared form, made in `scratch` when it is of no constant.
    ///
    /// - Parameter offset: of the first element in the input.
    func columns(_ context: KernelContext, offset: Int = 0, scratch: UnsafeMutableRawPointer) -> UnsafePointer<Int16> {
        if let packed { return UnsafePointer(UnsafeRawPointer(packed.storage.baseAddress).assumingMemoryBound(to: Int16.self)) }
        let to = scratch.assumingMemoryBound(to: Int16.self)
        pack(to, from: context.input(input) + offset)
        return UnsafePointer(to)
    }

    private func pack(_ to: UnsafeMutablePointer<Int16>, from: UnsafeRawPointer) {
        isSigned ? pack(to, from.assumingMemoryBound(to: Int8.self)) : pack(to, from.assumingMemoryBound(to: UInt8.self))
    }

    @inline(__always)
    private func pack<Integer: FixedWidthInteger>(_ to: UnsafeMutablePointer<Int16>, _ from: UnsafePointer<Integer>) {
        if holdsColumns {
            for place in 0..<steps * columns { to[place] = Int16(truncatingIfNeeded: from[place]) }
            return
        }
        for step in 0..<steps {
            for column in 0..<columns { to[column * steps + step] = Int16(truncatingIfNeeded: from[step * columns + column]) }
        }
    }
}
