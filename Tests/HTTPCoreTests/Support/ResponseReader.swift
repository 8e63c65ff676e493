/// Reads the responses off a stream of bytes, strictly enough to notice a connection out of step.
struct ResponseReader {
    struct Response: Equatable, Sendable {
        var status: Int
        /// Names in lower case.
        var headers: [(name: String, value: String)]
        var body: [UInt8]

        func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
        var text: String { String(decoding: body, as: UTF8.self) }

        static func == (left: Self, right: Self) -> Bool {
            left.status == right.status && left.body == right.body
                && left.headers.elementsEqual(right.headers) { $0.name == $1.name && $0.value == $1.value }
        }
    }

    private(set) var interim: [Response] = []
    private(set) var final: [Response] = []
    /// What is wrong with the stream.
    private(set) var fault: String?

    /// - Parameter methods: Those of the requests; GET where there are too few.
    init(_ bytes: [UInt8], methods: [String] = []) {
        var at = 0
        while at < bytes.count, fault == nil {
            guard let headEnd = Self.find([13, 10, 13, 10], in: bytes, from: at) else {
                fault = "a head that does not end"
                return
            }
            guard var response = Self.head(bytes[at..<headEnd]) else {
                fault = "a malformed head: \(String(decoding: bytes[at..<headEnd], as: UTF8.self))"
                return
            }
            at = headEnd + 4
            if response.status < 200 {
                interim.append(response)
                continue
            }
            let method = final.count < methods.count ? methods[final.count] : "GET"
            let hasContent = method != "HEAD" && response.status != 204 && response.status != 304
            if hasContent {
                guard let length = response.header("content-length").flatMap(Int.init), at + length <= bytes.count else {
                    fault = "content of unknown or missing length"
                    return
                }
                response.body = Array(bytes[at..<at + length])
                at += length
            }
            final.append(response)
        }
    }

    private static func head(_ bytes: ArraySlice<UInt8>) -> Response? {
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\r\n", omittingEmptySubsequences: false)
        let start = lines[0].split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
        guard start.count == 3, start[0] == "HTTP/1.1", let status = Int(start[1]) else { return nil }
        var headers: [(String, String)] = []
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":"), colon > line.startIndex, line[line.index(after: colon)...].hasPrefix(" ")
            else { return nil }
            headers.append((line[..<colon].lowercased(), String(line[colon...].dropFirst(2))))
        }
        return Response(status: status, headers: headers, body: [])
    }

    private static func find(_ pattern: [UInt8], in bytes: [UInt8], from start: Int) -> Int? {
        guard bytes.count >= pattern.count, start <= bytes.count - pattern.count else { return nil }
        return (start...bytes.count - pattern.count).first { at in
            pattern.indices.allSatisfy { bytes[at + $0] == pattern[$0] }
        }
    }
}
