/// What a connection needs only while a request arrives: its buffer and the tables of its head.
///
/// Resting connections own none, so that thousands of them cost little; loops keep a few for reuse.
final class RequestMemory {
    var buffer = ByteBuffer()
    var parser = RequestParser()
    var head = RequestHead()
    var chunks: ChunkedDecoder?

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

    private var requests: [RequestMemory] = []
    private var outputs: [SpareMemory] = []

    mutating func takeRequestMemory() -> RequestMemory {
        requests.popLast() ?? RequestMemory()
    }

    mutating func give(_ memory: RequestMemory) {
        guard requests.count < Self.maxSpareCount else { return }
        memory.beginRequest()
        memory.buffer.removeAll()
        if memory.buffer.freeCount > Self.maxKeptByteCount { memory.buffer = ByteBuffer() }
        requests.append(memory)
    }

    mutating func takeOutput() -> ByteBuffer {
        guard let spare = outputs.popLast() else { return ByteBuffer() }
        return unsafe ByteBuffer(adopting: spare.start, capacity: spare.capacity)
    }

    mutating func give(_ output: consuming ByteBuffer) {
        output.removeAll()
        guard outputs.count < Self.maxSpareCount, output.freeCount <= Self.maxKeptByteCount else { return }
        let (memory, capacity) = unsafe output.surrender()
        guard let memory = unsafe memory else { return }
        unsafe outputs.append(SpareMemory(start: memory, capacity: capacity))
    }

    /// Frees everything that is spare.
    mutating func drain() {
        requests = []
        while !outputs.isEmpty { _ = takeOutput() }
    }
}
