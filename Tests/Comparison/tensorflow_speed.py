#!/usr/bin/env python3
"""Latency of SavedModels in Apus beside TensorFlow: one thread, one row, minima of alternating rounds.

    tensorflow_speed.py MODEL... [--rounds 5] [--seconds 1] [--signature NAME]

MODEL is a folder that holds saved_model.pb. Needs tensorflow-cpu and numpy, and the release binary (make build). Inputs are made up
from the signature: rows of ones, or a short sentence. Prints Apus / TensorFlow for each model and the geometric mean.
"""
import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.update(OMP_NUM_THREADS="1", TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="")
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

BINARY = Path(__file__).resolve().parents[2] / ".build/release/apus"
SENTENCE = b"the quick brown fox jumps over the lazy dog and runs away"


def varint(number):
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(out) + bytes([number])


def string_tensor(shape, strings):
    """ONNX TensorProto: dims 1, data_type 2 (8 = STRING), string_data 6."""
    message = b"".join(b"\x08" + varint(extent) for extent in shape) + b"\x10\x08"
    return message + b"".join(b"\x32" + varint(len(text)) + text for text in strings)


def inputs_of(function):
    """One row for each input; extents that the signature leaves open are 1."""
    inputs = {}
    for name, spec in function.structured_input_signature[1].items():
        shape = [extent or 1 for extent in (spec.shape.as_list() if spec.shape.rank is not None else [1])]
        if spec.dtype == tf.string:
            inputs[name] = np.full(shape, SENTENCE, object)
        else:
            inputs[name] = np.ones(shape, spec.dtype.as_numpy_dtype)
    return inputs


def write(folder, inputs):
    listing = []
    for index, (name, array) in enumerate(sorted(inputs.items())):
        entry = {"index": index, "name": name, "kind": "tensor", "dtype": str(array.dtype), "shape": list(array.shape)}
        if array.dtype == object:
            entry["pb"] = f"input_{index}.pb"
            (folder / entry["pb"]).write_bytes(string_tensor(array.shape, array.ravel()))
        else:
            entry["npy"] = f"input_{index}.npy"
            np.save(folder / entry["npy"], array)
        listing.append(entry)
    (folder / "inputs.json").write_text(json.dumps(listing))


def fastest_tensorflow(function, inputs, seconds):
    constants = {name: tf.constant(array) for name, array in inputs.items()}
    best, end = math.inf, time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = time.perf_counter()
        function(**constants)
        best = min(best, time.perf_counter() - start)
    return best * 1e3


def fastest_apus(model, folder, seconds):
    command = [BINARY, "bench", model, "--inputs", folder, "--lanes", "1", "--seconds", str(seconds), "--json"]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)["min_ms"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1)
    parser.add_argument("--signature", default="serving_default")
    arguments = parser.parse_args()
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    ratios = []
    for model in arguments.models:
        loaded = tf.saved_model.load(str(model))
        function = loaded.signatures[arguments.signature]
        inputs = inputs_of(function)
        with tempfile.TemporaryDirectory() as folder:
            write(Path(folder), inputs)
            rounds = [
                (fastest_apus(model, folder, arguments.seconds), fastest_tensorflow(function, inputs, arguments.seconds))
                for _ in range(arguments.rounds)
            ]
        apus, tensorflow = (min(times) for times in zip(*rounds))
        ratios.append(apus / tensorflow)
        print(f"{model}: {apus:.3f} ms, TensorFlow {tensorflow:.3f} ms, ratio {ratios[-1]:.2f}", flush=True)
    print(f"geometric mean {math.exp(sum(map(math.log, ratios)) / len(ratios)):.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
