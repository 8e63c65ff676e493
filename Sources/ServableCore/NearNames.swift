/// Names that somebody who wrote another probably meant.
package enum NearNames {
    /// Names beyond these are not compared, so that an answer to a wrong one stays cheap.
    private static let candidateLimit = 256
    private static let byteLimit = 128

    /// Up to three names that differ in few letters, nearest first.
    package static func near(to name: String, among names: some Sequence<String>) -> [String] {
        let wrong = Array(name.utf8)
        guard wrong.count <= byteLimit else { return [] }
        // Two letters that have changed places are two differences.
        let limit = wrong.count < 4 ? 1 : max(2, wrong.count / 3)
        let candidates = names.lazy.filter { abs($0.utf8.count - wrong.count) <= limit }.prefix(candidateLimit)
        return candidates.map { (distance: distance(wrong, Array($0.utf8)), name: $0) }.filter { $0.distance <= limit }.sorted(by: <)
            .prefix(3).map(\.name)
    }

    /// Insertions, deletions and replacements that turn one into the other (Levenshtein), by one row of the table.
    package static func distance<Letter: Equatable>(_ left: [Letter], _ right: [Letter]) -> Int {
        var row = Array(0...right.count)
        for (index, letter) in left.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for column in right.indices {
                let replaced = diagonal + (letter == right[column] ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(replaced, row[column] + 1, diagonal + 1)
            }
        }
        return row[right.count]
    }
}
