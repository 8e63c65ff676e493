import HTTPCore
import Testing

@Suite("PeerAddress")
struct PeerAddressTests {
    @Test(
        "is written as RFC 5952 asks",
        arguments: [
            (0, 0x0000_FFFF_7F00_0001, "127.0.0.1:80"), (0, 0x0000_FFFF_FFFF_FFFF, "255.255.255.255:80"),
            (0, 1, "[::1]:80"), (0x2001_0DB8_0000_0000, 0, "[2001:db8::]:80"),
            (0x2001_0DB8_0000_0000, 0x0000_0000_0002_0001, "[2001:db8::2:1]:80"),
            (0x2001_0DB8_0000_0001, 0x0001_0001_0001_0001, "[2001:db8:0:1:1:1:1:1]:80"),
            (0x2001_0000_0000_0001, 0x0000_0000_0000_0001, "[2001:0:0:1::1]:80"),
            (0x2001_0DB8_0000_0000, 0x0001_0000_0000_0001, "[2001:db8::1:0:0:1]:80"),
            (0x0000_0001_0002_0003, 0x0004_0005_0006_0000, "[0:1:2:3:4:5:6:0]:80"),
            (0x0ABC_00DE_000F_FFFF, 0x1000_0001_0001_0000, "[abc:de:f:ffff:1000:1:1:0]:80"),
            (0, 0x0001_FFFF_7F00_0001, "[::1:ffff:7f00:1]:80"),
        ] as [(UInt64, UInt64, String)])
    func text(high: UInt64, low: UInt64, wanted: String) {
        #expect(PeerAddress(high: high.bigEndian, low: low.bigEndian, port: 80).description == wanted)
    }

    @Test("of a client without one is \"unix\"")
    func unix() { #expect(PeerAddress.none.description == "unix") }
}
