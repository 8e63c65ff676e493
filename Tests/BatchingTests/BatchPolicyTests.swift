import Batching
import Testing

@Suite("Batch policy")
struct BatchPolicyTests {
    struct Refused: Sendable, CustomTestStringConvertible {
        let name: String
        var maxBatchSize = 8
        var timeout = Duration.zero
        var allowedSizes: [Int] = []
        var maxQueuedBatches = 1
        let error: BatchPolicyError
        let text: String
        var testDescription: String { name }
    }

    static let refused = [
        Refused(
            name: "a batch of nothing", maxBatchSize: 0, error: .maxBatchSizeNotPositive(0),
            text: "max_batch_size is 0; expected at least 1"),
        Refused(
            name: "a negative timeout", timeout: .microseconds(-1), error: .timeoutOutOfRange(.microseconds(-1)),
            text: "batch timeout is -1 us; expected 0 to 3600000000 us"),
        Refused(
            name: "a timeout of hours", timeout: .seconds(3601), error: .timeoutOutOfRange(.seconds(3601)),
            text: "batch timeout is 3601000000 us; expected 0 to 3600000000 us"),
        Refused(
            name: "a negative queue", maxQueuedBatches: -1, error: .maxQueuedBatchesNegative(-1),
            text: "max_queued_batches is -1; expected at least 0"),
        Refused(
            name: "an allowed size of zero", allowedSizes: [0, 8], error: .allowedSizeNotPositive(0),
            text: "allowed_batch_sizes has the entry 0; expected entries of at least 1"),
        Refused(
            name: "a repeated allowed size", allowedSizes: [4, 4, 8],
            error: .allowedSizesNotAscending(previous: 4, next: 4),
            text: "allowed_batch_sizes has 4 after 4; expected strictly ascending entries"),
        Refused(
            name: "a last allowed size below the maximum", allowedSizes: [2, 4],
            error: .lastAllowedSizeMismatch(last: 4, maxBatchSize: 8),
            text: "Last entry in allowed_batch_sizes must match max_batch_size; last entry was 4; expected 8"),
        Refused(
            name: "a last allowed size above the maximum", allowedSizes: [8, 16],
            error: .lastAllowedSizeMismatch(last: 16, maxBatchSize: 8),
            text: "Last entry in allowed_batch_sizes must match max_batch_size; last entry was 16; expected 8"),
    ]

    @Test("refuses parameters that cannot be honoured, naming what was found and expected", arguments: refused)
    func refuses(_ refused: Refused) {
        let error = #expect(throws: BatchPolicyError.self) {
            try BatchPolicy(
                maxBatchSize: refused.maxBatchSize, timeout: refused.timeout, allowedSizes: refused.allowedSizes,
                maxQueuedBatches: refused.maxQueuedBatches)
        }
        #expect(error == refused.error)
        #expect(error?.description == refused.text)
    }

    @Test(
        "pads to the next allowed size",
        arguments: [(0, 0), (1, 1), (2, 4), (4, 4), (5, 16), (16, 16), (17, 64), (64, 64), (65, 65), (1000, 1000)])
    func padsToAllowedSize(rows: Int, padded: Int) throws {
        let policy = try BatchPolicy(maxBatchSize: 64, allowedSizes: [1, 4, 16, 64])
        #expect(policy.paddedRowCount(for: rows) == padded)
    }

    @Test(
        "pads to default buckets when no sizes are given, never above the maximum",
        arguments: [(1, 1), (3, 3), (5, 6), (7, 8), (9, 12), (13, 16), (17, 24), (25, 32), (65, 96), (97, 100), (101, 101)])
    func padsToDefaultBucket(rows: Int, padded: Int) throws {
        let policy = try BatchPolicy(maxBatchSize: 100)
        #expect(policy.paddedRowCount(for: rows) == padded)
    }

    @Test("default buckets are the powers of two and the steps half-way between, then the maximum")
    func defaultBuckets() throws {
        #expect(try BatchPolicy(maxBatchSize: 1).executionSizes == [1])
        #expect(try BatchPolicy(maxBatchSize: 2).executionSizes == [1, 2])
        #expect(try BatchPolicy(maxBatchSize: 3).executionSizes == [1, 2, 3])
        #expect(try BatchPolicy(maxBatchSize: 48).executionSizes == [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48])
        #expect(try BatchPolicy(maxBatchSize: 50).executionSizes == [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 50])
    }

    @Test("extreme sizes neither trap nor lose the ascending order")
    func extremeSizes() throws {
        let policy = try BatchPolicy(maxBatchSize: .max, maxQueuedBatches: .max)
        #expect(policy.maxQueuedRows == .max)
        #expect(policy.executionSizes == policy.executionSizes.sorted())
        #expect(policy.executionSizes.last == .max)
        #expect(policy.paddedRowCount(for: .max) == .max)
    }

    @Test("a queue of 0 batches holds one")
    func zeroQueuedBatches() throws {
        let policy = try BatchPolicy(maxBatchSize: 8, maxQueuedBatches: 0)
        #expect(policy.maxQueuedBatches == 1)
        #expect(policy.maxQueuedRows == 8)
    }

    @Test("the standard policy is what a model gets without configuration")
    func standardPolicy() throws {
        #expect(try BatchPolicy(maxBatchSize: 64) == .standard)
    }
}
