import GraphIR

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// How alike a row of features and a support vector are.
///
/// - Source: attributes kernel_type and kernel_params of the operators SVMClassifier and SVMRegressor of ai.onnx.ml.
struct SimilarityFunction: Sendable {
    enum Kind: String, CaseIterable, Sendable {
        case linear = "LINEAR", polynomial = "POLY", radial = "RBF", sigmoid = "SIGMOID"
    }

    let kind: Kind
    private let gamma: Float
    private let offset: Float
    private let degree: Float

    /// The plain product.
    static let linear = SimilarityFunction(kind: .linear, gamma: 0, offset: 0, degree: 0)

    private init(kind: Kind, gamma: Float, offset: Float, degree: Float) {
        self.kind = kind
        self.gamma = gamma
        self.offset = offset
        self.degree = degree
    }

    init(_ reader: AttributeReader) throws(OperatorError) {
        kind = try reader.choice("kernel_type", default: .linear)
        let parameters = try reader.floats("kernel_params") ?? []
        guard parameters.isEmpty || parameters.count >= 3 else {
            throw .invalidAttribute(
                name: "kernel_params", reason: "has \(parameters.count) numbers, expected gamma, coef0 and degree")
        }
        gamma = parameters.isEmpty ? 0 : parameters[0]
        offset = parameters.isEmpty ? 0 : parameters[1]
        degree = parameters.isEmpty ? 0 : parameters[2]
    }

    func callAsFunction(_ row: UnsafePointer<Float>, _ vector: UnsafePointer<Float>, _ count: Int) -> Float {
        switch kind {
        case .linear: Self.dot(row, vector, count)
        case .polynomial: pow(gamma * Self.dot(row, vector, count) + offset, degree)
        case .radial: exp(-gamma * Self.distance(row, vector, count))
        case .sigmoid: tanh(gamma * Self.dot(row, vector, count) + offset)
        }
    }

    private static func dot(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ count: Int) -> Float {
        sum(count) {
            a[$0] * b[$0]
        } four: {
            four(a, $0) * four(b, $0)
        }
    }

    /// The square of it.
    private static func distance(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ count: Int) -> Float {
        sum(count) {
            (a[$0] - b[$0]) * (a[$0] - b[$0])
        } four: { index in
            let difference = four(a, index) - four(b, index)
            return difference * difference
        }
    }

    @inline(__always)
    private static func four(_ a: UnsafePointer<Float>, _ index: Int) -> SIMD4<Float> {
        SIMD4(a[index], a[index + 1], a[index + 2], a[index + 3])
    }

    /// Four sums at once: the additions need not wait for each other.
    @inline(__always)
    private static func sum(_ count: Int, _ term: (Int) -> Float, four: (Int) -> SIMD4<Float>) -> Float {
        var sums = SIMD4<Float>()
        var index = 0
        while index + 4 <= count {
            sums += four(index)
            index += 4
        }
        var sum = sums.sum()
        while index < count {
            sum += term(index)
            index += 1
        }
        return sum
    }
}
