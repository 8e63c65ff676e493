import Tensors
import Testing

@Suite struct ShapeTests {
    struct Broadcast: CustomTestStringConvertible {
        var left: Shape, right: Shape, result: Shape?
        var testDescription: String { "\(left) with \(right)" }
    }

    @Test(
        "broadcasting stretches extents of 1 and refuses what differs",
        arguments: [
            Broadcast(left: [], right: [], result: []),
            Broadcast(left: [], right: [3], result: [3]),
            Broadcast(left: [2, 1], right: [3], result: [2, 3]),
            Broadcast(left: [2, 3], right: [2, 1], result: [2, 3]),
            Broadcast(left: [0], right: [1], result: [0]),
            Broadcast(left: [2], right: [3], result: nil),
            Broadcast(left: [4, 2, 1], right: [5, 1, 7], result: nil),
        ])
    func broadcasts(_ example: Broadcast) {
        #expect(Shape.broadcast(example.left, example.right) == example.result)
        #expect(Shape.broadcast(example.right, example.left) == example.result)
        let symbolic = SymbolicShape.broadcast(SymbolicShape(example.left), SymbolicShape(example.right))
        #expect(symbolic?.concrete == example.result)
    }

    @Test("extents from outside are refused when negative, too many or too large")
    func checksExtents() {
        #expect(Shape(checking: [2, -1]) == nil)
        #expect(Shape(checking: [Int](repeating: 1, count: 33)) == nil)
        #expect(Shape(checking: [1 << 40, 1 << 40]) == nil)
        #expect(Shape(checking: [0, 1 << 40])?.elementCount == 0)
        #expect(Shape(checking: [0, 1 << 40, 1 << 40]) == nil, "its strides would overflow")
        #expect(Shape(checking: [0, Int.max]) == nil)
    }

    @Test("strides are row-major")
    func strides() {
        #expect(Shape([2, 3, 4]).strides == [12, 4, 1])
        #expect(Shape.scalar.strides == [])
    }
}
