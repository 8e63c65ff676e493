import Glibc
import ServableCore
import Synchronization
import Testing

@Suite("ServableTable and ServableHandle", .timeLimit(.minutes(1)))
struct ServableTableTests {
    let thread = WorkThread(priority: .low)
    let census = Census()

    private func handle(_ name: String, _ version: Int64, onRelease: @escaping @Sendable () -> Void = {}) -> ServableHandle {
        let id = ServableID(name: name, version: version)
        return ServableHandle(id: id, servable: FakeServable(id: id, census: census), releaseThread: thread, onRelease: onRelease)
    }

    private func table() -> ServableTable {
        let table = ServableTable()
        for version in [10, 9, 2] as [Int64] { table.publish(handle("digits", version)) }
        table.setLabels(["stable": 2, "gone": 5], of: "digits")
        table.setLabels(["early": 1], of: "unloaded")
        return table
    }

    @Test(
        "finds by number, by label and the newest",
        arguments: [(VersionSelector.latest, Int64(10)), (.version(9), 9), (.label("stable"), 2)])
    func finds(selector: VersionSelector, version: Int64) throws {
        let found = try table().handle("digits", selector)
        #expect(found.id == ServableID(name: "digits", version: version))
        #expect((found.servable as? FakeServable)?.id == found.id)
    }

    @Test(
        "misses with TensorFlow Serving's texts",
        arguments: [
            ("other", VersionSelector.latest, StatusCode.notFound, "Servable not found for request: Latest(other)"),
            ("unloaded", .latest, .notFound, "Servable not found for request: Latest(unloaded)"),
            ("digits", .version(3), .notFound, "Servable not found for request: Specific(digits, 3)"),
            ("other", .version(-1), .notFound, "Servable not found for request: Specific(other, -1)"),
            ("digits", .label("gone"), .notFound, "Servable not found for request: Specific(digits, 5)"),
            ("digits", .label("nope"), .invalidArgument, "Unrecognized servable version label: nope"),
            ("other", .label("stable"), .invalidArgument, "Unrecognized servable version label: stable"),
        ])
    func misses(name: String, selector: VersionSelector, code: StatusCode, message: String) {
        let table = table()
        #expect(throws: ServableError(code, message)) { try table.handle(name, selector) }
    }

    @Test("names what has an available version, and the only one if it is the only one")
    func names() {
        let table = table()
        #expect(table.names == ["digits"])
        #expect(table.onlyName == "digits")
        #expect(table.versions(of: "digits") == [2, 9, 10])
        table.publish(handle("other", 1))
        #expect(table.names == ["digits", "other"])
        #expect(table.onlyName == nil)
        table.withdraw(ServableID(name: "other", version: 1))
        #expect(table.onlyName == "digits")
        #expect(ServableTable().onlyName == nil)
    }

    @Test("latest falls back when the newest is withdrawn")
    func latestFallsBack() throws {
        let table = table()
        table.withdraw(ServableID(name: "digits", version: 10))
        #expect(try table.handle("digits", .latest).id.version == 9)
        table.withdraw(ServableID(name: "digits", version: 404))
        #expect(table.versions(of: "digits") == [2, 9])
    }

    @Test("a withdrawn version lives while a handle is held, and is freed on the release thread")
    func heldHandle() async throws {
        let threadID = Mutex<pthread_t?>(nil)
        let releasedOnThread = Mutex<Bool?>(nil)
        let gate = Gate(), passed = Gate()
        thread.async { threadID.withLock { $0 = pthread_self() } }
        let census = census
        let table = ServableTable()
        table.publish(
            handle("digits", 1) {
                // The memory is free before the release is reported.
                releasedOnThread.withLock { $0 = threadID.withLock { $0 } == pthread_self() && census.living == 0 }
                gate.open()
            })
        var held: ServableHandle? = try table.handle("digits", .latest)
        weak let servable = held?.servable
        table.withdraw(ServableID(name: "digits", version: 1))
        thread.async { passed.open() }
        await passed.pass()
        #expect(census.living == 1)
        #expect(servable != nil)
        #expect(held != nil)
        held = nil
        await gate.pass()
        #expect(servable == nil)
        #expect(releasedOnThread.withLock { $0 } == true)
    }

    @Test("readers on other threads find a version at every moment of a swap")
    func swapWhileReading() async throws {
        let table = ServableTable()
        let thread = thread
        let census = census
        let make = { @Sendable (version: Int64) in
            let id = ServableID(name: "digits", version: version)
            return ServableHandle(id: id, servable: FakeServable(id: id, census: census), releaseThread: thread) {}
        }
        table.publish(make(1))
        let isDone = Flag()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<2 {
                group.addTask {
                    var last: Int64 = 0
                    while !isDone.isSet {
                        let handle = try table.handle("digits", .latest)
                        #expect(handle.id.version >= last)
                        last = handle.id.version
                        #expect((handle.servable as? FakeServable)?.id == handle.id)
                        await Task.yield()
                    }
                }
            }
            group.addTask {
                for version in 2...300 as ClosedRange<Int64> {
                    table.publish(make(version))
                    table.withdraw(ServableID(name: "digits", version: version - 1))
                    await Task.yield()
                }
                isDone.set()
            }
            try await group.waitForAll()
        }
        let passed = Gate()
        thread.async { passed.open() }
        await passed.pass()
        #expect(census.living == 1)
    }
}

private final class Flag: Sendable {
    private let value = Mutex(false)
    var isSet: Bool { value.withLock { $0 } }
    func set() { value.withLock { $0 = true } }
}
