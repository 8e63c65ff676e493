import Tensors

extension TensorDecoder {
    /// `SparseTensorProto` → a dense tensor with zeros everywhere else.
    ///
    /// `values` is [N]; `indices` is int64, [N] of row-major positions or [N, rank] of coordinates, ascending.
    func dense(_ proto: ONNX.SparseTensor, place: String) throws(ImportError) -> Tensor {
        guard let valuesProto = proto.values, let indicesProto = proto.indices else {
            throw session.malformed(place, "is a sparse tensor without values or indices")
        }
        let values = try tensor(valuesProto, place: place)
        let indices = try tensor(indicesProto, place: "the indices of \(place)")
        let shape = try shape(proto.extents, place: place)
        let spec = TensorSpec(values.elementType, shape)
        try session.check(place, "bytes when made dense", spec.byteCount, atMost: session.limits.denseByteCount)
        let positions = try positions(indices, count: values.elementCount, in: shape, place)
        guard values.shape.rank == 1 else {
            throw session.malformed(place, "has sparse values of shape \(values.shape), expected one axis")
        }

        let width = spec.elementType.byteCount
        return try unsafe session.memory.makeTensor(spec, place: place) { target in
            unsafe target.initializeMemory(as: UInt8.self, repeating: 0)
            unsafe values.withBytes { source in
                for (index, position) in positions.enumerated() {
                    let element = unsafe UnsafeRawBufferPointer(rebasing: source[index * width..<(index + 1) * width])
                    unsafe UnsafeMutableRawBufferPointer(rebasing: target[position * width..<(position + 1) * width])
                        .copyMemory(from: element)
                }
            }
        }
    }

    /// The row-major position of each value, checked to lie inside and to ascend.
    private func positions(
        _ indices: Tensor, count: Int, in shape: Shape, _ place: String
    ) throws(ImportError) -> [Int] {
        let isLinear = indices.shape == Shape([count])
        guard indices.elementType == .int64, isLinear || indices.shape == Shape([count, shape.rank]) else {
            throw session.malformed(
                place, "has sparse indices \(indices.spec), expected int64[\(count)] or int64[\(count),\(shape.rank)]")
        }
        let coordinates = indices.values(Int64.self)
        let extents = isLinear ? [shape.elementCount] : shape.extents
        var result: [Int] = []
        result.reserveCapacity(count)
        for entry in 0..<count {
            var position = 0
            for (axis, extent) in extents.enumerated() {
                let coordinate = coordinates[entry * extents.count + axis]
                guard coordinate >= 0, coordinate < extent else {
                    throw session.malformed(place, "has the sparse index \(coordinate) outside 0..<\(extent)")
                }
                position = position * extent + Int(coordinate)
            }
            guard result.last.map({ $0 < position }) ?? true else {
                throw session.malformed(place, "has sparse indices that do not ascend")
            }
            result.append(position)
        }
        return result
    }
}
