/// The machine code that kernels are built of, for one instruction-set level: a table that the operators' module understands and
/// nobody else looks into.
///
/// Sendable because the table is constant memory of the program.
package struct KernelSet: @unchecked Sendable {
    /// The level's name, part of the names of prepared constants: `avx2`.
    package let name: String
    package let table: UnsafeRawPointer

    package init(name: String, table: UnsafeRawPointer) {
        self.name = name
        self.table = table
    }
}
