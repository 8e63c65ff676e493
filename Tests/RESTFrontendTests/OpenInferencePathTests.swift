import ServableCore
import Testing

@testable import RESTFrontend

@Suite("Paths of the Open Inference Protocol")
struct OpenInferencePathTests {
    private func subject(_ path: String) -> OpenInferencePath.Subject? {
        Array(path.utf8).withUnsafeBytes { OpenInferencePath($0)?.subject }
    }

    @Test(
        "are taken apart",
        arguments: [
            ("/v2", .server), ("/v2/health/live", .live), ("/v2/health/ready", .ready), ("/v2/models", .models),
            ("/v2/models/stats", .allStatistics), ("/v2/models/m", .metadata("m", .latest)),
            ("/v2/models/m/versions/3", .metadata("m", .version(3))), ("/v2/models/m/ready", .modelReady("m", .latest)),
            ("/v2/models/m/versions/3/ready", .modelReady("m", .version(3))), ("/v2/models/m/infer", .infer("m", .latest)),
            ("/v2/models/m/versions/3/infer", .infer("m", .version(3))), ("/v2/models/stats/infer", .infer("stats", .latest)),
            ("/v2/models/m/stats", .statistics("m", .latest)), ("/v2/models/m/versions/3/stats", .statistics("m", .version(3))),
            ("/v2/models/a%20b%2Fc/infer", .infer("a b/c", .latest)), ("/v2/repository/index", .index),
            ("/v2/repository/models/m/load", .load("m")), ("/v2/repository/models/m/unload", .unload("m")),
        ] as [(String, OpenInferencePath.Subject)])
    func taken(_ path: String, _ expected: OpenInferencePath.Subject) { #expect(subject(path) == expected) }

    @Test(
        "of other forms are none",
        arguments: [
            "/v2/", "/v22", "/v1", "/v2/models/", "/v2/models/m/", "/v2/models//infer", "/v2/models/m/config", "/v2/models/m/infer/",
            "/v2/models/m/versions", "/v2/models/m/versions/", "/v2/models/m/versions/x", "/v2/models/m/versions/-1",
            "/v2/models/m/versions/+1", "/v2/models/m/versions/99999999999999999999", "/v2/models/m/versions/1/infer/x",
            "/v2/models/m/labels/l/infer", "/v2/models/%zz", "/v2/models/%ff", "/v2/health", "/v2/health/x", "/v2/repository",
            "/v2/repository/models/m", "/v2/repository/models/m/x", "/v2/repository/r/models/m/load", "/v2/x", "/v2/models/a/b/c/d/e/f/g",
        ])
    func refused(_ path: String) { #expect(subject(path) == nil) }
}
