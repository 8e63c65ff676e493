import GRDB

/// Why the registry cannot be opened, read or written.
package enum RegistryError: Error, Sendable, Equatable, CustomStringConvertible {
    /// A directory or file that the registry needs cannot be made or opened.
    case inaccessible(path: String, operation: String, errno: Int32)
    /// Another process has it open for writing.
    case locked(path: String, holder: String)
    case notADatabase(path: String)
    /// A database of another program.
    case foreign(path: String, applicationID: Int32)
    /// Written by a later version of this program.
    case newer(path: String, schema: Int, supported: Int)
    case corrupt(path: String, finding: String)
    /// The engine refused; `code` is SQLite's extended result code.
    case engine(operation: String, code: Int32, message: String)
    /// The process that has it open for writing is older than the table that is needed.
    case older(path: String, schema: Int, needed: Int)
    /// A value in the database that this program never writes.
    case unreadableValue(what: String)

    package var description: String {
        switch self {
        case .inaccessible(let path, let operation, let errno):
            "registry: cannot \(operation) \"\(path)\": \(systemMessage(errno)) (errno \(errno)); "
                + "set registry.path to a place this user may write"
        case .locked(let path, let holder):
            "registry \"\(path)\" is in use by \(holder); stop that process or set another registry.path"
        case .notADatabase(let path):
            "registry \"\(path)\" is not an SQLite database; it was left as it is: move it away, or set another registry.path"
        case .foreign(let path, let applicationID):
            "registry \"\(path)\" belongs to another program (application id \(applicationID), expected \(Schema.applicationID)); "
                + "it was left as it is: set another registry.path"
        case .newer(let path, let schema, let supported):
            "registry \"\(path)\" has schema \(schema), this program knows up to \(supported); it was left as it is: run the newer "
                + "program, or set another registry.path"
        case .corrupt(let path, let finding):
            "registry \"\(path)\" is damaged (\(finding)); it was left as it is: restore a copy, or move it away with its -wal file to "
                + "begin a new one"
        case .engine(let operation, let code, let message):
            "registry: cannot \(operation): \(message) (SQLite \(code)); check that its file system is writable and has room"
        case .older(let path, let schema, let needed):
            "registry \"\(path)\" has schema \(schema), \(needed) is needed, and a process that has it open is of an older version; "
                + "restart that process"
        case .unreadableValue(let what):
            "registry: \(what), which this program never writes; run \"apus registry verify\""
        }
    }

    /// Whether the same write may succeed later (the disk was full, the database busy, the file system read-only), rather than
    /// being refused for what it says.
    package var mayPass: Bool {
        switch self {
        case .engine(_, let code, _):
            ![ResultCode.SQLITE_CONSTRAINT, .SQLITE_MISMATCH, .SQLITE_TOOBIG, .SQLITE_RANGE]
                .contains(ResultCode(rawValue: code).primaryResultCode)
        case .unreadableValue: false
        default: true
        }
    }

    /// What GRDB threw while `operation` was done on the database at `path`.
    init(_ error: any Error, doing operation: String, path: String) {
        switch error {
        case let known as RegistryError: self = known
        case let error as RowDecodingError: self = .unreadableValue(what: String(describing: error))
        case let error as DatabaseError:
            let message = error.message ?? "no message"
            switch error.resultCode {
            case .SQLITE_NOTADB: self = .notADatabase(path: path)
            case .SQLITE_CORRUPT: self = .corrupt(path: path, finding: message)
            default:
                self = .engine(
                    operation: "\(operation) in \"\(path)\"", code: error.extendedResultCode.rawValue, message: message)
            }
        default:
            self = .engine(
                operation: "\(operation) in \"\(path)\"", code: ResultCode.SQLITE_ERROR.rawValue,
                message: String(describing: error))
        }
    }
}
