package import Tensors

/// Tensors by name in a NumPy `.npz` file: a ZIP archive with a member `NAME.npy` for each.
package enum NumPyArchive {
    /// Reads every member.
    ///
    /// - Parameters:
    ///   - byteLimit: of all members together, inflated.
    ///   - expected: the type that is wanted of a tensor of that name, where the caller knows; see `NumPyArray.read`.
    package static func read(
        _ bytes: UnsafeRawBufferPointer, byteLimit: Int, expected: (String) -> ElementType?
    ) throws(TensorCodecError) -> [(name: String, tensor: Tensor)] {
        let archive = try unsafe ZipArchive(bytes, limits: ZipArchive.Limits(byteCount: byteLimit))
        var tensors: [(name: String, tensor: Tensor)] = []
        for member in archive.members {
            guard member.name.hasSuffix(".npy") else {
                throw .malformed("is a ZIP archive with a member \"\(member.name)\", expected names that end with .npy")
            }
            let name = String(member.name.dropLast(".npy".count))
            let tensor = try unsafe archive.withContents(of: member) { (contents) throws(TensorCodecError) in
                do throws(TensorCodecError) {
                    return try unsafe NumPyArray.read(contents, expected: expected(name))
                } catch {
                    throw error.inMember(member.name)
                }
            }
            tensors.append((name, tensor))
        }
        return tensors
    }
}

extension TensorCodecError {
    fileprivate func inMember(_ name: String) -> TensorCodecError {
        let text = "has a member \"\(name)\" that \(reason)"
        return switch self {
        case .malformed: .malformed(text)
        case .unsupported: .unsupported(text)
        case .tooLarge: .tooLarge(text)
        case .outOfMemory: self
        }
    }
}

/// Writes an `.npz` file, stored, piece by piece: the caller appends what each call returns, and after `begin` the tensor's elements.
package struct NumPyArchiveWriter {
    private var directory: [UInt8] = []
    private var count = 0
    private var offset = 0

    /// Archives of 4 GiB or more, and names beyond 64 KiB, have no place in these fields.
    package static let maximumByteCount = Int(UInt32.max)
    private static let versionNeeded = 20
    /// 1 January 1980: the first day that the format knows.
    private static let date = 0x21

    package init() {}

    /// What stands before the elements of `view`.
    ///
    /// - Throws: when the archive would become too large.
    package mutating func begin(_ name: String, _ view: TensorView) throws(TensorCodecError) -> [UInt8] {
        let header = NumPyArray.header(of: view.spec), file = Array("\(name).npy".utf8)
        let byteCount = header.count + view.spec.byteCount
        guard file.count <= Int(UInt16.max), count < Int(UInt16.max),
            offset + byteCount + directory.count + 2 * (file.count + 64) < Self.maximumByteCount
        else { throw .tooLarge("has no place in a ZIP archive: it would become larger than 4 GiB") }
        let checksum = unsafe ZipChecksum.of(view.bytes, following: header.withUnsafeBytes { unsafe ZipChecksum.of($0) })
        let facts = Self.numbers(
            (2, Self.versionNeeded), (2, Self.utf8Flag), (2, 0), (2, 0), (2, Self.date), (4, Int(checksum)), (4, byteCount), (4, byteCount),
            (2, file.count), (2, 0))
        let local = Self.numbers((4, 0x0403_4B50)) + facts + file
        directory += Self.numbers((4, 0x0201_4B50), (2, Self.versionNeeded)) + facts
        directory += Self.numbers((2, 0), (2, 0), (2, 0), (4, 0), (4, offset)) + file
        offset += local.count + byteCount
        count += 1
        return local + header
    }

    /// What ends the archive.
    package func end() -> [UInt8] {
        directory
            + Self.numbers((4, 0x0605_4B50), (2, 0), (2, 0), (2, count), (2, count), (4, directory.count), (4, offset), (2, 0))
    }

    /// Names are UTF-8 (general purpose bit 11).
    private static let utf8Flag = 1 << 11

    /// Little-endian numbers of 2 or 4 bytes.
    private static func numbers(_ numbers: (byteCount: Int, value: Int)...) -> [UInt8] {
        numbers.flatMap { number in (0..<number.byteCount).map { UInt8(truncatingIfNeeded: number.value >> ($0 * 8)) } }
    }
}
