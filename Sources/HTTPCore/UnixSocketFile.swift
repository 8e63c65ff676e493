import CPlatform

/// The file of a listening Unix socket, which goes when the listener does.
struct UnixSocketFile: Sendable {
    private let path: String
    private let device: UInt64
    private let inode: UInt64

    init(path: String, _ identity: apus_file_identity) {
        self.path = path
        device = identity.device
        inode = identity.inode
    }

    /// Removes the file if it is still the one that the socket made; what others have put there stays.
    ///
    /// A file that cannot be removed is stale from then on, and the next server replaces it.
    func remove() {
        var identity = apus_file_identity()
        let found = unsafe apus_file_identity(path, &identity)
        guard found >= 0, identity.device == device, identity.inode == inode else { return }
        _ = unsafe apus_remove_file(path)
    }
}
