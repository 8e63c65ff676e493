/// How many of the models that are wanted have an available version or have had their first tries.
package struct LoadProgress: Sendable, Equatable {
    package let finishedCount: Int
    package let modelCount: Int
}
