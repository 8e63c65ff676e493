import Tensors

extension ValueType {
    /// Whether `value` is of this type: nil when it is, else why not, as the end of a sentence that begins with the value's name.
    ///
    /// Shapes count as far as the type knows them. Lists and resources are no values that come from outside.
    package func mismatch(_ value: RuntimeValue) -> String? {
        switch (self, value) {
        case (.tensor(let type), .tensor(let tensor)): type.mismatch(tensor.spec)
        case (.tensor(let type), .strings(let tensor)): type.mismatch(TensorSpec(.string, tensor.shape))
        case (.sequence(let element), .sequence(let elements)): element.mismatch(elements)
        case (.map(let key, let content), .map(let map)): Self.mismatch(key: key, content, map)
        case (.optional(let content), .optional(let value)): value.flatMap(content.mismatch)
        default: "is \(value.kind), expected \(self)"
        }
    }

    private func mismatch(_ elements: [RuntimeValue]) -> String? {
        for (index, element) in elements.enumerated() {
            if let reason = mismatch(element) { return "has an element \(index) that \(reason)" }
        }
        return nil
    }

    private static func mismatch(key: ElementType, _ content: ValueType, _ map: RuntimeMap) -> String? {
        let values: [RuntimeValue]
        switch map {
        case .integers(let entries) where key == .int64: values = entries.map(\.value)
        case .strings(let entries) where key == .string: values = entries.map(\.value)
        default: return "is \(RuntimeValue.map(map).kind) with other keys, expected keys of type \(key)"
        }
        for value in values {
            if let reason = content.mismatch(value) { return "has a value that \(reason)" }
        }
        return nil
    }
}

extension TensorType {
    fileprivate func mismatch(_ spec: TensorSpec) -> String? {
        guard spec.elementType == elementType else { return "is \(spec.elementType), expected \(elementType)" }
        guard shape?.admits(spec.shape) ?? true else { return "has shape \(spec.shape), expected \(self)" }
        return nil
    }
}
