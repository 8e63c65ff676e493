import Foundation
import HTTPCore
import RESTFrontend
import ServableCore
import Testing

@Suite("model paths")
struct ModelPathTests {
    private func parse(_ method: HTTPMethod, _ path: String) throws(ServableError) -> ModelPath? {
        let bytes = Array(path.utf8)
        let result: Result<ModelPath?, ServableError> = bytes.withUnsafeBytes { bytes in
            do throws(ServableError) { return .success(try ModelPath(method, bytes)) } catch { return .failure(error) }
        }
        return try result.get()
    }

    @Test("follows the contract's vectors", arguments: Vector.all(kind: "codec.path"))
    func vectors(_ vector: Vector) throws {
        let fields = try vector.fields
        let request = try #require(fields["request"] as? [String: String])
        let methodName = try #require(request["method"]), text = try #require(request["path"])
        let method = try #require(HTTPMethod(rawValue: methodName))
        do throws(ServableError) {
            let path = try parse(method, text)
            let response = fields["response"] as? [String: Any] ?? [:]
            #expect((path != nil) == (response["matched"] as? Bool ?? true))
            #expect((path != nil) == (vector.status == 200))
            guard let path else { return }
            #expect(path.model == response["model"] as? String)
            let selector: VersionSelector =
                if let label = response["label"] as? String {
                    .label(label)
                } else if let version = response["version"] as? Int {
                    .version(Int64(version))
                } else {
                    .latest
                }
            #expect(path.selector == selector)
            #expect((path.subject == .metadata) == (response["subresource"] as? String == "metadata"))
            #expect((path.subject == .predict) == (response["api"] as? String == "predict"))
        } catch {
            #expect(vector.status == 400)
            #expect(error.message.contains(fields["error_contains"] as? String ?? "?"))
        }
    }

    @Test(
        "knows the corners of the grammar",
        arguments: [
            (.get, "/v1/models", "", .latest, .list), (.get, "/V1/MODELS/m", "m", .latest, .status),
            (.head, "/v1/models/m", "m", .latest, .status),
            (.get, "/v1/models/metadata", "metadata", .latest, .status),
            (.get, "/v1/models/metadata/metadata", "metadata", .latest, .metadata),
            (.get, "/v1/models/versions/1", "", .version(1), .status),
            (.get, "/v1/models/versions", "versions", .latest, .status),
            (.get, "/v1/models/labels/metadata", "labels", .latest, .metadata),
            (.get, "/v1/models/m?x=1", "m?x=1", .latest, .status),
            (.get, "/v1/models/m/Versions/007/METADATA", "m", .version(7), .metadata),
            (.post, "/v1/models/a%2Fb:predict", "a/b", .latest, .predict),
            (.post, "/v1/models/a+b:classify", "a+b", .latest, .classify),
            (.post, "/v1/models/m/labels/l:regress", "m", .label("l"), .regress),
        ] as [(HTTPMethod, String, String, VersionSelector, ModelPath.Subject)])
    func corners(_ method: HTTPMethod, _ text: String, _ model: String, _ selector: VersionSelector, _ subject: ModelPath.Subject)
        throws
    {
        let path = try #require(try parse(method, text))
        #expect(path.model == model)
        #expect(path.selector == selector)
        #expect(path.subject == subject)
    }

    @Test(
        "refuses what the grammar does not hold",
        arguments: [
            (.get, "/v1/models/"), (.get, "/v1/models/m/"), (.get, "/v1/models//m"), (.get, "/v1/models/m/versions/"),
            (.get, "/v1/modelsx"),
            (.get, "/v1/models/m/versions/1/labels/l"), (.get, "/v1/models/m/versions/-1"), (.get, "/v1/models/m:predict"),
            (.get, "/v1/models/a/b"), (.post, "/v1/models/m:PREDICT"), (.post, "/v1/models/m"), (.post, "/v1/models/:predict"),
            (.post, "/v1/models:predict"), (.post, "/v1/models/m:predict?x=1"), (.post, "/v1/models/m:predict:predict"),
            (.put, "/v1/models/m:predict"), (.delete, "/v1/models/m"), (.get, "/v1/models/m/metadata/metadata"),
        ] as [(HTTPMethod, String)])
    func malformed(_ method: HTTPMethod, _ text: String) throws {
        #expect(try parse(method, text) == nil)
    }
}
