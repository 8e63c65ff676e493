import ArgumentParser
import Foundation
import Operators

/// The project's benchmarks: every candidate runs in turns with its reference, and what counts is their ratio.
@main
struct Benchmarks: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "Benchmarks", abstract: "Measure parts of Apus against a reference in the same run.",
        discussion: """
            A ratio is how many times as fast as the reference the candidate is, the median over all rounds. Everything runs on \
            one thread. APUS_ISA forces a level of the kernels.
            """)

    @Option(help: ArgumentHelp("Measure only what has this in \"section/name\".", valueName: "name"))
    var filter: String?

    @Option(help: ArgumentHelp("How long to measure each comparison.", valueName: "s"))
    var seconds = 1.0

    @Option(help: ArgumentHelp("The folder with the models that come along.", valueName: "folder"), completion: .directory)
    var models = "models"

    @Option(help: ArgumentHelp("The folder with the models of the tests.", valueName: "folder"), completion: .directory)
    var fixtures = "Tests/Fixtures"

    @Flag(help: "Print one JSON object.")
    var json = false

    func validate() throws {
        guard seconds > 0, seconds <= 3_600 else { throw ValidationError("--seconds is \(seconds); expected more than 0, up to 3600") }
    }

    func run() throws {
        let level = try InstructionSet.requested()
        LinearAlgebra.configure()
        let sections = selected()
        guard !sections.isEmpty else {
            throw ValidationError("--filter \(filter ?? ""): nothing has it; sections are \(all.map(\.title).joined(separator: "; "))")
        }
        var report = JSONReport(isa: level.name, mathLibrary: LinearAlgebra.libraryName)
        if !json { print("\(report.isa), \(report.mathLibrary)") }
        for section in sections {
            let rows = try section.comparisons.filter { $0.obstacle == nil }.map { comparison in
                (name: comparison.name, outcome: try measure(comparison, in: section))
            }
            report.add(section, rows)
            if !json { print("", TableReport(section: section, rows: rows).text, separator: "\n") }
        }
        if json { print(try report.text) }
    }

    private var all: [Section] {
        [Product.section, IntegerProduct.section, Convolution.section, TreeWalks.section] + TensorReading.sections + [
            TensorWriting.section, TensorExchange.section,
        ]
            + [ModelRun.section(models: models), ServedPrediction.section(models: models), CrowdedPrediction.section(models: models)]
            + [LoadingPrediction.section(models: models)]
            + [BatchedPrediction.section(models: models, fixtures: fixtures), BinaryPrediction.section(fixtures: fixtures)]
            + Levels.sections
    }

    /// The sections with what the filter leaves of them.
    private func selected() -> [Section] {
        all.compactMap { section in
            let comparisons = section.comparisons.filter { comparison in
                filter.map { "\(section.title)/\(comparison.name)".localizedCaseInsensitiveContains($0) } ?? true
            }
            guard !comparisons.isEmpty else { return nil }
            return Section(title: section.title, summary: section.summary, unit: section.unit, comparisons: comparisons)
        }
    }

    private func measure(_ comparison: any Comparison, in section: Section) throws -> Outcome {
        do {
            return try comparison.measure(by: Race(duration: .seconds(seconds)))
        } catch let error as InvalidComparison {
            throw InvalidComparison(description: "\(section.title)/\(comparison.name): \(error)")
        }
    }
}
