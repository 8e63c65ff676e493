import Foundation
import Testing

extension EndToEnd {
    @Suite("Restart")
    struct RestartTests {
        @Test("the registry's history goes on after a restart, also after the daemon was killed", arguments: [SIGTERM, SIGKILL])
        func history(signal: Int32) async throws {
            let home = try TemporaryFolder()
            try TinyModel.adding(1).publish(1, in: home["shift"])
            let before = try await Self.daemon(home)
            let (firstVersion, firstEvents) = try await Self.record(before, of: 1)
            before.send(signal)
            #expect(try await before.exitStatus() == (signal == SIGTERM ? 0 : -SIGKILL))

            try TinyModel.adding(2).publish(2, in: home["shift"])
            let after = try await Self.daemon(home)
            let (_, events) = try await Self.record(after, of: 2)
            #expect(Array(events.prefix(firstEvents.count)) == firstEvents)
            let sequences = events.compactMap { $0["sequence"].number }
            #expect(sequences == sequences.sorted() && Set(sequences).count == events.count)
            #expect(events.count { $0["kind"] == "daemon_started" } == 2)
            let version = try after.get("/v1/registry/models/shift/versions/1")
            for fact in ["digest", "format", "path", "size", "signatures"] { #expect(version[fact] == firstVersion[fact]) }
            #expect(version["times"]["first_seen"].text != nil)
            #expect(version["times"]["first_seen"] == firstVersion["times"]["first_seen"])
            #expect(version["state"] != "AVAILABLE")
        }

        private static func daemon(_ home: TemporaryFolder) async throws -> DaemonProcess {
            let daemon = try await DaemonProcess(in: home, "models: [{name: shift, path: shift}]")
            try await daemon.waitUntilReady()
            return daemon
        }

        /// What the registry tells of a version and of all that happened, once it has written what the version is made of.
        private static func record(_ daemon: DaemonProcess, of number: Int) async throws -> (version: JSON, events: [JSON]) {
            var version = JSON.null
            try await daemon.wait("version \(number) to be on record") {
                version = try daemon.get("/v1/registry/models/shift/versions/\(number)")
                return version["state"] == "AVAILABLE" && version["digest"] != nil
            }
            return (version, try daemon.get("/v1/registry/events")["events"].elements)
        }
    }
}
