import Dispatch
import ServableCore
import Synchronization
import Testing

@Suite("HeapTrimmer")
struct HeapTrimmerTests {
    @Test("trims once for all that was freed in one go, after the last of it")
    func coalesces() {
        let queue = DispatchQueue(label: "test.release")
        let order = Mutex<[String]>([])
        let trimmed = DispatchSemaphore(value: 0)
        let trimmer = HeapTrimmer(queue: queue) {
            order.withLock { $0.append("trim") }
            trimmed.signal()
        }
        queue.suspend()
        for number in 1...3 {
            queue.async {
                order.withLock { $0.append("free \(number)") }
                trimmer.trimSoon()
            }
        }
        queue.resume()
        trimmed.wait()
        #expect(order.withLock { $0 } == ["free 1", "free 2", "free 3", "trim"])
        trimmer.trimSoon()
        trimmed.wait()
        #expect(order.withLock { $0.suffix(2) } == ["trim", "trim"])
    }
}
