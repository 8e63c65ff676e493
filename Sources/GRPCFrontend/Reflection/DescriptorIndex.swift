import FoundationEssentials
import GRPCMessages
import SwiftProtobuf

/// Finds descriptors of files by their names and by what they declare.
struct DescriptorIndex: Sendable {
    /// Serialized `FileDescriptorProto`s by file name.
    private var files: [String: [UInt8]] = [:]
    private var imports: [String: [String]] = [:]
    /// File names by full names of services, methods, messages, enums and fields.
    private var symbols: [String: String] = [:]
    private(set) var services: [String] = []

    /// What the generator has put into the program.
    static let standard = DescriptorIndex()

    private init() {
        guard let bytes = Data(base64Encoded: DescriptorSet.base64) else { preconditionFailure("the descriptors are no base64") }
        do {
            for file in try Google_Protobuf_FileDescriptorSet(serializedBytes: bytes).file { try add(file) }
        } catch {
            preconditionFailure("the descriptors cannot be read: \(error)")
        }
        services.sort()
    }

    private mutating func add(_ file: Google_Protobuf_FileDescriptorProto) throws {
        files[file.name] = try file.serializedBytes()
        imports[file.name] = file.dependency
        let prefix = file.package.isEmpty ? "" : file.package + "."
        for service in file.service {
            services.append(prefix + service.name)
            symbols[prefix + service.name] = file.name
            for method in service.method { symbols["\(prefix)\(service.name).\(method.name)"] = file.name }
        }
        for type in file.enumType { symbols[prefix + type.name] = file.name }
        var open = file.messageType.map { (prefix + $0.name, $0) }
        while let (name, message) = open.popLast() {
            symbols[name] = file.name
            for field in message.field { symbols["\(name).\(field.name)"] = file.name }
            for type in message.enumType { symbols["\(name).\(type.name)"] = file.name }
            open += message.nestedType.map { ("\(name).\($0.name)", $0) }
        }
    }

    /// The file with all that it imports, the file first; nil for a name that is not known.
    func file(named name: String) -> [[UInt8]]? {
        guard files[name] != nil else { return nil }
        var found: [[UInt8]] = [], seen: Set<String> = [], waiting = [name]
        while !waiting.isEmpty {
            let next = waiting.removeFirst()
            guard seen.insert(next).inserted, let file = files[next] else { continue }
            found.append(file)
            waiting += imports[next] ?? []
        }
        return found
    }

    func file(declaring symbol: String) -> [[UInt8]]? { symbols[symbol].flatMap { file(named: $0) } }

    func declares(_ symbol: String) -> Bool { symbols[symbol] != nil }
}
