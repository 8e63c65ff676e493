import GRPCCore
import NIOHPACK
import ServableCore

/// Heads and trailers of responses (grpc doc/PROTOCOL-HTTP2.md, "Responses").
enum DirectStatus {
    private static let plain: HPACKHeaders = [":status": "200", "content-type": "application/grpc"]

    static let ok: HPACKHeaders = ["grpc-status": "0"]

    /// The head of a response to a request with that head.
    static func head(_ request: HPACKHeaders) -> HPACKHeaders {
        var head = plain
        for key in CallIdentity.keys {
            guard let value = request.first(name: key), CallIdentity.isTaken(value) else { continue }
            head.add(name: key, value: value)
        }
        return head
    }

    /// A response that is its status alone.
    static func failure(_ error: ServableError, _ request: HPACKHeaders) -> HPACKHeaders {
        let status = RPCError(error)
        var head = head(request)
        head.add(name: "grpc-status", value: String(status.code.rawValue))
        head.add(name: "grpc-message", value: encoded(status.message))
        return head
    }

    /// Percent-encoded: all bytes but 0x20 to 0x7E, and `%`.
    static func encoded(_ message: String) -> String {
        guard message.utf8.contains(where: { !(0x20...0x7E).contains($0) || $0 == UInt8(ascii: "%") }) else { return message }
        var text: [UInt8] = []
        for byte in message.utf8 {
            if (0x20...0x7E).contains(byte), byte != UInt8(ascii: "%") {
                text.append(byte)
            } else {
                text.append(UInt8(ascii: "%"))
                text.append(digit(byte >> 4))
                text.append(digit(byte & 15))
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10 }
}
