import GraphIR
import Synchronization
import Tensors

/// A lookup table of a model.
///
/// Readers take the contents as they are at the moment and keep them; a change replaces them.
final class LookupTable: Resource {
    /// How a table may be changed.
    enum Kind: Sendable {
        /// Filled once, by what initialises the model.
        case fixed
        case mutable
        /// Mutable, with two keys that no entry may have.
        case dense
    }

    let kind: Kind
    /// An empty table of the same types.
    let blank: TableContents
    private let contents: Mutex<State>
    private let forbidden: [ElementKey]
    /// Charged with the contents as long as they are held.
    private let allowance: MemoryAllowance?

    private struct State {
        var table: TableContents
        var isFilled: Bool
        var chargedByteCount = 0
    }

    init(kind: Kind, _ blank: TableContents, forbidden: [ElementKey] = [], allowance: MemoryAllowance? = nil) {
        self.kind = kind
        self.blank = blank
        contents = Mutex(State(table: blank, isFilled: kind != .fixed))
        self.forbidden = forbidden
        self.allowance = allowance
    }

    deinit { allowance?.credit(contents.withLock { $0.chargedByteCount }) }

    var byteCount: Int { contents.withLock { $0.table.byteCount } }

    /// The contents now.
    func current() throws(OperatorError) -> TableContents {
        let (table, isFilled) = contents.withLock { ($0.table, $0.isFilled) }
        guard isFilled else { throw .invalidValue("Table not initialized.") }
        return table
    }

    /// Charges for contents of `byteCount` bytes in the place of those that are charged for.
    private func charge(_ byteCount: Int, _ state: inout State) throws(OperatorError) {
        let growth = byteCount - state.chargedByteCount
        if growth > 0 {
            do throws(MemoryRefusal) { try allowance?.charge(growth) } catch { throw .memory(error) }
        } else {
            allowance?.credit(-growth)
        }
        state.chargedByteCount = byteCount
    }

    /// Adds entries to a mutable table.
    func insert(_ keys: ElementList, _ values: ElementList, count: Int) throws(OperatorError) {
        guard kind != .fixed else { throw .invalidValue("a HashTable takes no entries after it is initialized") }
        try check(keys, count)
        try contents.withLock { contents throws(OperatorError) in
            // Before anything is taken; entries that replace others take less.
            try charge(contents.table.byteCount + blank.byteCount(adding: keys, values, count: count), &contents)
            for position in 0..<count { contents.table.insert(keys, values, position) }
            try charge(contents.table.byteCount, &contents)
        }
    }

    func remove(_ keys: ElementList, count: Int) throws(OperatorError) {
        guard kind != .fixed else { throw .invalidValue("a HashTable loses no entries") }
        try check(keys, count)
        try contents.withLock { contents throws(OperatorError) in
            contents.table = contents.table.removing(keys, count: count)
            try charge(contents.table.byteCount, &contents)
        }
    }

    /// Puts these entries in the place of all others: how a table is restored or initialised.
    ///
    /// - Throws: for a fixed table, when two entries contradict each other or it already has other entries.
    func fill(_ keys: ElementList, _ values: ElementList, count: Int) throws(OperatorError) {
        var table = blank
        if kind == .fixed {
            for position in 0..<count {
                if let place = table.place(keys, position) {
                    guard table.hasValue(place, values, position) else {
                        throw .invalidValue("HashTable has different value for same key. Key \(keys.key(position).shown) is given twice")
                    }
                } else {
                    table.insert(keys, values, position)
                }
            }
            try contents.withLock { contents throws(OperatorError) in
                if contents.isFilled {
                    guard contents.table.count == table.count,
                        (0..<count).allSatisfy({ position in
                            contents.table.place(keys, position).map { contents.table.hasValue($0, values, position) } ?? false
                        })
                    else { throw .invalidValue("Table already initialized.") }
                    return
                }
                try charge(table.byteCount, &contents)
                (contents.table, contents.isFilled) = (table, true)
            }
            return
        }
        for position in 0..<count where !isForbidden(keys, position) { table.insert(keys, values, position) }
        try contents.withLock { contents throws(OperatorError) in
            try charge(table.byteCount, &contents)
            contents.table = table
        }
    }

    private func isForbidden(_ keys: ElementList, _ position: Int) -> Bool {
        !forbidden.isEmpty && forbidden.contains(TableKeys.key(keys, position, width: blank.keyShape.elementCount))
    }

    /// Refuses keys that a dense table cannot hold.
    func check(_ keys: ElementList, _ count: Int) throws(OperatorError) {
        guard !forbidden.isEmpty else { return }
        for position in 0..<count where isForbidden(keys, position) {
            throw .invalidValue("Using the empty_key or the deleted_key as a table key is not allowed")
        }
    }
}

extension ElementKey {
    fileprivate var shown: String {
        switch self {
        case .number(let number): String(number)
        case .text(let text): OperatorError.shown(text)
        }
    }
}

/// Keys that may be lists of elements.
enum TableKeys {
    /// One key for the elements of a list of `width` at `position`.
    static func key(_ keys: ElementList, _ position: Int, width: Int) -> ElementKey {
        guard width != 1 else { return keys.key(position) }
        var bytes: [UInt8] = []
        for place in 0..<width {
            switch keys.key(position * width + place) {
            case .number(let number): withUnsafeBytes(of: number) { bytes += $0 }
            case .text(let text):
                withUnsafeBytes(of: text.count) { bytes += $0 }
                bytes += text
            }
        }
        return .text(bytes)
    }
}

extension EvaluationContext {
    /// The table whose handle input `index` is.
    func table(_ index: Int = 0) throws(OperatorError) -> LookupTable {
        guard case .object(.resource(let resource)) = try value(index), let table = resource as? LookupTable else {
            throw .invalidInput(index: index, reason: "is \(try value(index).kind), expected the handle of a lookup table")
        }
        return table
    }

    /// Keys and values of inputs `keys` and `keys + 1` for a table, and how many there are.
    func entries(_ keys: Int, of table: LookupTable) throws(OperatorError) -> (keys: ElementList, values: ElementList, count: Int) {
        let (count, _) = try self.keys(keys, of: table)
        let list = try elements(keys), values = try elements(keys + 1), wanted = table.blank
        guard values.elementType == wanted.valueType else {
            throw .invalidInput(index: keys + 1, reason: "is of type \(values.elementType), the table's values are \(wanted.valueType)")
        }
        guard values.count == ByteCount.product(count, wanted.valueShape.elementCount) else {
            throw .invalidInput(
                index: keys + 1, reason: "has shape \(values.shape), expected values \(wanted.valueShape) for \(count) keys")
        }
        return (list, values, count)
    }

    /// How many keys input `index` holds for a table, and in what shape they stand.
    func keys(_ index: Int, of table: LookupTable) throws(OperatorError) -> (count: Int, shape: [Int]) {
        let keys = try elements(index), wanted = table.blank
        guard keys.elementType == wanted.keyType else {
            throw .invalidInput(index: index, reason: "is of type \(keys.elementType), the table's keys are \(wanted.keyType)")
        }
        let prefix = keys.shape.rank - wanted.keyShape.rank
        guard prefix >= 0, Array(keys.shape.extents[prefix...]) == wanted.keyShape.extents else {
            throw .invalidInput(index: index, reason: "has shape \(keys.shape), expected keys of shape \(wanted.keyShape)")
        }
        let outer = Array(keys.shape.extents[..<prefix])
        return (outer.reduce(1, *), outer)
    }
}
