/// Operators with inputs that carry rows, by family.
enum RowCases {
    static let all =
        elementwise + reductions + products + windows + normalizations + movements + shapes + indexing + scattering + recurrent
        + classical + controlFlow + attention + quantization + signals + contributed + tensorFlow
}
