/// An immutable dense tensor, row-major and without gaps; copying it copies a reference.
package struct Tensor: Sendable {
    package let spec: TensorSpec
    package let storage: TensorStorage

    package var elementType: ElementType { spec.elementType }
    package var shape: Shape { spec.shape }
    package var elementCount: Int { spec.shape.elementCount }

    /// A tensor over bytes that already hold its elements; nil when they are too few.
    package init?(_ spec: TensorSpec, storage: TensorStorage) {
        guard storage.byteCount >= spec.byteCount else { return nil }
        self.spec = spec
        self.storage = storage
    }

    /// A tensor in memory of its own, whose every byte `fill` must write.
    ///
    /// - Parameter allowance: charged with the bytes before they are taken; see `MemoryAllowance`.
    package init(
        _ spec: TensorSpec, placement: TensorStorage.Placement = .heap, allowance: MemoryAllowance? = nil, origin: ContentOrigin? = nil,
        fill: (UnsafeMutableRawBufferPointer) -> Void
    ) throws(MemoryRefusal) {
        self.spec = spec
        storage = try TensorStorage(byteCount: spec.byteCount, placement: placement, allowance: allowance, origin: origin)
        unsafe fill(UnsafeMutableRawBufferPointer(start: storage.baseAddress, count: spec.byteCount))
    }

    /// The elements of an array.
    ///
    /// - Precondition: as many values as the shape has elements, and memory for a copy of them: for few values, or tests.
    package init<Scalar: TensorScalar>(_ values: [Scalar], shape: Shape) {
        precondition(values.count == shape.elementCount, "\(values.count) values for \(shape)")
        do {
            try unsafe self.init(TensorSpec(Scalar.elementType, shape)) { bytes in
                unsafe values.withUnsafeBytes { unsafe bytes.copyMemory(from: $0) }
            }
        } catch {
            fatalError("a copy of \(values.count) values \(error)")
        }
    }

    package init<Scalar: TensorScalar>(scalar: Scalar) { self.init([scalar], shape: .scalar) }

    /// A copy in memory of its own.
    package init(copying view: TensorView, allowance: MemoryAllowance? = nil) throws(MemoryRefusal) {
        try unsafe self.init(view.spec, allowance: allowance) { bytes in unsafe bytes.copyMemory(from: view.bytes) }
    }

    /// A tensor over somebody else's memory, for the length of a call; see `TensorStorage.init(borrowing:byteCount:)`.
    @unsafe package init(borrowing view: TensorView) {
        spec = view.spec
        storage = unsafe TensorStorage(borrowing: view.baseAddress, byteCount: view.spec.byteCount)
    }

    /// The tensor itself, or a copy when its memory is only lent.
    package func owned(allowance: MemoryAllowance? = nil) throws(MemoryRefusal) -> Tensor {
        guard storage.isBorrowed else { return self }
        defer { withExtendedLifetime(storage) {} }
        return try Tensor(copying: view, allowance: allowance)
    }

    /// The same elements under another shape of equal element count.
    package func reshaped(_ shape: Shape) -> Tensor {
        precondition(shape.elementCount == elementCount, "\(spec) cannot become \(shape)")
        return Tensor(TensorSpec(elementType, shape), storage: storage)!
    }

    /// A borrowed look at the tensor, which must outlive it: hold the tensor with `withExtendedLifetime`, since the last
    /// mention of a value ends its life.
    package var view: TensorView { unsafe TensorView(spec, UnsafeRawPointer(storage.baseAddress)) }

    package func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        defer { withExtendedLifetime(storage) {} }
        return try unsafe body(UnsafeRawBufferPointer(start: storage.baseAddress, count: spec.byteCount))
    }

    /// Whether type, shape and every byte are equal.
    package func hasEqualContents(_ other: Tensor) -> Bool {
        guard spec == other.spec else { return false }
        return unsafe withBytes { left in unsafe other.withBytes { right in unsafe left.elementsEqual(right) } }
    }

    /// The elements as an array.
    ///
    /// - Precondition: `Scalar` is the element type.
    package func values<Scalar: TensorScalar>(_: Scalar.Type = Scalar.self) -> [Scalar] {
        withExtendedLifetime(storage) { view.values() }
    }

    /// The elements of an integer or bool tensor widened to `Int`; nil for other types and for values outside `Int`.
    package var integers: [Int]? { withExtendedLifetime(storage) { view.integers } }
}

/// A borrowed look at a dense tensor in somebody else's memory.
///
/// It is a pointer: whoever makes one keeps the memory alive and unchanged while it is used.
@safe package struct TensorView {
    package let spec: TensorSpec
    package let baseAddress: UnsafeRawPointer

    /// The caller vouches for `spec.byteCount` readable bytes at `baseAddress`.
    @unsafe package init(_ spec: TensorSpec, _ baseAddress: UnsafeRawPointer) {
        self.spec = spec
        unsafe self.baseAddress = unsafe baseAddress
    }

    package var elementType: ElementType { spec.elementType }
    package var shape: Shape { spec.shape }
    package var elementCount: Int { spec.shape.elementCount }
    package var bytes: UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(start: baseAddress, count: spec.byteCount) }

    package func values<Scalar: TensorScalar>(_: Scalar.Type = Scalar.self) -> [Scalar] {
        precondition(Scalar.elementType == elementType, "\(spec) read as \(Scalar.elementType)")
        let start = unsafe baseAddress.assumingMemoryBound(to: Scalar.self)
        return unsafe Array(UnsafeBufferPointer(start: start, count: elementCount))
    }

    package var integers: [Int]? {
        switch elementType {
        case .int64: values(Int64.self).map(Int.init)
        case .int32: values(Int32.self).map(Int.init)
        case .int16: values(Int16.self).map(Int.init)
        case .int8: values(Int8.self).map(Int.init)
        case .uint8: values(UInt8.self).map(Int.init)
        case .uint16: values(UInt16.self).map(Int.init)
        case .uint32: values(UInt32.self).map(Int.init)
        case .uint64: exactly(values(UInt64.self))
        case .bool: values(UInt8.self, bitsOf: .bool).map(Int.init)
        case .int4, .uint4, .int2, .uint2: elementType.narrow.map { type in unsafe bytes.map(type.integer) }
        default: nil
        }
    }

    private func exactly(_ values: [UInt64]) -> [Int]? {
        values.allSatisfy { $0 <= UInt64(Int.max) } ? values.map(Int.init) : nil
    }

    /// The elements as another type of the same width (a bool as its byte).
    private func values<Scalar: TensorScalar>(_: Scalar.Type, bitsOf type: ElementType) -> [Scalar] {
        unsafe TensorView(TensorSpec(Scalar.elementType, shape), baseAddress).values()
    }
}
