import HTTPCore
import Testing

@Suite("PercentEncoding")
struct PercentEncodingTests {
    @Test(
        "decodes to UTF-8 text or not at all",
        arguments: [
            ("plain", "plain"), ("a%2Fb", "a/b"), ("a%2fb", "a/b"), ("+", "+"), ("%e2%82%ac", "€"), ("", ""),
            ("%", nil), ("%4", nil), ("%zz", nil), ("%4g", nil), ("a%", nil), ("%c0%af", nil), ("%ff", nil), ("%00", "\0"),
        ] as [(String, String?)])
    func decodes(text: String, wanted: String?) {
        let decoded = Array(text.utf8).withUnsafeBytes { PercentEncoding.decode($0) }
        #expect(decoded == wanted)
    }
}
