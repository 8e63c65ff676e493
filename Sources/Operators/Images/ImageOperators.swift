package import GraphIR

/// Operators over images: other sizes, other colours, parts, boxes.
package enum ImageOperators {
    package static let spellings: [OperatorSpelling] =
        ImageResizeOperators.spellings + colors + parts + suppressions + onnx

    private static let colors: [OperatorSpelling] = [
        .tensorFlow("RGBToHSV") { _ in ColorConversion(direction: .toHSV) },
        .tensorFlow("HSVToRGB") { _ in ColorConversion(direction: .toRGB) },
        .tensorFlow("AdjustHue") { _ in ColorAdjustment(quantity: .hue) },
        .tensorFlow("AdjustSaturation") { _ in ColorAdjustment(quantity: .saturation) },
        .tensorFlow("AdjustContrast") { _ in ContrastAdjustment(limits: true) },
        .tensorFlow("AdjustContrastv2") { _ in ContrastAdjustment(limits: false) },
        .tensorFlow("DrawBoundingBoxes") { _ in DrawBoundingBoxes(hasColors: false) },
        .tensorFlow("DrawBoundingBoxesV2") { _ in DrawBoundingBoxes(hasColors: true) },
    ]

    private static let parts: [OperatorSpelling] = [
        .tensorFlow("ExtractImagePatches") { reader throws(OperatorError) in try ExtractPatches(reader, rank: 4) },
        .tensorFlow("ExtractVolumePatches") { reader throws(OperatorError) in try ExtractPatches(reader, rank: 5) },
        .tensorFlow("ExtractGlimpse") { reader throws(OperatorError) in try ExtractGlimpse(reader) },
        .tensorFlow("ExtractGlimpseV2") { reader throws(OperatorError) in try ExtractGlimpse(reader) },
    ]

    private static let suppressions: [OperatorSpelling] =
        ([
            ("NonMaxSuppression", .first), ("NonMaxSuppressionV2", .second), ("NonMaxSuppressionV3", .third),
            ("NonMaxSuppressionV4", .fourth), ("NonMaxSuppressionV5", .fifth), ("NonMaxSuppressionWithOverlaps", .overlaps),
        ] as [(String, NonMaxSuppression.Version)]).map { name, version in
            .tensorFlow(name) { reader throws(OperatorError) in try NonMaxSuppression(reader, version) }
        } + [.tensorFlow("CombinedNonMaxSuppression") { reader throws(OperatorError) in try CombinedSuppression(reader) }]

    private static let onnx: [OperatorSpelling] = [
        .onnx("NonMaxSuppression", since: 10) { reader throws(OperatorError) in try BoxSelection(reader) },
        .onnx("GridSample", since: 16) { reader throws(OperatorError) in try GridSample(reader) },
        .onnx("AffineGrid", since: 20) { reader throws(OperatorError) in
            AffineGrid(alignsCorners: try reader.flag("align_corners", default: false))
        },
        .onnx("RoiAlign", since: 10) { reader throws(OperatorError) in try RoiAlign(reader) },
        .onnx("Col2Im", since: 18) { reader throws(OperatorError) in try ColumnsToImage(reader) },
    ]
}
