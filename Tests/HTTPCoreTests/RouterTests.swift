import HTTPCore
import Testing

@Suite("Router")
struct RouterTests {
    private enum Route: Sendable { case root, list, status, predict, versionPredict, labelPredict, create, remove }

    private static let router: Router<Route> = {
        var router = Router<Route>()
        router.add(.get, "/", .root)
        router.add(.get, "/v1/models", .list)
        router.add(.get, "/v1/models/{model}", .status)
        router.add(.post, "/v1/models/{model}:predict", .predict)
        router.add(.post, "/v1/models/{model}/versions/{version}:predict", .versionPredict)
        router.add(.post, "/v1/models/{model}/labels/{label}:predict", .labelPredict)
        router.add(.post, "/v1/registry/models/{model}/versions", .create)
        router.add(.delete, "/v1/registry/models/{model}/versions", .remove)
        return router
    }()

    private func match(_ method: HTTPMethod, _ path: String) -> (route: Route?, captures: [String], allow: String?) {
        let bytes = Array(path.utf8)
        return bytes.withUnsafeBytes { raw in
            switch Self.router.match(method, raw) {
            case .found(let route, let captures):
                let texts = (0..<captures.count).map { String(decoding: bytes[captures[$0]], as: UTF8.self) }
                return (route, texts, nil)
            case .methodNotAllowed(let allow): return (nil, [], allow)
            case .notFound: return (nil, [], nil)
            }
        }
    }

    @Test("finds routes and their captures")
    func finds() {
        let cases: [(HTTPMethod, String, Route?, [String])] = [
            (.get, "/", .root, []),
            (.get, "/v1/models", .list, []),
            (.head, "/v1/models", .list, []),
            (.get, "/v1/models/m", .status, ["m"]),
            (.get, "/v1/models/a%2Fb", .status, ["a%2Fb"]),
            (.post, "/v1/models/m:predict", .predict, ["m"]),
            (.post, "/v1/models/m/versions/3:predict", .versionPredict, ["m", "3"]),
            (.post, "/v1/models/m/labels/stable:predict", .labelPredict, ["m", "stable"]),
            (.get, "/v1/models/", nil, []),
            (.get, "/v1/models//", nil, []),
            (.get, "/v1/models/m/", nil, []),
            (.get, "/v1/modelsx", nil, []),
            (.get, "/v1", nil, []),
            (.post, "/v1/models/:predict", nil, []),
            (.post, "/v1/models/m:predict:predict", nil, []),
            (.post, "/v1/models/m:Predict", nil, []),
            (.get, "", nil, []),
            (.get, "*", nil, []),
        ]
        for (method, path, route, captures) in cases {
            let found = match(method, path)
            #expect(found.route == route && found.captures == captures, "\(method) \(path)")
        }
    }

    @Test("names the methods of a path that has others")
    func allows() {
        #expect(match(.post, "/v1/models").allow == "GET, HEAD, OPTIONS")
        #expect(match(.options, "/v1/registry/models/m/versions").allow == "POST, DELETE, OPTIONS")
        #expect(match(.get, "/v1/models/m:predict").allow == "POST, OPTIONS")
        #expect(match(.options, "/nothing").allow == nil)
    }
}
