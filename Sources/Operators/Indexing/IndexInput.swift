import GraphIR
import Tensors

/// Indices as they lie in an int32 or int64 tensor, checked one by one: they come from data.
struct IndexInput {
    private let address: UnsafeRawPointer
    private let isWide: Bool
    private let axis: Int
    private let extent: Int
    private let countsFromEnd: Bool

    /// - Parameters:
    ///   - axis: what the indices count along; for messages.
    ///   - extent: of that axis.
    ///   - countsFromEnd: whether indices below 0 count from the end of the axis.
    init(_ address: UnsafeRawPointer, _ type: ElementType, axis: Int, extent: Int, countsFromEnd: Bool = true) {
        self.address = address
        isWide = type == .int64
        self.axis = axis
        self.extent = extent
        self.countsFromEnd = countsFromEnd
    }

    /// The index at `position` counted from 0.
    @inline(__always)
    func resolved(_ position: Int) throws(OperatorError) -> Int {
        guard let resolved = valid(position) else { throw refusal(raw(position), position) }
        return resolved
    }

    /// The index at `position` counted from 0; nil when it is out of range.
    @inline(__always)
    func valid(_ position: Int) -> Int? {
        let index = raw(position)
        let resolved = index < 0 && countsFromEnd ? index + extent : index
        return resolved >= 0 && resolved < extent ? resolved : nil
    }

    @inline(__always)
    private func raw(_ position: Int) -> Int {
        isWide
            ? Int(address.assumingMemoryBound(to: Int64.self)[position])
            : Int(address.assumingMemoryBound(to: Int32.self)[position])
    }

    @inline(never)
    private func refusal(_ index: Int, _ position: Int) -> OperatorError {
        .indexOutOfRange(index, position: position, axis: axis, extent: extent, countsFromEnd: countsFromEnd)
    }
}

extension OperatorError {
    static func indexOutOfRange(
        _ index: Int, position: Int, axis: Int, extent: Int, countsFromEnd: Bool = true
    ) -> OperatorError {
        extent == 0
            ? .invalidValue(
                "index \(index) (element \(position) of the indices) has nothing to choose: axis \(axis) has extent 0")
            : .invalidValue(
                "index \(index) (element \(position) of the indices) is outside \(countsFromEnd ? -extent : 0)...\(extent - 1), the extent of "
                    + "axis \(axis) is \(extent)"
            )
    }
}

extension OperatorInputs {
    /// The input, refused unless it holds int32 or int64.
    func indices(_ index: Int) throws(OperatorError) -> ValueFact { try required(index, of: [.int32, .int64]) }
}
