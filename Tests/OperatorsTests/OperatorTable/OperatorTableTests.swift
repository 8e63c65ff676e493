import Foundation
import GraphIR
import Operators
import Testing

@Suite("Table of operators in the documentation")
struct OperatorTableTests {
    @Test("is current")
    func isCurrent() throws {
        let file = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent(OperatorTable.path)
        let text = try OperatorTable.text()
        if ProcessInfo.processInfo.environment[OperatorTable.variable] != nil {
            try text.write(to: file, atomically: true, encoding: .utf8)
        }
        let found = try String(contentsOf: file, encoding: .utf8)
        let changed = Set(text.split(separator: "\n")).symmetricDifference(found.split(separator: "\n")).sorted().prefix(6)
        #expect(
            found == text,
            """
            \(OperatorTable.path) is not current; `\(OperatorTable.variable)=1 make test FILTER=OperatorTableTests` writes it anew. \
            Lines that differ: \(changed.joined(separator: "\n"))
            """)
    }

    @Test("says what every operator of ONNX takes")
    func isComplete() throws {
        let lines = try OperatorTable.text().split(separator: "\n").filter { $0.hasPrefix("| ") }
        #expect(lines.count > 900)
        let empty = lines.filter { $0.hasSuffix("|  |") && $0.split(separator: "|").count > 2 }
        #expect(empty.isEmpty, "\(empty)")
    }
}
