/// Reads one element of `server.listeners`, strictly.
struct ListenerEntryDecoder {
    private let element: YAMLValue
    private(set) var problems: [ConfigurationProblem] = []

    private static let keys = ["address", "port", "unix", "mode", "group", "systemd", "tls"]
    private static let modes = "permissions as three or four octal digits in quotes, such as \"0660\""

    init(_ element: YAMLValue) { self.element = element }

    /// The listener, or nil where it cannot be told; problems tell why.
    mutating func decode() -> ListenerEntry? {
        guard let entries = element.entries else {
            problems.append(element.wrongKind(expected: "a map with address and port, unix, or systemd"))
            return nil
        }
        var values: [String: YAMLValue] = [:]
        for (name, value) in entries {
            guard let name, Self.keys.contains(name) else {
                problems.append(value.problem("unknown key" + KnownKeys.hint(for: name ?? "", among: Self.keys)))
                continue
            }
            values[name] = value
        }
        guard let place = place(values) else { return nil }
        return ListenerEntry(
            place: place, isEncrypted: values["tls"].flatMap { boolean($0) }, origin: element.origin, key: element.key)
    }

    private mutating func place(_ values: [String: YAMLValue]) -> ListenerEntry.Place? {
        switch (values["address"], values["unix"], values["systemd"]) {
        case (let address?, nil, nil):
            guard allow(["address", "port", "tls"], values), let port = values["port"] else {
                if values["port"] == nil { problems.append(element.problem("has an address but no port")) }
                return nil
            }
            guard let host = text(address, "an address or a host name"), let number = number(port) else { return nil }
            return .tcp(host: host, port: number)
        case (nil, let path?, nil):
            guard allow(["unix", "mode", "group"], values), let path = text(path, "the path of the socket's file") else { return nil }
            return .unix(
                path: path, mode: values["mode"].map { mode($0) } ?? 0o660,
                group: values["group"].flatMap { text($0, "the name or number of a group") })
        case (nil, nil, let name?):
            guard allow(["systemd", "tls"], values), let name = text(name, "a FileDescriptorName= of the .socket unit") else {
                return nil
            }
            return .systemd(name: name)
        default:
            problems.append(element.problem("needs exactly one of address, unix and systemd"))
            return nil
        }
    }

    private mutating func allow(_ names: [String], _ values: [String: YAMLValue]) -> Bool {
        let foreign = values.filter { !names.contains($0.key) }.sorted { $0.key < $1.key }
        for (name, value) in foreign {
            problems.append(value.problem("does not belong to a listener with \(names[0]); remove \"\(name)\""))
        }
        return foreign.isEmpty
    }

    private mutating func text(_ value: YAMLValue, _ expected: String) -> String? {
        guard let text = value.scalarText, !text.isEmpty else {
            problems.append(value.wrongKind(expected: expected))
            return nil
        }
        return text
    }

    private mutating func number(_ value: YAMLValue) -> UInt16? {
        guard let port = value.scalarText.flatMap({ UInt16($0) }) else {
            problems.append(value.wrongKind(expected: "a port from 0 to 65535"))
            return nil
        }
        return port
    }

    private mutating func boolean(_ value: YAMLValue) -> Bool? {
        guard let isTrue = value.scalarText.flatMap({ Bool($0) }) else {
            problems.append(value.wrongKind(expected: "true or false"))
            return nil
        }
        return isTrue
    }

    private mutating func mode(_ value: YAMLValue) -> UInt32 {
        guard let digits = value.scalarText, (3...4).contains(digits.utf8.count), let mode = UInt32(digits, radix: 8), mode <= 0o777
        else {
            problems.append(value.wrongKind(expected: Self.modes))
            return 0o600
        }
        return mode
    }
}
