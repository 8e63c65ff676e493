package import Tensors

/// What stands before the elements of an `.npy` file, format versions 1.0, 2.0 and 3.0.
///
/// Source: NumPy, `numpy.lib.format`: magic, version, length of the text (2 bytes in 1.0, 4 after), and the text, a
/// dictionary of exactly `descr`, `fortran_order` and `shape`.
package struct NumPyHeader: Equatable {
    package var elementType: ElementType
    /// Bytes of each element, where these are strings.
    package var textByteCount = 0
    package var isBigEndian = false
    /// The first axis varies fastest.
    package var isFortranOrder = false
    package var shape: Shape
    /// Where the elements begin in the file.
    package var dataOffset = 0

    static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
    /// The text of a plain array is far shorter; NumPy itself refuses longer ones by default.
    static let maximumTextByteCount = 10_000

    package init(elementType: ElementType, shape: Shape, textByteCount: Int = 0) {
        self.elementType = elementType
        self.shape = shape
        self.textByteCount = textByteCount
    }

    /// Reads the header of a file with these bytes.
    package init(_ file: UnsafeRawBufferPointer) throws(TensorCodecError) {
        let bytes = unsafe Array(file.prefix(12 + Self.maximumTextByteCount))
        guard bytes.count >= 10, bytes.prefix(6).elementsEqual(Self.magic) else {
            throw .malformed("is no .npy file: it does not begin with NumPy's magic")
        }
        guard (1...3).contains(bytes[6]), bytes[7] == 0 else {
            throw .unsupported("is of .npy version \(bytes[6]).\(bytes[7]), expected 1.0, 2.0 or 3.0")
        }
        let lengthByteCount = bytes[6] == 1 ? 2 : 4
        let start = 8 + lengthByteCount
        guard bytes.count >= start else { throw .malformed("is cut off in its header") }
        let length = bytes[8..<start].reversed().reduce(0) { $0 << 8 | Int($1) }
        guard length <= Self.maximumTextByteCount else {
            throw .malformed("has a header of \(length) bytes, the limit is \(Self.maximumTextByteCount)")
        }
        guard length <= bytes.count - start else { throw .malformed("is cut off in its header") }
        try self.init(text: Array(bytes[start..<start + length]))
        dataOffset = start + length
    }

    private init(text: [UInt8]) throws(TensorCodecError) {
        var scanner = PythonLiteralScanner(text)
        let fields: [String: PythonLiteral]
        do throws(PythonLiteralScanner.Failure) { fields = try scanner.dictionary() } catch {
            throw .malformed("has a header that is wrong at its byte \(error.position): expected \(error.expected)")
        }
        guard fields.count == 3, case .text(let descriptor) = fields["descr"],
            case .bool(let isFortranOrder) = fields["fortran_order"],
            case .integers(let extents) = fields["shape"]
        else { throw .malformed("has a header that is not descr, fortran_order and shape, each once") }
        guard let shape = Shape(checking: extents) else {
            throw .malformed("has the shape \(extents), whose elements are too many")
        }
        guard let order = descriptor.first, "<>|=".contains(order) else { throw Self.unknown(descriptor) }
        if let count = Self.textByteCount(descriptor.dropFirst()) {
            elementType = .string
            textByteCount = count
        } else if let type = Self.type(String(descriptor.dropFirst())) {
            elementType = type
        } else {
            throw Self.unknown(descriptor)
        }
        isBigEndian = order == ">"
        self.isFortranOrder = isFortranOrder
        self.shape = shape
    }

    static func unknown(_ descriptor: String) -> TensorCodecError {
        .unsupported("has elements of NumPy type '\(descriptor)'; Apus reads bool, integers, floats of 2 to 8 bytes and complex numbers")
    }

    /// The bytes of each string of a type such as S8; nil for other types.
    private static func textByteCount(_ code: Substring) -> Int? {
        guard code.first == "S", let count = Int(code.dropFirst()), count >= 0, count <= Shape.maximumElementCount else { return nil }
        return count
    }

    /// The header of a little-endian array in C order, padded so that the elements begin on a 64-byte boundary.
    package var bytes: [UInt8] {
        let extents = shape.extents.map(String.init).joined(separator: ", ") + (shape.rank == 1 ? "," : "")
        let descriptor = elementType == .string ? "|S\(textByteCount)" : Self.descriptor(elementType)
        var text = "{'descr': '\(descriptor)', 'fortran_order': False, 'shape': (\(extents)), }"
        let unpadded = Self.magic.count + 4 + text.utf8.count + 1
        text += String(repeating: " ", count: (64 - unpadded % 64) % 64) + "\n"
        let length = text.utf8.count
        return Self.magic + [1, 0, UInt8(length & 0xFF), UInt8(length >> 8)] + Array(text.utf8)
    }

    private static let codes: [(code: String, type: ElementType)] = [
        ("b1", .bool), ("i1", .int8), ("i2", .int16), ("i4", .int32), ("i8", .int64), ("u1", .uint8), ("u2", .uint16),
        ("u4", .uint32), ("u8", .uint64), ("f2", .float16), ("f4", .float32), ("f8", .float64),
        ("c8", .complex64), ("c16", .complex128),
    ]

    private static func type(_ code: String) -> ElementType? { codes.first { $0.code == code }?.type }

    /// The type under which elements are written: NumPy has neither bfloat16 nor floats of 8 bits nor anything narrower, whose bits
    /// are written as unsigned integers.
    static func written(_ type: ElementType) -> ElementType { type == .bfloat16 ? .uint16 : type.narrow == nil ? type : .uint8 }

    private static func descriptor(_ type: ElementType) -> String {
        let written = written(type)
        let code = codes.first { $0.type == written }?.code ?? "S1"
        return (written.byteCount == 1 ? "|" : "<") + code
    }
}
