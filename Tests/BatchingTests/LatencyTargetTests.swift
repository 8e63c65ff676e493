import Batching
import Testing

@Suite("Latency target")
struct LatencyTargetTests {
    private static func target(_ milliseconds: Int, timeout: Duration = .zero) throws -> LatencyTarget {
        try #require(
            LatencyTarget(try BatchPolicy(maxBatchSize: 64, timeout: timeout, targetLatency: .milliseconds(milliseconds))))
    }

    @Test("a policy without a target chooses nothing")
    func none() { #expect(LatencyTarget(.standard) == nil) }

    @Test("begins with one row, and takes as many as half of the target suffices for, by the time of one")
    func proportional() throws {
        var target = try Self.target(100)
        #expect(target.rowLimit == 1)
        // One row takes 1 ms, by all that is known 1.5 ms at most: 32 rows stay below 50 ms.
        target.note(rowCount: 1, nanoseconds: 1_000_000)
        #expect(target.rowLimit == 32)
    }

    @Test("measured sizes count for themselves: larger ones are tried when they turn out cheap")
    func measured() throws {
        var target = try Self.target(100)
        target.note(rowCount: 1, nanoseconds: 2_000_000)
        #expect(target.rowLimit == 16)
        // A row costs less in a batch.
        for _ in 0..<50 { target.note(rowCount: 16, nanoseconds: 8_000_000) }
        #expect(target.rowLimit == 64)
        for _ in 0..<50 { target.note(rowCount: 64, nanoseconds: 60_000_000) }
        #expect(target.rowLimit < 64 && target.rowLimit >= 48)
    }

    @Test("one slow run does not shut a size out for ever")
    func outlier() throws {
        var target = try Self.target(100)
        for _ in 0..<50 { target.note(rowCount: 1, nanoseconds: 500_000) }
        #expect(target.rowLimit == 64)
        // The plan of 64 rows was made in it.
        target.note(rowCount: 64, nanoseconds: 900_000_000)
        #expect(target.rowLimit == 48)
        for _ in 0..<256 { target.note(rowCount: 1, nanoseconds: 500_000) }
        #expect(target.rowLimit == 64)
    }

    @Test("a machine that becomes slow gets smaller batches, and larger ones again afterwards")
    func changes() throws {
        var target = try Self.target(20)
        for _ in 0..<50 { target.note(rowCount: 1, nanoseconds: 100_000) }
        let usual = target.rowLimit
        for _ in 0..<50 { target.note(rowCount: 1, nanoseconds: 3_000_000) }
        #expect(target.rowLimit < usual)
        for _ in 0..<100 { target.note(rowCount: 1, nanoseconds: 100_000) }
        #expect(target.rowLimit == usual)
    }

    @Test("when not even one row stays within the target, rows run one by one; what is larger than a batch says nothing")
    func hopeless() throws {
        var target = try Self.target(1)
        target.note(rowCount: 1, nanoseconds: 1_000_000_000)
        #expect(target.rowLimit == 1)
        target.note(rowCount: 5000, nanoseconds: 1)
        #expect(target.rowLimit == 1)
    }

    @Test("waiting for company takes its part of the time")
    func timeout() throws {
        var patient = try Self.target(20, timeout: .milliseconds(10)), eager = try Self.target(20)
        for _ in 0..<50 {
            patient.note(rowCount: 1, nanoseconds: 500_000)
            eager.note(rowCount: 1, nanoseconds: 500_000)
        }
        #expect(patient.rowLimit < eager.rowLimit)
    }

    @Test("a target that the timeout alone exceeds is refused", arguments: [Duration.milliseconds(5), .milliseconds(10), .seconds(3601)])
    func refused(_ target: Duration) {
        #expect(throws: BatchPolicyError.targetLatencyOutOfRange(target, timeout: .milliseconds(10))) {
            try BatchPolicy(maxBatchSize: 64, timeout: .milliseconds(10), targetLatency: target)
        }
    }
}
