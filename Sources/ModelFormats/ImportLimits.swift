/// How much a model file may demand before it is refused: the bytes of a file are not trusted with memory or time.
///
/// The defaults leave room for every model in public use; what a file may make of itself stays within a small
/// multiple of its size, but for the kinds counted here.
package struct ImportLimits: Sendable, Equatable {
    /// Bytes of the model file itself; a protobuf message ends at 2 GiB, larger weights lie in external files.
    package var modelFileByteCount = 1 << 32
    /// Nodes in the main graph and all subgraphs together, after functions are expanded.
    package var nodeCount = 1_000_000
    /// Initialisers in the main graph and all subgraphs together.
    package var initializerCount = 1_000_000
    /// Graphs inside attributes of nodes inside graphs.
    package var subgraphDepth = 32
    /// Functions of the model that call one another.
    package var functionDepth = 32
    /// Extents of one tensor.
    package var tensorRank = 32
    /// Bytes of one tensor's elements.
    package var tensorByteCount = 1 << 36
    /// Bytes of all tensors that cannot be used in place and are copied out of the file.
    package var copiedByteCount = 1 << 34
    /// Bytes of one sparse tensor made dense.
    package var denseByteCount = 1 << 30
    /// Files that initialisers refer to, and the bytes of all of them: they are read into memory whole.
    package var externalFileCount = 4096
    package var externalFileByteCount = 1 << 36

    package init() {}

    package static let standard = ImportLimits()
}
