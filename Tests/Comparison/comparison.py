"""What the scripts of this folder share: one run of `apus`, and how its answers are compared.

Floats agree within a share of the largest element, integers within a number of steps, strings exactly.
"""
import json
import os
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from onnx import TensorProto, numpy_helper

UNSUPPORTED = 3


class Refusal(Exception):
    """`apus` gave no answer; `code` is its exit status."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


def is_text(array):
    return array.dtype.kind in "OSU"


def run(apus, model, fed, outputs, optimizer="on", isa=None, timeout=120):
    """The outputs of `model`, a ModelProto, bytes of one, or a path, for the arrays of `fed` by name.

    Raises Refusal when there is no answer. `outputs` is their number.
    """
    with tempfile.TemporaryDirectory() as folder:
        given, results = Path(folder, "in"), Path(folder, "out")
        given.mkdir()
        listing = []
        for index, (name, array) in enumerate(fed.items()):
            entry = {"index": index, "name": name, "kind": "tensor", "dtype": "", "shape": list(array.shape)}
            if is_text(array):
                entry["pb"] = f"input_{index}.pb"
                tensor = numpy_helper.from_array(array.astype(object), name)
                (given / entry["pb"]).write_bytes(tensor.SerializeToString())
            else:
                entry["npy"] = f"input_{index}.npy"
                np.save(given / entry["npy"], array)
            listing.append(entry)
        (given / "inputs.json").write_text(json.dumps(listing))
        path = model
        if not isinstance(model, (str, Path)):
            path = Path(folder, "model.onnx")
            path.write_bytes(model if isinstance(model, bytes) else model.SerializeToString())
        environment = {**os.environ, **({"APUS_ISA": isa} if isa else {})}
        command = [apus, "run", str(path), "--inputs", str(given), "--outputs", str(results), "--optimizer", optimizer]
        found = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=timeout)
        if found.returncode != 0:
            raise Refusal(found.returncode, found.stderr.strip()[-600:])
        return [output(results, index) for index in range(outputs)]


def output(folder, index):
    path = folder / f"output_{index}.npy"
    if path.exists():
        return np.load(path)
    tensor = TensorProto()
    tensor.ParseFromString((folder / f"output_{index}.pb").read_bytes())
    return numpy_helper.to_array(tensor)


def texts(array):
    return [item.decode() if isinstance(item, bytes) else str(item) for item in array.reshape(-1)]


def difference(found, wanted, tolerance=1e-4, steps=0):
    """What is wrong with `found`; None when nothing is."""
    if found.shape != wanted.shape:
        return f"has shape {list(found.shape)}, expected {list(wanted.shape)}"
    if is_text(wanted):
        return None if texts(found) == texts(wanted) else f"is {texts(found)[:6]}, expected {texts(wanted)[:6]}"
    if found.dtype != wanted.dtype:
        return f"is {found.dtype}, expected {wanted.dtype}"
    if found.size == 0:
        return None
    if wanted.dtype.kind == "b":
        return None if np.array_equal(found, wanted) else "has other bools"
    finite = np.isfinite(wanted)
    if not np.array_equal(np.isfinite(found), finite) or not np.array_equal(found[~finite], wanted[~finite], equal_nan=True):
        return f"is not finite elsewhere: {found.reshape(-1)[:6]}, expected {wanted.reshape(-1)[:6]}"
    if wanted.dtype.kind in "iu":
        worst = np.abs(found.astype(object) - wanted.astype(object)).max()
        return f"differs by {worst} steps" if worst > steps else None
    distance = np.abs(found[finite].astype(np.float64) - wanted[finite].astype(np.float64)).max(initial=0)
    limit = tolerance * max(1.0, np.abs(wanted[finite].astype(np.float64)).max(initial=0))
    return f"differs by {distance:.3g} of {np.abs(wanted[finite]).max(initial=0):.3g}" if not distance <= limit else None


def differences(found, wanted, **limits):
    return [f"output {i} {fault}" for i, (a, b) in enumerate(zip(found, wanted)) if (fault := difference(a, b, **limits))]


class Tally:
    """Counts the outcomes of cases and prints those that are not right."""

    def __init__(self):
        self.counts = {"right": 0, "wrong": 0, "refused": 0, "skipped": 0}

    def skip(self, shown, reason):
        self.counts["skipped"] += 1
        print(f"skipped {shown}: {reason}", flush=True)

    def compare(self, shown, make, wanted, **limits):
        """`make` runs `apus`; an answer that is refused by name is no fault."""
        try:
            faults = differences(make(), wanted, **limits)
        except Refusal as refusal:
            is_named = refusal.code == UNSUPPORTED
            self.counts["refused" if is_named else "wrong"] += 1
            print(f"{'refused' if is_named else 'WRONG'} {shown}: exit {refusal.code}: {refusal}", flush=True)
            return
        except subprocess.TimeoutExpired:
            faults = ["does not end"]
        self.counts["wrong" if faults else "right"] += 1
        if faults:
            print(f"WRONG {shown}: {'; '.join(faults)}", flush=True)

    def finish(self, *notes):
        print(", ".join(f"{count} {what}" for what, count in self.counts.items()), *notes)
        return 1 if self.counts["wrong"] else 0
