/// How far the first loads of the models that are wanted are.
package struct LoadProgress: Sendable, Equatable {
    /// Models that have an available version or have had their first tries.
    package let finishedCount: Int
    package let modelCount: Int
    /// Models that are being loaded for the first time now, ascending.
    package let loadingNames: [String]

    package var isOver: Bool { finishedCount == modelCount }
}
