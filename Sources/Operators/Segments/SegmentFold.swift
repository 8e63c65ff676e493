import GraphIR
import Tensors

/// How the slices of a segment become one.
enum SegmentFold: Sendable {
    case sum, mean, rootMean, product, minimum, maximum

    /// Element types that the fold is of.
    var types: Set<ElementType> {
        switch self {
        case .minimum, .maximum: ElementTypes.numbers
        case .rootMean: ElementTypes.floatingPoint
        default: ElementTypes.numbers.union(ElementTypes.complex)
        }
    }

    /// Joins a slice to what was joined before.
    @inline(__always)
    func join<Element: SegmentNumber>(
        _ slice: UnsafePointer<Element>, to joined: UnsafeMutablePointer<Element>, _ count: Int
    ) {
        switch self {
        case .sum, .mean, .rootMean: for i in 0..<count { joined[i] = joined[i].sum(with: slice[i]) }
        case .product: for i in 0..<count { joined[i] = joined[i].product(with: slice[i]) }
        case .minimum: for i in 0..<count where slice[i].isLess(than: joined[i]) { joined[i] = slice[i] }
        case .maximum: for i in 0..<count where joined[i].isLess(than: slice[i]) { joined[i] = slice[i] }
        }
    }

    /// What a segment with slices begins with.
    func start<Element: SegmentNumber>(_: Element.Type) -> Element {
        switch self {
        case .sum, .mean, .rootMean: .none
        case .product: .one
        case .minimum: .top
        case .maximum: .bottom
        }
    }

    /// What a segment without slices holds where ids are in order.
    func empty<Element: SegmentNumber>(_: Element.Type) -> Element { self == .product ? .one : .none }

    /// What a segment begins with where ids are in no order; without slices it stays so.
    func unsortedStart<Element: SegmentNumber>(_: Element.Type) -> Element {
        switch self {
        case .minimum: .greatestFinite
        case .maximum: .leastFinite
        default: start(Element.self)
        }
    }

    /// The divisor of a segment of `count` slices.
    func divisor(_ count: Int) -> Double? {
        switch self {
        case .mean: Double(count)
        case .rootMean: Double(count).squareRoot()
        default: nil
        }
    }
}

/// Integers of a list input, each as `Int`.
struct IntegerList {
    private let address: UnsafeRawPointer
    private let isWide: Bool
    let count: Int

    init(_ view: TensorView) {
        address = view.baseAddress
        isWide = view.elementType == .int64
        count = view.elementCount
    }

    init(_ address: UnsafeRawPointer, _ spec: TensorSpec) {
        self.address = address
        isWide = spec.elementType == .int64
        count = spec.shape.elementCount
    }

    @inline(__always)
    subscript(place: Int) -> Int {
        isWide ? Int(address.assumingMemoryBound(to: Int64.self)[place]) : Int(address.assumingMemoryBound(to: Int32.self)[place])
    }
}
