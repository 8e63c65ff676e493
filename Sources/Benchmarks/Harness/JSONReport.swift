import Foundation

/// All outcomes as one JSON object on one line.
struct JSONReport: Encodable {
    let isa: String
    let mathLibrary: String
    private(set) var results: [Result] = []

    enum CodingKeys: String, CodingKey {
        case isa, results
        case mathLibrary = "math_library"
    }

    init(isa: String, mathLibrary: String) {
        self.isa = isa
        self.mathLibrary = mathLibrary
    }

    mutating func add(_ section: Section, _ rows: [(name: String, outcome: Outcome)]) {
        results += rows.map { Result(section, $0.name, $0.outcome) }
    }

    var text: String {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return String(decoding: try encoder.encode(self), as: UTF8.self)
        }
    }

    struct Result: Encodable {
        let section: String
        let name: String
        let rounds: Int
        let unit: String
        let candidate: Side
        let reference: Side
        let ratio: Double
        let allocationsPerRun: Int?

        enum CodingKeys: String, CodingKey {
            case section, name, rounds, unit, candidate, reference, ratio
            case allocationsPerRun = "allocations_per_run"
        }

        init(_ section: Section, _ name: String, _ outcome: Outcome) {
            self.section = section.title
            self.name = name
            rounds = outcome.pace.roundCount
            unit = section.unit.name
            candidate = Side(outcome.pace.candidate, outcome.work, section.unit)
            reference = Side(outcome.pace.reference, outcome.work, section.unit)
            ratio = outcome.pace.ratio
            allocationsPerRun = outcome.allocationCount
        }
    }

    struct Side: Encodable {
        let minNanoseconds: Double
        let medianNanoseconds: Double
        let rate: Double

        enum CodingKeys: String, CodingKey {
            case rate
            case minNanoseconds = "min_ns"
            case medianNanoseconds = "median_ns"
        }

        init(_ side: Pace.Side, _ work: Int, _ unit: RateUnit) {
            minNanoseconds = side.minimum
            medianNanoseconds = side.median
            rate = Double(work) / side.median * unit.perNanosecond
        }
    }
}
