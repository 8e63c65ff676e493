import GraphIR

extension RowInputs {
    /// The axis of `output` that carries the rows of `input` along `axis` when the elements keep their order; nil when none does.
    ///
    /// As many elements must stand before the axis as did before, counted in whole rows, and the axis must hold all rows.
    func axis(of output: [Int], holding axis: Int, of input: [Int]) -> Int? {
        let before = input[..<axis].reduce(1, *)
        var product = 1
        for (place, extent) in output.enumerated() {
            if product == before, extent != 1 { return extent % rowCount == 0 ? place : nil }
            product *= extent
            guard product != 0, product <= before else { return nil }
        }
        return nil
    }

    /// `extents` as one row has them.
    func extentsOfOneRow(_ extents: [Int], axis: Int) -> [Int] {
        var result = extents
        result[axis] /= rowCount
        return result
    }
}
