/// What contents can be made from again after their memory was given back.
package enum ContentOrigin: Sendable {
    case file(FileRange)
    case derived(DerivedContents)
}

/// Some consecutive bytes of a file.
package struct FileRange: Sendable {
    package let source: FileSource
    package let range: Range<Int>

    package init(source: FileSource, range: Range<Int>) {
        self.source = source
        self.range = range
    }
}

/// Contents that follow from those of another tensor. Equal ones have equal bytes.
package struct DerivedContents: Sendable, Hashable {
    package let source: Tensor
    package let recipe: any ContentRecipe

    package static func == (left: DerivedContents, right: DerivedContents) -> Bool {
        left.source.storage === right.source.storage && AnyHashable(left.recipe) == AnyHashable(right.recipe)
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(ObjectIdentifier(source.storage))
        hasher.combine(AnyHashable(recipe))
    }
}

/// How contents follow from others of the same type.
package protocol ContentRecipe: Hashable, Sendable {
    /// Writes every byte of `target`, which is as large as `source`.
    func write(_ source: UnsafeRawBufferPointer, to target: UnsafeMutableRawBufferPointer)
}

extension Tensor {
    /// A tensor of the same type whose contents follow from those of `source`, and can be given back as long as nobody reads them.
    package init(derivedFrom source: Tensor, by recipe: some ContentRecipe) throws(MemoryRefusal) {
        let contents = DerivedContents(source: source, recipe: recipe)
        try unsafe self.init(source.spec, placement: .pages, origin: .derived(contents)) { bytes in unsafe contents.write(to: bytes) }
    }
}

extension DerivedContents {
    func write(to target: UnsafeMutableRawBufferPointer) {
        withExtendedLifetime(source.storage) { unsafe recipe.write(source.view.bytes, to: target) }
    }
}
