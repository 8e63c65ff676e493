import GraphIR
import Operators
import Tensors
import Testing

@Suite("Special functions")
struct SpecialFunctionTests {
    /// From tables.
    static let values: [(String, [Double], Double)] = [
        ("BesselJ0", [1], 0.7651976865579666), ("BesselJ1", [1], 0.4400505857449335), ("BesselY0", [1], 0.08825696421567697),
        ("BesselY1", [1], -0.7812128213002887), ("BesselI0", [1], 1.2660658777520084), ("BesselI1", [-1], -0.5651591039924851),
        ("BesselI0e", [100], 0.03994437929909668), ("BesselK0", [1], 0.42102443824070834), ("BesselK1", [1], 0.6019072301972346),
        ("BesselK0e", [1], 1.1444630798068947), ("Digamma", [1], -0.5772156649015329), ("Digamma", [-0.5], 0.03648997397857652),
        ("Lgamma", [0.5], 0.5723649429247001), ("Erfinv", [0.5], 0.4769362762044699), ("Ndtri", [0.975], 1.959963984540054),
        ("Dawsn", [1], 0.5380795069127684), ("Expint", [1], 1.8951178163559368), ("Spence", [2], -0.8224670334241132),
        ("FresnelCos", [1], 0.7798934003768228), ("FresnelSin", [1], 0.4382591473903548), ("Zeta", [2, 1], 1.6449340668482264),
        ("Polygamma", [1, 1], 1.6449340668482264), ("Igamma", [2, 1], 0.2642411176571153), ("Igammac", [2, 1], 0.7357588823428847),
        ("Betainc", [2, 3, 0.5], 0.6875),
    ]

    @Test("agree with the tables", arguments: values)
    func tables(_ name: String, _ arguments: [Double], _ expected: Double) throws {
        let inputs = arguments.map { Tensor([$0], .float64, [1]) }
        expectNumbers(try TensorFlowCase.run(name, inputs)[0], [expected], relative: 1e-12, name)
        let narrow = arguments.map { Tensor([$0], .float32, [1]) }
        expectNumbers(try TensorFlowCase.run(name, narrow)[0], [expected], relative: 1e-6, absolute: 1e-7, name)
    }

    static let ends: [(String, [Double], Double)] = [
        ("Digamma", [0], .nan), ("Digamma", [-3], .nan), ("Ndtri", [0], -.infinity), ("Ndtri", [2], .nan), ("Erfinv", [1], .infinity),
        ("BesselK0", [0], .infinity), ("BesselY0", [0], -.infinity), ("Expint", [-1], .nan), ("Spence", [-1], .nan),
        ("Zeta", [1, 3], .infinity), ("Zeta", [0.5, 3], .nan), ("Polygamma", [0.5, 1], .nan), ("Igamma", [1, 0], 0),
        ("Igamma", [-1, 1], .nan), ("Betainc", [1, 1, 2], .nan), ("Betainc", [2, 3, 1], 1),
    ]

    @Test("have poles, limits and nothing where TensorFlow has them", arguments: ends)
    func end(_ name: String, _ arguments: [Double], _ expected: Double) throws {
        expectNumbers(try TensorFlowCase.run(name, arguments.map { Tensor([$0], .float64, [1]) })[0], [expected], name)
    }

    @Test("end for arguments of every size")
    func extremes() throws {
        let sizes: [Double] = [0, Double.leastNonzeroMagnitude, 1e-300, 1e-20, 1e20, 1e300, .greatestFiniteMagnitude, .infinity, .nan]
        let data = Tensor(sizes + sizes.map { -$0 }, .float64, [18])
        for name in [
            "BesselI0", "BesselI1", "BesselI0e", "BesselI1e", "BesselK0", "BesselK1", "BesselK0e", "BesselK1e", "BesselJ0", "BesselY1",
            "Digamma", "Erfinv", "Ndtri", "Dawsn", "Expint", "Spence", "FresnelSin", "FresnelCos",
        ] { #expect(try TensorFlowCase.run(name, [data])[0].elementCount == 18) }
        let column = data.reshaped([18, 1])
        for name in ["Igamma", "Igammac", "Zeta", "Polygamma"] {
            #expect(try TensorFlowCase.run(name, [column, data])[0].elementCount == 324)
        }
    }
}
