import CPlatform
import Glibc

/// Opens listening sockets that are files (unix(7)).
enum UnixSocket {
    /// Bytes of the longest path: the system's 108, less the zero that ends it.
    static let maxPathByteCount = 107
    /// How long another server that opens a socket in the same folder at the same time is waited for.
    private static let lockMilliseconds: Int32 = 2000

    /// Listens on a new file at `path`. The file is never more open than it is meant to be, and nobody can connect before
    /// it has its group and mode.
    static func listen(
        path: String, mode: UInt32, group: String?, backlog: Int32
    ) throws(SocketError) -> (descriptor: Int32, file: UnixSocketFile) {
        try check(path, mode)
        let groupID = try group.map { name throws(SocketError) in try resolve(group: name, for: path) }
        let lock = try lockFolder(of: path)
        defer { _ = apus_close(lock) }
        try removeStale(path)
        let descriptor = unsafe apus_unix_bind(path)
        guard descriptor >= 0 else {
            throw SocketError(
                .listen, "unix:\(path)", errno: -descriptor,
                because: descriptor == -EACCES ? "the server's user may not make a file in its folder; let it write there" : nil)
        }
        var identity = apus_file_identity()
        var result = unsafe apus_file_identity(path, &identity)
        let file = UnixSocketFile(path: path, identity)
        if result >= 0 { result = unsafe apus_set_owner(path, groupID ?? APUS_KEEP_GROUP, mode) }
        if result >= 0 { result = apus_start_listening(descriptor, backlog) }
        guard result >= 0 else {
            file.remove()
            _ = apus_close(descriptor)
            if result == -EPERM, let group { throw mayNotGive(path, to: group, -result) }
            throw SocketError(.listen, "unix:\(path)", errno: -result)
        }
        return (descriptor, file)
    }

    /// Whether `listen` would succeed, found out without making or removing a file.
    static func tryListening(path: String, mode: UInt32, group: String?) throws(SocketError) {
        try check(path, mode)
        if let group {
            let id = try resolve(group: group, for: path)
            guard apus_may_give_to_group(id) != 0 else { throw mayNotGive(path, to: group, EPERM) }
        }
        let folder = folder(of: path)
        guard unsafe access(folder, R_OK | W_OK | X_OK) == 0 else { throw folderFailure(path, folder, errno) }
        _ = try isStale(path)
    }

    private static func mayNotGive(_ path: String, to group: String, _ code: Int32) -> SocketError {
        SocketError(
            .listen, "unix:\(path)", errno: code, because: "only root or a member of the group \"\(group)\" may give it the file")
    }

    private static func folder(of path: String) -> String {
        path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    }

    private static func check(_ path: String, _ mode: UInt32) throws(SocketError) {
        let byteCount = path.utf8.count
        if path.isEmpty {
            throw SocketError(.listen, "unix:", errno: EINVAL, because: "the path is empty; give one such as /run/apus/apus.sock")
        }
        if path.hasPrefix("@") || path.utf8.contains(0) {
            // Without a file there are no permissions, and who connects here may change what is served.
            throw SocketError(
                .listen, "unix:\(path.replacingZeros)", errno: EINVAL,
                because: "an abstract name lets every process of the machine in; give the path of a file")
        }
        if byteCount > maxPathByteCount {
            throw SocketError(
                .listen, "unix:\(path)", errno: ENAMETOOLONG,
                because: "the path has \(byteCount) bytes, a socket's may have \(maxPathByteCount); choose a shorter one")
        }
        if mode & ~0o777 != 0 {
            throw SocketError(
                .listen, "unix:\(path)", errno: EINVAL,
                because: "the mode 0\(String(mode, radix: 8)) has bits beyond 0777; give permissions only, such as 0660")
        }
    }

    private static func resolve(group: String, for path: String) throws(SocketError) -> UInt32 {
        if let number = UInt32(group), number != APUS_KEEP_GROUP { return number }
        var id: UInt32 = 0
        let result = unsafe apus_group_id(group, &id)
        if result == -ENOENT {
            throw SocketError(
                .listen, "unix:\(path)", errno: ENOENT,
                because: "there is no group \"\(group)\"; create it (groupadd --system) or choose one that `getent group` shows")
        }
        guard result >= 0 else { throw SocketError(.listen, "unix:\(path)", errno: -result) }
        return id
    }

    /// Keeps two servers that start at once from each taking the other's new file for a stale one.
    private static func lockFolder(of path: String) throws(SocketError) -> Int32 {
        let folder = folder(of: path)
        let lock = unsafe apus_lock_folder(folder, lockMilliseconds)
        if lock >= 0 { return lock }
        throw folderFailure(path, folder, -lock)
    }

    private static func folderFailure(_ path: String, _ folder: String, _ code: Int32) -> SocketError {
        let reason: String? =
            switch code {
            case ENOENT: "there is no folder \(folder); create it (in a systemd unit: RuntimeDirectory=)"
            case ENOTDIR: "\(folder) is not a folder; choose another path"
            case EACCES: "the folder \(folder) cannot be opened or written; let the server's user read and write it"
            case EWOULDBLOCK: "another process keeps the folder \(folder) locked; see `lslocks` and try again"
            default: nil
            }
        return SocketError(.listen, "unix:\(path)", errno: code, because: reason)
    }

    /// Removes a socket file on which nobody listens; refuses to touch anything else.
    private static func removeStale(_ path: String) throws(SocketError) {
        guard try isStale(path) else { return }
        let removed = unsafe apus_remove_file(path)
        guard removed >= 0 || removed == -ENOENT else {
            throw SocketError(
                .listen, "unix:\(path)", errno: -removed,
                because: "the file of a process that has ended is in the way and cannot be removed; remove it")
        }
    }

    /// Whether there is a socket file on which nobody listens; false where there is nothing, an error where there is something else.
    private static func isStale(_ path: String) throws(SocketError) -> Bool {
        var identity = apus_file_identity()
        let found = unsafe apus_file_identity(path, &identity)
        if found == -ENOENT { return false }
        guard found >= 0 else { throw SocketError(.listen, "unix:\(path)", errno: -found) }
        guard identity.is_socket != 0 else {
            throw SocketError(
                .listen, "unix:\(path)", errno: EEXIST,
                because: "there is something that is not a socket; move it away or choose another path")
        }
        switch unsafe -apus_unix_probe(path) {
        case 0, EAGAIN:
            throw SocketError(
                .listen, "unix:\(path)", errno: EADDRINUSE,
                because: "another process listens there; stop it or choose another path")
        case ECONNREFUSED: return true
        case let code:
            throw SocketError(
                .listen, "unix:\(path)", errno: code,
                because: "there is a socket, and whether somebody uses it cannot be found out; remove it if nobody does")
        }
    }
}

extension String {
    /// Zero bytes as "@", the customary way to write abstract names.
    fileprivate var replacingZeros: String { String(decoding: utf8.map { $0 == 0 ? UInt8(ascii: "@") : $0 }, as: UTF8.self) }
}
