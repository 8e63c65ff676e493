import ServableCore
import Testing

@Suite("StatusBoard")
struct StatusBoardTests {
    private func status(
        _ name: String, _ version: Int64, _ state: ServableState, error: ServableError? = nil, last: ServableError? = nil,
        since microseconds: Int64 = 0
    ) -> ServableStatus {
        ServableStatus(
            id: ServableID(name: name, version: version), state: state, error: error, lastError: last,
            since: Timestamp(microsecondsSinceEpoch: microseconds), path: "/m/\(name)/\(version)"
        )
    }

    @Test("lists versions newest first, those that live and those that ended")
    func lists() {
        let board = StatusBoard()
        for version in [2, 10, 9] as [Int64] { board.set(status("a", version, .available)) }
        board.set(status("a", 2, .unloading))
        board.set(status("a", 2, .end))
        #expect(board.statuses(of: "a").map(\.id.version) == [10, 9, 2])
        #expect(board.status(of: ServableID(name: "a", version: 2))?.state == .end)
        #expect(board.statuses(of: "b").isEmpty)
        board.setWanted(["b": WantedModel()])
        #expect(board.modelNames == ["a", "b"])
    }

    @Test("of the ended versions of a model only the last to end stay listed, beside all that live")
    func forgetsVersions() {
        let board = StatusBoard()
        board.setWanted(["a": WantedModel()])
        board.set(status("a", 1, .available))
        for version in 2...10_000 as ClosedRange<Int64> {
            board.set(status("a", version, .available))
            // The higher the number, the earlier the end.
            board.set(status("a", version, .end, since: -version))
        }
        #expect(board.statuses(of: "a").map(\.id.version) == (1...17).reversed())
        board.set(status("a", 100, .start))
        board.set(status("a", 100, .end, since: 1))
        #expect(board.statuses(of: "a").map(\.id.version) == [100] + (1...16).reversed())
    }

    @Test("a version that failed stays listed until it is unpinned, whatever ends after it")
    func pins() {
        let board = StatusBoard()
        let id = ServableID(name: "a", version: 1)
        let failed = status("a", 1, .end, error: ServableError(.dataLoss, "file is cut short"))
        board.set(failed, isPinned: true)
        for version in 2...100 as ClosedRange<Int64> { board.set(status("a", version, .end, since: version)) }
        #expect(board.status(of: id) == failed)
        #expect(board.statuses(of: "a").count == 17)
        board.unpin(id)
        #expect(board.status(of: id) == nil)
        #expect(board.statuses(of: "a").count == 16)
    }

    @Test("of the models that are no longer wanted only the last to end stay listed, beside those with a version that lives")
    func forgetsModels() {
        let board = StatusBoard()
        board.set(status("living", 1, .unloading))
        board.set(status("failing", 1, .end, error: ServableError(.dataLoss, "file is cut short")), isPinned: true)
        board.setWanted(["wanted": WantedModel()])
        board.set(status("wanted", 1, .end))
        for number in 1...1_000 as ClosedRange<Int64> { board.set(status("m\(number)", 1, .end, since: number)) }
        #expect(Set(board.modelNames) == Set(["living", "failing", "wanted"] + (985...1_000).map { "m\($0)" }))
        board.setWanted([:])
        board.unpin(ServableID(name: "failing", version: 1))
        #expect(Set(board.modelNames) == Set(["living"] + (985...1_000).map { "m\($0)" }))
        #expect(!board.isWanted("wanted"))
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let statuses: [ServableStatus]
        var problem: String?
        let reason: String?
        var testDescription: String { name }
    }

    static var cases: [Case] {
        let make = StatusBoardTests()
        let corrupt = ServableError(.dataLoss, "file is cut short")
        let prefix = "model \"a\" has no available version: "
        return [
            Case(name: "nothing known", statuses: [], reason: prefix + "no load has begun"),
            Case(name: "nothing found", statuses: [], problem: "no such path", reason: prefix + "no such path"),
            Case(name: "loading", statuses: [make.status("a", 1, .loading)], reason: prefix + "version 1 is LOADING"),
            Case(
                name: "between tries", statuses: [make.status("a", 1, .loading, last: corrupt)],
                reason: prefix + "version 1 is LOADING: DATA_LOSS: file is cut short"),
            Case(
                name: "failed", statuses: [make.status("a", 1, .end), make.status("a", 2, .end, error: corrupt)],
                reason: prefix + "version 2 is END: DATA_LOSS: file is cut short"),
            Case(
                name: "available", statuses: [make.status("a", 1, .available), make.status("a", 2, .end, error: corrupt)],
                reason: nil),
            Case(
                name: "available though its path is gone", statuses: [make.status("a", 1, .available)], problem: "no such path",
                reason: nil),
            Case(name: "unloaded", statuses: [make.status("a", 1, .end)], reason: prefix + "no load has begun"),
        ]
    }

    @Test("says why a wanted model is not ready", arguments: cases)
    func unreadiness(_ tested: Case) {
        let board = StatusBoard()
        for status in tested.statuses { board.set(status) }
        #expect(board.unreadiness().isEmpty, "a model that is not wanted stands in nobody's way")
        board.setWanted(["a": WantedModel(problem: tested.problem)])
        #expect(board.unreadiness() == (tested.reason.map { [$0] } ?? []))
        board.setWanted([:], rootProblem: "model root is gone")
        #expect(board.unreadiness() == ["model root is gone"])
        board.setWanted([:], rootProblem: "model root is gone", rootWasRead: true)
        #expect(board.unreadiness() == [] && board.degradation() == ["model root is gone"])
    }

    @Test("labels are those last set")
    func labels() {
        let board = StatusBoard()
        board.setLabels(["stable": 1], of: "a")
        #expect(board.labels(of: "a") == ["stable": 1])
        board.setLabels([:], of: "a")
        #expect(board.labels(of: "a").isEmpty)
    }
}
