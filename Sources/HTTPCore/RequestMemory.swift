import CPlatform

/// What a connection needs only while a request arrives: its buffer and the tables of its head.
///
/// Resting connections own none, so that thousands of them cost little; loops keep a few for reuse.
final class RequestMemory {
    var buffer = ByteBuffer()
    var parser = RequestParser()
    var head = RequestHead()
    var chunks: ChunkedDecoder?
    /// When the first byte of the request was there.
    var began = MonotonicInstant.never

    /// Makes ready for the next request, which may already lie in the buffer.
    func beginRequest() {
        parser = RequestParser()
        head.reset()
        chunks = nil
    }
}

/// Memory from `malloc` that a buffer gave away.
@safe private struct SpareMemory {
    let start: UnsafeMutableRawPointer
    let capacity: Int
}

/// Spare memory of one loop, so that a request on a warm loop allocates none.
///
/// Most recently used first, which keeps one buffer in the processor's cache when connections take turns.
struct MemoryPool {
    /// Capacity of fresh buffers, and what a returned one may at most have to be kept.
    static let bufferByteCount = 16 * 1024
    private static let maxKeptByteCount = 64 * 1024
    private static let maxSpareCount = 64
    /// Freed bytes from which on the allocator is worth asking to give memory back to the system.
    private static let trimByteCount = 8 * 1024 * 1024

    private var requests: [RequestMemory] = []
    private var outputs: [SpareMemory] = []
    /// Freed since the allocator was last asked to give memory back.
    private var freedByteCount = 0

    mutating func takeRequestMemory() -> RequestMemory {
        requests.popLast() ?? RequestMemory()
    }

    mutating func give(_ memory: RequestMemory) {
        memory.beginRequest()
        memory.buffer.removeAll()
        guard requests.count < Self.maxSpareCount else {
            freedByteCount += memory.buffer.freeCount
            return
        }
        if memory.buffer.freeCount > Self.maxKeptByteCount {
            freedByteCount += memory.buffer.freeCount
            memory.buffer = ByteBuffer()
        }
        requests.append(memory)
    }

    mutating func takeOutput() -> ByteBuffer {
        guard let spare = outputs.popLast() else { return ByteBuffer() }
        return unsafe ByteBuffer(adopting: spare.start, capacity: spare.capacity)
    }

    mutating func give(_ output: consuming ByteBuffer) {
        output.removeAll()
        guard outputs.count < Self.maxSpareCount, output.freeCount <= Self.maxKeptByteCount else {
            freedByteCount += output.freeCount
            return
        }
        let (memory, capacity) = unsafe output.surrender()
        guard let memory = unsafe memory else { return }
        unsafe outputs.append(SpareMemory(start: memory, capacity: capacity))
    }

    /// Has memory given back to the system when much was freed, as after a burst of many connections at once. The allocator
    /// would keep it, scattered among what is in use.
    ///
    /// - Parameter byteCount: Freed since the last call by others than the pool.
    mutating func trim(freedElsewhere byteCount: Int) {
        freedByteCount += byteCount
        guard freedByteCount >= Self.trimByteCount else { return }
        freedByteCount = 0
        HeapTrimming.beginSoon()
    }

    /// Frees everything that is spare.
    mutating func drain() {
        requests = []
        while !outputs.isEmpty { _ = takeOutput() }
    }
}
