import ServingMessages

/// Sparse and ragged tensors are not one tensor each: a signature has their parts in their place, under the name of the whole, a
/// slash, and `indices`, `values` and `dense_shape`, or a number.
extension TensorFlow.MapEntry<TensorFlow.TensorInfo> {
    /// The entry itself, or its parts.
    var tensors: [TensorFlow.MapEntry<TensorFlow.TensorInfo>] {
        if let sparse = value?.sparse {
            let rank = value?.shape.flatMap { $0.isUnknownRank ? nil : Int64($0.extents.count) } ?? -1
            let integers = TensorFlow.DataType.int64.rawValue
            return [
                part("indices", sparse.indices, integers, [-1, rank]), part("values", sparse.values, value?.dataType ?? 0, [-1]),
                part("dense_shape", sparse.shape, integers, [rank]),
            ]
        }
        if let composite = value?.composite {
            return composite.parts.enumerated().map { number, info in
                part(String(number), info.name, info.dataType, info.shape?.extents, isUnknownRank: info.shape?.isUnknownRank ?? false)
            }
        }
        return [self]
    }

    private func part(
        _ suffix: String, _ tensor: String, _ dataType: Int32, _ extents: [Int64]?, isUnknownRank: Bool = false
    ) -> Self {
        var info = TensorFlow.TensorInfo()
        info.name = tensor
        info.dataType = dataType
        info.shape = extents.map { TensorFlow.Shape(extents: $0, isUnknownRank: isUnknownRank) }
        return Self(key: "\(key)/\(suffix)", value: info)
    }
}
