import GraphIR
import Tensors

/// Maps with the same keys as one table: a row for each map, a column for each key.
struct MapTable {
    enum Keys {
        case integers([Int64])
        case strings([String])
    }

    /// Why maps are no table, as the end of a sentence that begins with the value's name.
    struct Failure: Error { let reason: String }

    let keys: Keys
    /// [maps, keys], of the values' type.
    let values: TensorValue

    /// - Parameter valueType: of the maps' values, which are single numbers or strings.
    init(_ maps: [RuntimeMap], valueType: ElementType) throws(Failure) {
        let entries = maps.map(\.entries)
        let order = entries.first?.map(\.key) ?? []
        keys = maps.first?.keys ?? .integers([])
        var cells: [RuntimeValue] = []
        for (row, map) in entries.enumerated() {
            if map.map(\.key) == order {
                cells += map.map(\.value)
                continue
            }
            let byKey = Dictionary(map) { first, _ in first }
            let found = order.compactMap { byKey[$0] }
            guard found.count == order.count, map.count == order.count else {
                throw Failure(reason: "has other keys in its map \(row) than in the first; only maps with the same keys are a table")
            }
            cells += found
        }
        values = try Self.table(cells, [maps.count, order.count], valueType)
    }

    private static func table(_ cells: [RuntimeValue], _ shape: Shape, _ type: ElementType) throws(Failure) -> TensorValue {
        guard type.isDense else {
            var texts: [[UInt8]] = []
            for cell in cells {
                guard case .strings(let tensor) = cell, tensor.elements.count == 1 else { throw notSingle(cell, type) }
                texts.append(tensor.elements[0])
            }
            return .strings(StringTensor(shape: shape, elements: texts))
        }
        var bytes: [UInt8] = []
        for cell in cells {
            guard case .tensor(let tensor) = cell, tensor.elementType == type, tensor.elementCount == 1 else { throw notSingle(cell, type) }
            unsafe tensor.withBytes { unsafe bytes.append(contentsOf: $0) }
        }
        do throws(MemoryRefusal) {
            return .dense(try unsafe Tensor(TensorSpec(type, shape)) { unsafe $0.copyBytes(from: bytes) })
        } catch {
            throw Failure(reason: "needs a table of \(bytes.count) bytes, and the system gave none")
        }
    }

    private static func notSingle(_ value: RuntimeValue, _ type: ElementType) -> Failure {
        Failure(reason: "has \(value.kind) in a map, expected a single \(type)")
    }
}

extension RuntimeMap {
    fileprivate enum Key: Hashable {
        case integer(Int64)
        case string([UInt8])
    }

    fileprivate var entries: [(key: Key, value: RuntimeValue)] {
        switch self {
        case .integers(let entries): entries.map { (.integer($0.key), $0.value) }
        case .strings(let entries): entries.map { (.string($0.key), $0.value) }
        }
    }

    fileprivate var keys: MapTable.Keys {
        switch self {
        case .integers(let entries): .integers(entries.map(\.key))
        case .strings(let entries): .strings(entries.map { String(decoding: $0.key, as: UTF8.self) })
        }
    }
}
