import Foundation
import HTTPCore
import RESTFrontend
import ServableCore
import Testing

@Suite("error mapping")
struct ErrorMappingTests {
    @Test("writes error bodies as the contract's vectors say", arguments: Vector.all(kind: "codec.error_response"))
    func vectors(_ vector: Vector) throws {
        let fields = try vector.fields
        let request = try #require(fields["request"] as? [String: String])
        let code = try #require(StatusCode.allCases.first { $0.name == request["code"] })
        let message = try #require(request["message"])
        let text = Codec.text { ErrorMapping.appendBody(ServableError(code, message), to: &$0) }
        #expect(ErrorMapping.status(of: code).code == vector.status)
        if let expected = fields["response_text"] as? String {
            #expect(text == expected)
        } else {
            let expected = try #require(fields["response"] as? NSDictionary)
            #expect(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? NSDictionary == expected)
        }
    }

    @Test(
        "maps every code to the contract's status",
        arguments: zip(
            StatusCode.allCases, [200, 499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 501, 500, 503, 500, 401]))
    func codes(_ code: StatusCode, _ status: Int) {
        #expect(ErrorMapping.status(of: code).code == status)
    }
}
