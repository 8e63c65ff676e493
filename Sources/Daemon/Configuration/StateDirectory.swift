/// Where the daemon keeps what must survive a restart, when the configuration does not say.
package enum StateDirectory {
    /// systemd names the folder that it made (`StateDirectory=`, systemd.exec(5)); else root has the system's folder, and
    /// anybody else one of their own (XDG Base Directory Specification, `XDG_STATE_HOME`).
    package static func path(environment: [String: String], isRoot: Bool) -> String {
        if let given = environment["STATE_DIRECTORY"]?.split(separator: ":").first, given.hasPrefix("/") { return String(given) }
        if isRoot { return "/var/lib/apus" }
        if let state = environment["XDG_STATE_HOME"], state.hasPrefix("/") { return state + "/apus" }
        if let home = environment["HOME"], home.hasPrefix("/") { return home + "/.local/state/apus" }
        return "/var/lib/apus"
    }
}
