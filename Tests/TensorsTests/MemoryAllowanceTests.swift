import Synchronization
import Testing

@testable import Tensors

@Suite("MemoryAllowance")
struct MemoryAllowanceTests {
    /// What all runs share.
    private final class Ledger: MemoryLedger {
        let left: Mutex<Int>

        init(_ byteCount: Int) { left = Mutex(byteCount) }

        func charge(_ byteCount: Int) throws(MemoryRefusal) {
            try left.withLock { left throws(MemoryRefusal) in
                guard byteCount <= left else { throw MemoryRefusal(.budget, byteCount: byteCount, available: left) }
                left -= byteCount
            }
        }

        func credit(_ byteCount: Int) { left.withLock { $0 += byteCount } }
    }

    @Test("gives up to its limit and takes back")
    func limit() throws {
        let allowance = MemoryAllowance(byteLimit: 100)
        try allowance.charge(60)
        #expect(allowance.usedByteCount == 60)
        #expect(throws: MemoryRefusal(.limit, byteCount: 41, available: 40)) { try allowance.charge(41) }
        try allowance.charge(40)
        allowance.credit(60)
        #expect(allowance.usedByteCount == 40)
        #expect(throws: MemoryRefusal.self) { try allowance.charge(.max) }
        #expect(allowance.usedByteCount == 40, "what is refused is not counted")
    }

    @Test("nothing is counted for no bytes")
    func nothing() throws {
        let allowance = MemoryAllowance(byteLimit: 0)
        try allowance.charge(0)
        allowance.credit(0)
        #expect(allowance.usedByteCount == 0)
    }

    @Test("what the ledger refuses is not counted in the allowance either")
    func ledger() throws {
        let ledger = Ledger(50)
        let allowance = MemoryAllowance(byteLimit: 100, ledger: ledger)
        try allowance.charge(30)
        #expect(throws: MemoryRefusal(.budget, byteCount: 30, available: 20)) { try allowance.charge(30) }
        #expect(allowance.usedByteCount == 30)
        allowance.credit(30)
        #expect(ledger.left.withLock { $0 } == 50)
    }

    @Test("a tensor is charged before its memory is taken and credited when the last copy of it goes")
    func tensors() throws {
        let allowance = MemoryAllowance(byteLimit: 1000)
        for placement in [TensorStorage.Placement.heap, .pages] {
            var tensor: Tensor? = try Tensor(TensorSpec(.float32, [100]), placement: placement, allowance: allowance) { bytes in
                bytes.initializeMemory(as: UInt8.self, repeating: 0)
            }
            let copy = tensor
            #expect(allowance.usedByteCount == 400)
            tensor = nil
            #expect(copy?.elementCount == 100)
            #expect(allowance.usedByteCount == 400)
        }
        #expect(allowance.usedByteCount == 0)
        var isFilled = false
        #expect(throws: MemoryRefusal(.limit, byteCount: 1004, available: 1000)) {
            try Tensor(TensorSpec(.float32, [251]), allowance: allowance) { _ in isFilled = true }
        }
        #expect(!isFilled)
        #expect(allowance.usedByteCount == 0)
    }

    @Test("a scalar is charged what its tensor takes, not the bytes of its number")
    func scalars() throws {
        let allowance = MemoryAllowance(byteLimit: 1000)
        func scalar() throws -> Tensor { try Tensor(TensorSpec(.int64, []), allowance: allowance) { $0.storeBytes(of: 0, as: Int64.self) } }
        do {
            let kept = [try scalar(), try scalar(), try scalar()]
            withExtendedLifetime(kept) {
                #expect(allowance.usedByteCount == kept.count * TensorStorage.leastCharge)
                #expect(throws: MemoryRefusal(.limit, byteCount: TensorStorage.leastCharge, available: 40)) { try scalar() }
            }
        }
        #expect(allowance.usedByteCount == 0)
    }

    @Test("memory that the system does not give is refused, and not counted", arguments: [TensorStorage.Placement.heap, .pages])
    func system(_ placement: TensorStorage.Placement) throws {
        let allowance = MemoryAllowance(byteLimit: .max)
        let spec = TensorSpec(.float64, [1 << 47])
        #expect(throws: MemoryRefusal(.system, byteCount: 1 << 50)) {
            try Tensor(spec, placement: placement, allowance: allowance) { _ in }
        }
        #expect(allowance.usedByteCount == 0)
    }

    @Test("owned memory is aligned for the widest vectors", arguments: [0, 1, 63, 64, 4096, 4097, 65_536, 3 << 20])
    func alignment(_ byteCount: Int) throws {
        for placement in [TensorStorage.Placement.heap, .pages] {
            let storage = try TensorStorage(byteCount: byteCount, placement: placement)
            #expect(UInt(bitPattern: storage.baseAddress) % UInt(TensorStorage.alignment) == 0)
            #expect(storage.byteCount == byteCount)
            #expect(storage.file == nil && !storage.isBorrowed)
        }
    }

    @Test("a tensor over lent memory is copied before it is kept")
    func borrowed() throws {
        let values: [Float] = [1, 2, 3]
        let kept = try values.withUnsafeBytes { bytes in
            let view = TensorView(TensorSpec(.float32, [3]), bytes.baseAddress!)
            let lent = Tensor(borrowing: view)
            #expect(lent.storage.isBorrowed)
            return try lent.owned()
        }
        #expect(!kept.storage.isBorrowed)
        #expect(kept.values(Float.self) == values)
        #expect(try kept.owned().storage === kept.storage)
    }
}
