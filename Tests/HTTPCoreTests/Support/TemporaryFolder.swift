import Foundation

/// A folder of a test that goes with all it holds. Its path is short, as those of sockets have to be.
final class TemporaryFolder {
    let path: String

    init() throws {
        var template = Array("/tmp/apus-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch {
            print("a test's folder stays: \(error)")
        }
    }

    func file(_ name: String) -> String { "\(path)/\(name)" }
}

/// What lstat(2) tells of a file; nil when there is none.
func fileStatus(_ path: String) -> stat? {
    var status = stat()
    return lstat(path, &status) == 0 ? status : nil
}
