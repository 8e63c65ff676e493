import HTTPCore
import Testing

@Suite("HTTPDate")
struct HTTPDateTests {
    @Test(
        "writes IMF-fixdate",
        arguments: [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),  // the example of RFC 9110 §5.6.7
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
            (951_868_799, "Tue, 29 Feb 2000 23:59:59 GMT"),
            (1_709_164_800, "Thu, 29 Feb 2024 00:00:00 GMT"),
            (1_735_689_599, "Tue, 31 Dec 2024 23:59:59 GMT"),
            (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
            (-1, "Wed, 31 Dec 1969 23:59:59 GMT"),
        ])
    func writes(seconds: Int, wanted: String) {
        var buffer = ByteBuffer()
        HTTPDate.append(secondsSince1970: seconds, to: &buffer)
        #expect(String(decoding: buffer.bytes, as: UTF8.self) == wanted)
    }
}
