import OpenInference
import Testing

@Suite("Bearer tokens")
struct BearerTokenTests {
    @Test(
        "are what follows the scheme, in any case",
        arguments: [("Bearer abc", "abc"), ("bearer a b", "a b"), ("BEARER x=", "x=")])
    func taken(_ field: String, _ token: String) {
        #expect(BearerToken(field)?.text == token)
    }

    @Test("are not found in other schemes, nor without a token", arguments: ["", "Bearer", "Bearer ", "Basic abc", "Bearerabc", "abc"])
    func refused(_ field: String) {
        #expect(BearerToken(field) == nil)
    }
}
