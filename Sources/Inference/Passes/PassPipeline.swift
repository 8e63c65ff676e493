package import GraphIR

/// Passes in order, until a whole round changes nothing.
package struct PassPipeline: Sendable {
    /// What one pass did, for `apus inspect`.
    package struct Change: Sendable {
        package let pass: String
        package let count: Int
    }

    /// Rounds enough for any chain of fusions; a pass that never settles is cut here.
    private static let maximumRounds = 8

    private let passes: [any GraphPass]

    package init(_ passes: [any GraphPass]) { self.passes = passes }

    @discardableResult
    package func run(on graph: inout Graph) throws(EngineError) -> [Change] {
        var changes: [Change] = []
        for _ in 0..<Self.maximumRounds {
            var changed = 0
            for pass in passes {
                let count: Int
                do {
                    count = try pass.run(on: &graph)
                } catch {
                    throw EngineError(error)
                }
                if count > 0 { changes.append(Change(pass: pass.name, count: count)) }
                changed += count
            }
            if changed == 0 { break }
        }
        return changes
    }
}
