import Foundation
import Testing

extension EndToEnd {
    /// A mapped file that is cut short ends the process that reads it; one that is overwritten changes what it computes.
    @Suite("Files changed in place")
    struct ChangedFileTests {
        enum Change: CaseIterable {
            case emptied, halved, overwritten

            func make(to url: URL) throws {
                let file = try FileHandle(forWritingTo: url)
                defer { file.closeFile() }
                let byteCount = try file.seekToEnd()
                switch self {
                case .emptied: try file.truncate(atOffset: 0)
                case .halved: try file.truncate(atOffset: byteCount / 2)
                case .overwritten:
                    try file.seek(toOffset: 0)
                    try file.write(contentsOf: Data(repeating: 0xFF, count: Int(byteCount)))
                }
            }
        }

        /// At least one name lays the table where it could be used as it lies in the file.
        private static let tables = (1...4).map { String(repeating: "w", count: $0) }
        private static let width = 96

        @Test(
            "a version whose file is changed under it goes on answering right", arguments: TinyModel.WeightPlace.allCases,
            Change.allCases)
        func changed(place: TinyModel.WeightPlace, change: Change) async throws {
            let home = try TemporaryFolder()
            for name in Self.tables { try TinyModel.table(named: name, place).publish(1, in: home["models/\(name)"]) }
            try TinyModel.scaling(by: 3, width: Self.width, place).publish(1, in: home["models/product"])
            try TinyModel.adding(1).publish(1, in: home["models/shift"])
            let daemon = try await DaemonProcess(in: home, "model_root: models")
            try await daemon.waitUntilReady()
            try Self.checkTables(daemon)
            try Self.checkProduct(daemon, rowCounts: [1])
            for name in Self.tables + ["product"] { try change.make(to: home["models/\(name)/1/\(place.file)"]) }
            try Self.checkTables(daemon)
            // Row counts that have no plan yet.
            try Self.checkProduct(daemon, rowCounts: [1, 2, 3, 8, 33, 300])
            #expect(try daemon.predict("shift", #"{"instances": [1]}"#).json["predictions"] == [2])
            // The daemon has looked at the folder again: a version that appears is seen.
            try TinyModel.adding(2).publish(2, in: home["models/shift"])
            try await daemon.waitUntil("shift", 2, is: "AVAILABLE")
            try Self.checkTables(daemon)
            try Self.checkProduct(daemon, rowCounts: [1, 4])
        }

        private static func checkTables(_ daemon: DaemonProcess) throws {
            for name in tables {
                for rows in [[5], [TinyModel.tableRowCount - 1], [2500, 1, 2]] {
                    let response = try daemon.predict(name, #"{"instances": \#(rows)}"#)
                    #expect(response.status == 200, "\(name): \(response.body.prefix(200))")
                    let expected = rows.map { row in
                        JSON.array((0..<TinyModel.tableRowLength).map { .number(Double(row * TinyModel.tableRowLength + $0)) })
                    }
                    #expect(try response.json["predictions"] == .array(expected), "\(name)")
                }
            }
        }

        private static func checkProduct(_ daemon: DaemonProcess, rowCounts: [Int]) throws {
            for count in rowCounts {
                let rows = (0..<count).map { row in (0..<width).map { Double((row + $0) % 7) } }
                let response = try daemon.predict("product", #"{"instances": \#(rows)}"#)
                #expect(response.status == 200, "\(count) rows: \(response.body.prefix(200))")
                #expect(try response.json["predictions"] == .array(rows.map { .array($0.map { .number($0 * 3) }) }), "\(count) rows")
            }
        }
    }
}
