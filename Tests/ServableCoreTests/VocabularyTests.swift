import Glibc
import ServableCore
import Testing

@Suite("Status codes, states and times")
struct VocabularyTests {
    @Test("codes have gRPC's numbers and names")
    func codes() {
        let names = [
            "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
            "PERMISSION_DENIED",
            "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE",
            "DATA_LOSS",
            "UNAUTHENTICATED",
        ]
        #expect(StatusCode.allCases.map(\.name) == names)
        #expect(StatusCode.allCases.map(\.rawValue) == Array(0...16))
    }

    @Test("a state moves forward only, and only an end begins anew", arguments: ServableState.allCases)
    func states(state: ServableState) {
        let following: [ServableState: Set<ServableState>] = [
            .start: [.loading, .available, .unloading, .end],
            .loading: [.available, .unloading, .end],
            .available: [.unloading, .end],
            .unloading: [.end],
            .end: [.start],
        ]
        #expect(Set(ServableState.allCases.filter(state.mayBecome)) == following[state])
    }

    @Test(
        "a time is written as RFC 3339 in UTC",
        arguments: [
            (Int64(0), "1970-01-01T00:00:00.000000Z"),
            (1_709_210_096_789_012, "2024-02-29T12:34:56.789012Z"),
            (-1, "1969-12-31T23:59:59.999999Z"),
            (253_402_300_799_999_999, "9999-12-31T23:59:59.999999Z"),
        ])
    func timestamps(microseconds: Int64, text: String) {
        #expect(Timestamp(microsecondsSinceEpoch: microseconds).description == text)
    }

    @Test("the time between two moments does not overflow")
    func elapsed() {
        let first = Timestamp(microsecondsSinceEpoch: .min)
        let last = Timestamp(microsecondsSinceEpoch: .max)
        #expect(last.elapsed(since: first) == .microseconds(Int64.max))
        #expect(first.elapsed(since: last) == .microseconds(Int64.min))
        #expect(Timestamp(microsecondsSinceEpoch: 7).elapsed(since: Timestamp(microsecondsSinceEpoch: 5)) == .microseconds(2))
    }

    @Test("an error of a loader keeps its code, another counts as unknown")
    func wrapping() {
        struct Odd: Error, CustomStringConvertible { var description: String { "odd" } }
        let known = ServableError(.dataLoss, "short file")
        #expect(ServableError(wrapping: known) == known)
        #expect(ServableError(wrapping: Odd()) == ServableError(.unknown, "odd"))
        #expect(ServableError(wrapping: CancellationError()).code == .cancelled)
        #expect(known.description == "DATA_LOSS: short file")
    }
}

@Suite("VersionPolicy")
struct VersionPolicyTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let policy: VersionPolicy
        let existing: [Int64]
        let wanted: [Int64]
        var testDescription: String { name }
    }

    static let cases = [
        Case(name: "latest of none", policy: .latest(1), existing: [], wanted: []),
        Case(name: "latest", policy: .latest(1), existing: [3, 10, 2], wanted: [10]),
        Case(name: "latest two", policy: .latest(2), existing: [3, 10, 2], wanted: [3, 10]),
        Case(name: "latest more than exist", policy: .latest(9), existing: [3, 2], wanted: [2, 3]),
        Case(name: "latest zero counts as one", policy: .latest(0), existing: [3, 2], wanted: [3]),
        Case(name: "latest negative counts as one", policy: .latest(.min), existing: [3, 2], wanted: [3]),
        Case(name: "all", policy: .all, existing: [3, 1, 2], wanted: [1, 2, 3]),
        Case(name: "specific that exist", policy: .specific([7, 2, 2]), existing: [1, 2, 3], wanted: [2]),
        Case(name: "specific empty", policy: .specific([]), existing: [1, 2, 3], wanted: []),
        Case(name: "largest number", policy: .latest(1), existing: [.max, 0], wanted: [.max]),
    ]

    @Test("chooses ascending and without doubles", arguments: cases)
    func selects(_ tested: Case) {
        #expect(tested.policy.select(from: tested.existing) == tested.wanted)
        #expect(tested.policy.select(from: tested.existing + tested.existing) == tested.wanted)
    }
}

@Suite("ServingSpecification")
struct ServingSpecificationTests {
    @Test("accepts what can be meant")
    func accepted() throws {
        _ = try ServingSpecification(models: []).validated()
        _ = try ServingSpecification(models: [ModelSpecification(name: "a", basePath: "/a")], modelRoot: "/models").validated()
    }

    @Test(
        "refuses what cannot be meant",
        arguments: [
            (
                ServingSpecification(models: [.init(name: "a", basePath: "/a"), .init(name: "a", basePath: "/b")]),
                "Illegal to list model a multiple times in config list"
            ),
            (
                ServingSpecification(models: [.init(name: "a", basePath: "models/a")]),
                "Expected model a to have an absolute path or URI; got base_path()=models/a"
            ),
            (
                ServingSpecification(models: [.init(name: "", basePath: "/a")]),
                "a model at \"/a\" has an empty name; give it a name"
            ),
            (
                ServingSpecification(models: [.init(name: "a\nb", basePath: "/a")]),
                "model name \"a\\nb\" has control characters; leave them out"
            ),
            (ServingSpecification(models: [], modelRoot: "models"), "model_root must be an absolute path; got \"models\""),
        ])
    func refused(specification: ServingSpecification, message: String) {
        #expect(throws: ServableError(.invalidArgument, message)) { try specification.validated() }
    }
}
