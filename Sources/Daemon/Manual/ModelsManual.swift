/// apus-models(7).
enum ModelsManual {
    static let blocks: [ManualBlock] = [
        .section("Description"),
        .paragraph(
            "Apus serves ONNX networks and TensorFlow SavedModels. Each model has a folder, and in it a folder for each version, named by a "
                + "whole number; a larger number is newer."),
        .example([
            "/var/lib/apus/models/NAME/1/model.onnx", "/var/lib/apus/models/NAME/2/model.onnx",
            "/var/lib/apus/models/OTHER/1/saved_model.pb", "/var/lib/apus/models/OTHER/1/variables/",
            "/var/lib/apus/models/OTHER/1/assets/",
        ]),
        .paragraph(
            "A version holds `model.onnx`, or one other .onnx file with the files of its external data, or a SavedModel. A folder without "
                + "numbers that holds model.onnx or saved_model.pb itself is served as version 1. Names with a leading point are passed over."
        ),
        .section("Publishing a version"),
        .paragraph(
            "Copy it under a name that is no number, then rename it, which publishes it at once and whole. Links to folders are followed. "
                + "Versions are looked for every lifecycle.poll_interval."),
        .example(["cp -r NEW /var/lib/apus/models/NAME/.3", "mv /var/lib/apus/models/NAME/.3 /var/lib/apus/models/NAME/3"]),
        .paragraph(
            "The old version serves until the new one is loaded and warm; no request fails or has a mix of both. A version that cannot be "
                + "loaded takes nothing down. Removing a folder takes its version out of service; the one before is loaded again. Files of a "
                + "version are not changed in place: publish them as a new version."),
        .paragraph("`apus check` FOLDER says whether a version can be served, and `apus inspect` FOLDER what it holds."),
        .section("Exporting a model"),
        .subsection("PyTorch"),
        .example([
            "torch.onnx.export(model.eval(), (example,), 'models/NAME/1/model.onnx', dynamo=True,",
            "    input_names=['x'], output_names=['y'], dynamic_shapes=[{0: torch.export.Dim('rows')}])",
        ]),
        .subsection("Keras"),
        .example(["model.export('models/NAME/1')"]),
        .subsection("scikit-learn"),
        .example([
            "onnx = skl2onnx.to_onnx(model, X[:1].astype('float32'), options={'zipmap': False})",
            "open('models/NAME/1/model.onnx', 'wb').write(onnx.SerializeToString())",
        ]),
        .section("Files of a version"),
        .item("`model.onnx`", "An ONNX model, of operator sets up to 26."),
        .item("`saved_model.pb`, `variables/`, `assets/`", "A SavedModel of TensorFlow 1 or 2."),
        .item(
            "`assets.extra/tf_serving_warmup_requests`",
            "Requests that are run before the version becomes available: a TFRecord file of PredictionLog messages."),
        .item("`batching_params.pbtxt`", "How the version is batched, with batching.per_version_files."),
        .section("See also"),
        .paragraph("`apus`(1), `apus.yaml`(5); operators.md in the folder of documents lists every operator that is computed."),
    ]
}
