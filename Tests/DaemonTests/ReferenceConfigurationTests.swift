import Daemon
import ServableCore
import Testing

/// `config/apus.yaml` is what people read: it must hold every key, with the default that it has.
@Suite("Reference configuration")
struct ReferenceConfigurationTests {
    static let path = ConfigurationTesting.repository + "/config/apus.yaml"

    /// Their defaults depend on who runs the daemon.
    static let placesOfTheirOwn: Set<String> = ["registry.path", "registry.store"]

    @Test("holds every key and no other")
    func holdsEveryKey() throws {
        let file = ConfigurationFile(text: try FileReader.text(of: Self.path), path: Self.path)
        #expect(file.problems.map(\.description) == [])
        #expect(Set(file.values.keys) == Set(Settings.all.map(\.path) + ["model_root"]))
    }

    @Test("states the defaults", arguments: Settings.all.filter { !placesOfTheirOwn.contains($0.path) })
    func statesDefaults(setting: SettingFacts) throws {
        let file = ConfigurationFile(text: try FileReader.text(of: Self.path), path: Self.path)
        #expect(file.values[setting.path]?.text == setting.defaultText)
    }

    @Test("says of each key whether a reload takes it", arguments: Settings.all)
    func statesReloads(setting: SettingFacts) throws {
        let text = try FileReader.text(of: Self.path)
        guard case .file(_, let line?, _) = ConfigurationFile(text: text, path: Self.path).values[setting.path]?.origin else {
            Issue.record("\(setting) is not in the file")
            return
        }
        let comment = text.split(separator: "\n", omittingEmptySubsequences: false).prefix(line - 1).reversed()
            .prefix { $0.drop { $0 == " " }.hasPrefix("#") }
        let (takes, waits) = (comment.contains { $0.hasSuffix("[reload]") }, comment.contains { $0.hasSuffix("[start]") })
        #expect(takes == Settings.isReloaded(setting.path) && waits == !takes)
    }

    @Test("serves the models of the repository, with its state beside them")
    func servesModels() throws {
        let loader = ConfigurationLoader(
            arguments: ConfigurationArguments(configPath: Self.path), environment: [:], workingDirectory: "/", isRoot: false)
        let configuration = try loader.load()
        #expect(configuration.serving.modelRoot == ConfigurationTesting.repository + "/models")
        #expect(configuration.registry.path == ConfigurationTesting.repository + "/state/registry.sqlite")
    }
}
