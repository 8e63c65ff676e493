import ServableCore
import Tensors
import Testing

@testable import OpenInference

@Suite("Data types") struct DatatypeTests {
    @Test("are the element types that the protocol has, each by its own name", arguments: Datatype.allCases)
    func roundTrip(_ type: Datatype) {
        #expect(Datatype(type.elementType) == type)
        #expect(Datatype(nearestTo: type.elementType) == type)
        #expect(Datatype(rawValue: type.name) == type)
    }

    @Test("are near what the protocol has not", arguments: ElementType.allCases.filter { Datatype($0) == nil })
    func nearest(_ type: ElementType) {
        #expect(Datatype.allCases.contains(Datatype(nearestTo: type)))
    }

    @Test("have exact upper-case names", arguments: ["fp32", "STRING", "TYPE_FP32", "FLOAT", ""])
    func unknown(_ name: String) { #expect(Datatype(rawValue: name) == nil) }
}

@Suite("Classification") struct ClassificationTests {
    private func texts(_ tensor: Tensor, _ count: Int, hasRows: Bool = false) -> (Shape, [String])? {
        defer { withExtendedLifetime(tensor) {} }
        return Classification.strings(tensor.view, count: count, hasRows: hasRows).map { classes in
            (classes.shape, classes.elements.map { String(decoding: $0, as: UTF8.self) })
        }
    }

    @Test("lists the highest values first, with their indices, as C's %f")
    func highest() throws {
        let (shape, classes) = try #require(texts(Tensor([2.5, 5.5, 3.5] as [Float], shape: [3]), 2))
        #expect(shape == [2])
        #expect(classes == ["5.500000:1", "3.500000:2"])
    }

    @Test("has classes of its own for each row, no more than there are elements")
    func rows() throws {
        let (shape, classes) = try #require(texts(Tensor([1, 2, 4, 3] as [Int32], shape: [2, 2]), 9, hasRows: true))
        #expect(shape == [2, 2])
        #expect(classes == ["2:1", "1:0", "4:0", "3:1"])
    }

    @Test("takes the first of equal values first, and numbers before NaN, also among many")
    func ties() throws {
        var values = [Double](repeating: 1, count: 100)
        values[0] = .nan
        values[50] = 2
        let (_, few) = try #require(texts(Tensor(values, shape: [100]), 3))
        #expect(few == ["2.000000:50", "1.000000:1", "1.000000:2"])
        let (_, all) = try #require(texts(Tensor(values, shape: [100]), 100))
        #expect(all.prefix(3) == ["2.000000:50", "1.000000:1", "1.000000:2"])
        #expect(all.last == "nan:0" || all.last == "-nan:0")
    }

    @Test("has no order for truth values")
    func unordered() { #expect(texts(Tensor([true, false], shape: [2]), 1) == nil) }

    @Test("has nothing to say of no elements")
    func empty() throws {
        let (shape, classes) = try #require(texts(Tensor([] as [Float], shape: [0, 4]), 2, hasRows: true))
        #expect(shape == [0, 0])
        #expect(classes.isEmpty)
    }
}

@Suite("Parameters") struct ParameterTests {
    @Test(
        "of a known name have the known type",
        arguments: [
            ("timeout", ParameterValue.integer(-1)), ("timeout", .string("1")), ("timeout", .double(1)), ("priority", .bool(true)),
            ("binary_data_output", .string("yes")), ("sequence_id", .bool(true)), ("sequence_id", .double(1.5)),
            ("sequence_start", .integer(1)), ("triton_enable_empty_final_response", .bool(true)),
        ])
    func refused(_ name: String, _ value: ParameterValue) throws {
        var parameters = RequestParameters()
        let error = try #require(throws: ServableError.self) { try parameters.note(name, value) }
        #expect(error.code == .invalidArgument)
        #expect(error.message.contains(name))
    }

    @Test("bound the time by microseconds, of which 0 are none")
    func timeout() throws {
        var parameters = RequestParameters()
        try parameters.note("timeout", .integer(1_500))
        #expect(parameters.timeout == .microseconds(1_500))
        try parameters.note("timeout", .integer(0))
        #expect(parameters.timeout == nil)
        try parameters.note("timeout", .unsigned(.max))
        #expect(parameters.timeout != nil)
        try parameters.note("whatever", .double(2))
    }

    @Test("never ask for shared memory in vain", arguments: ["shared_memory_region", "shared_memory_offset", "shared_memory_byte_size"])
    func sharedMemory(_ name: String) throws {
        var input = InputParameters(), output = RequestedOutput("y")
        let errors = [
            try #require(throws: ServableError.self) { try input.note(name, .integer(1)) },
            try #require(throws: ServableError.self) { try output.note(name, .integer(1)) },
        ]
        #expect(errors.allSatisfy { $0.code == .invalidArgument && $0.message.contains(name) })
    }

    @Test("choose versions by numbers above 0", arguments: ["0", "-1", "x", "1.0", "+1", "99999999999999999999"])
    func version(_ text: String) throws {
        let error = try #require(throws: ServableError.self) { try OpenInferenceService.selector(text) }
        #expect(error.code == .invalidArgument)
        #expect(try OpenInferenceService.selector("") == .latest)
        #expect(try OpenInferenceService.selector("12") == .version(12))
    }
}
