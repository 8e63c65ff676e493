import GraphIR
import Tensors

/// A function of 8-bit integers, as the 256 integers that it gives.
///
/// - Shapes: data [D…], table uint8 [256]: at the place of each byte, read as unsigned, the byte that it becomes → [D…].
/// - Types: int8 or uint8 → `target`, either of them.
/// - Source: made by passes of functions of one quantized number.
struct ByteFunction: Operator {
    let target: ElementType

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...2)
        let data = try inputs.required(0, of: LinearTypes.eightBits)
        let table = try inputs.required(1, of: [.uint8])
        if let shape = table.shape?.concrete, shape != [ByteTable.byteCount] {
            throw .invalidInput(index: 1, reason: "has shape \(shape), expected [\(ByteTable.byteCount)]")
        }
        return [ValueFact(target, data.shape)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.elementwise() }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let count = try context.input(0).shape.elementCount
        return CompiledOperator(
            LoopKernel { context in
                let x = context.input(0, as: UInt8.self), table = context.input(1, as: UInt8.self), y = context.output(0, as: UInt8.self)
                for place in 0..<count { y[place] = table[Int(x[place])] }
            }, inPlace: context.inPlace(0..<1))
    }
}

/// What each of 256 bytes becomes.
struct ByteTable {
    static let byteCount = 256

    private let bytes: UnsafeMutablePointer<UInt8>

    init(_ scratch: UnsafeMutableRawPointer) { bytes = scratch.assumingMemoryBound(to: UInt8.self) }

    @inline(__always)
    func fill(isSigned: Bool, _ function: (Int32) -> Int32) {
        for byte in UInt8.min...UInt8.max {
            bytes[Int(byte)] = UInt8(truncatingIfNeeded: function(isSigned ? Int32(Int8(bitPattern: byte)) : Int32(byte)))
        }
    }

    @inline(__always)
    subscript(byte: UInt8) -> UInt8 { bytes[Int(byte)] }

    func map(_ to: UnsafeMutableRawPointer, _ from: UnsafeRawPointer, _ count: Int) {
        let y = to.assumingMemoryBound(to: UInt8.self), x = from.assumingMemoryBound(to: UInt8.self)
        for place in 0..<count { y[place] = bytes[Int(x[place])] }
    }
}
