#!/usr/bin/env python3
"""Networks as ONNX Runtime's own tools rewrite them, run by `apus`, against ONNX Runtime on the network as it was.

    python3 Tests/Comparison/onnxruntime_optimized.py CORPUS [--apus .build/release/apus] [--only REGEX] [--transformers REGEX]

CORPUS holds folders NAME/1/model.onnx with NAME/golden.npz, whose arrays in_<i> are the network's inputs. Each network is saved at
the graph optimisation levels basic, extended and all (`SessionOptions.optimized_model_filepath`); those that --transformers names
also go through onnxruntime.transformers.optimizer at every opt_level, in float32 and float16, and through quantize_dynamic.
Needs `pip install onnx onnxruntime numpy sympy torch`. What `apus` refuses by name is counted apart.
"""
import argparse
import json
import re
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

import comparison

LEVELS = {
    "basic": onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC,
    "extended": onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED,
    "all": onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL,
}


def session(path, level=None, saved=None):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    if level is not None:
        options.graph_optimization_level = level
    if saved:
        options.optimized_model_filepath = str(saved)
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def rewritten(path, folder, is_transformer):
    """(title, path of the rewritten network or what went wrong, tolerance)"""
    for name, level in LEVELS.items():
        saved = folder / f"{name}.onnx"
        try:
            session(path, level, saved)
            drop_unread_inputs(saved)
            yield name, saved, 2e-3
        except Exception as error:
            yield name, error, 0
    if not is_transformer:
        return
    yield from transformers(path, folder)


def transformers(path, folder):
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.transformers import optimizer
    for level in (0, 1, 2, 99):
        for half in (False, True):
            title = f"transformers.optimizer opt_level={level}{' float16' if half else ''}"
            saved = folder / f"transformers{level}{half}.onnx"
            try:
                model = optimizer.optimize_model(str(path), model_type="bert", opt_level=level, only_onnxruntime=False)
                if half:
                    model.convert_float_to_float16(keep_io_types=True)
                model.save_model_to_file(str(saved))
                yield title, saved, 2e-2 if half else 1e-3
                if level == 1 and not half:
                    quantized = folder / "quantized.onnx"
                    quantize_dynamic(
                        str(saved), str(quantized), weight_type=QuantType.QInt8,
                        extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT})
                    yield "transformers.optimizer and quantize_dynamic", quantized, None
            except Exception as error:
                yield title, error, 0


def drop_unread_inputs(path):
    """ONNX Runtime folds an initializer that is an input as well, and leaves the input behind as one that must be given."""
    model = onnx.load(str(path))
    read = {name for node in model.graph.node for name in node.input}
    has_subgraphs = any(attribute.type in (5, 10) for node in model.graph.node for attribute in node.attribute)
    left = [given for given in model.graph.input if given.name not in read]
    if left and not has_subgraphs:
        for given in left:
            model.graph.input.remove(given)
        onnx.save(model, str(path))


def operators(path):
    names = {}
    for node in onnx.load(str(path), load_external_data=False).graph.node:
        if node.domain not in ("", "ai.onnx", "ai.onnx.ml"):
            names[node.op_type] = names.get(node.op_type, 0) + 1
    return " ".join(f"{count}x{name}" for name, count in sorted(names.items()))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--apus", default=".build/release/apus")
    parser.add_argument("--only", default="")
    parser.add_argument("--transformers", default="minilm")
    options = parser.parse_args()
    tally = comparison.Tally()
    for path in sorted(options.corpus.glob("*/1/model.onnx")):
        name = path.parents[1].name
        golden = path.parents[1] / "golden.npz"
        if not re.search(options.only, name) or not golden.exists():
            continue
        plain = session(path)
        meta = json.loads((path.parents[1] / "meta.json").read_text()) if (path.parents[1] / "meta.json").exists() else {}
        own = 0.15 if "min_cosine" in (meta.get("tolerance") or {}) else 0
        arrays = np.load(golden)
        fed = {given.name: arrays[f"in_{index}"] for index, given in enumerate(plain.get_inputs()) if f"in_{index}" in arrays}
        if any(given.type == "tensor(string)" for given in plain.get_inputs()):
            continue
        wanted = plain.run(None, fed)
        if any(not isinstance(item, np.ndarray) for item in wanted):
            tally.skip(name, "gives other values than tensors")
            continue
        with tempfile.TemporaryDirectory() as folder:
            for title, saved, tolerance in rewritten(path, Path(folder), re.search(options.transformers, name)):
                shown = f"{name}, {title}"
                if isinstance(saved, Exception):
                    tally.skip(shown, f"ONNX Runtime: {str(saved).splitlines()[0][:200]}")
                    continue
                shown += f" ({operators(saved)})"
                # The numbers of a quantised network are its own, and those of int8 between them a matter of rounding.
                expected = session(saved).run(None, fed) if tolerance is None else wanted
                limit = 2e-2 if tolerance is None else max(tolerance, own)
                print(f"{shown}:", flush=True)
                tally.compare(shown, lambda: comparison.run(options.apus, saved, fed, len(expected)), expected, tolerance=limit)
    return tally.finish(f"(ONNX Runtime {onnxruntime.__version__})")


if __name__ == "__main__":
    sys.exit(main())
