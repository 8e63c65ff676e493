#!/usr/bin/env python3
"""Makes the test data under Tests/Fixtures from its public origins.

    make_fixtures.py operators NODE_TESTS OUT     ONNX's node tests: onnx/backend/test/data/node of the wheel onnx==1.21.0
    make_fixtures.py tensorflow CASES OUT         SavedModels of one operator each: <name>/{1/saved_model.pb, golden*.npz, meta.json}
    make_fixtures.py versions . OUT               the versions of ONNX's operators, as the installed package onnx lists them
    make_fixtures.py models CORPUS OUT            model corpus entries: <name>/{1/model.onnx, golden*.npz, meta.json}

`operators` copies the cases whose operators and element types Apus means to support, unchanged, and leaves out
near-duplicates (LEFT_OUT). `models` copies models unchanged and unpacks each golden .npz into a folder of .npy files:
golden_0/in_0.npy, golden_0/out_0.npy, ... Needs numpy and onnx. OUT is made anew
but for its README.md, LICENSE and LICENSES.
"""
import argparse
import json
import re
import shutil
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import AttributeProto, TensorProto

# ------------------------------------------------------------------ operators
DEFAULT_DOMAIN = set("""
    Add Sub Mul Div Mod Pow Max Min Mean Sum BitShift BitwiseAnd BitwiseOr BitwiseXor BitwiseNot And Or Xor Not
    Equal Greater GreaterOrEqual Less LessOrEqual Abs Neg Ceil Floor Round Sign Sqrt Exp Log Reciprocal
    Sin Cos Tan Asin Acos Atan Sinh Cosh Tanh Asinh Acosh Atanh Erf IsNaN IsInf Identity Clip Where Cast CastLike PRelu
    Relu LeakyRelu Elu Selu Celu Sigmoid HardSigmoid HardSwish Softplus Softsign ThresholdedRelu Gelu Mish Swish Shrink
    Softmax LogSoftmax Hardmax
    ReduceSum ReduceMean ReduceMax ReduceMin ReduceProd ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceSumSquare
    ArgMax ArgMin CumSum MatMul Gemm Conv ConvTranspose
    MaxPool AveragePool LpPool GlobalAveragePool GlobalMaxPool GlobalLpPool
    BatchNormalization LayerNormalization InstanceNormalization LRN MeanVarianceNormalization GroupNormalization
    Reshape Flatten Squeeze Unsqueeze Transpose Concat Split Slice Expand Tile Pad
    Shape Size Constant ConstantOfShape Range Gather GatherElements GatherND Scatter ScatterElements ScatterND
    TopK NonZero Compress Unique OneHot Trilu ReverseSequence EyeLike DepthToSpace SpaceToDepth Resize
    If Loop Scan LSTM GRU RNN
    BitCast QuantizeLinear DequantizeLinear
""".split())
ML_DOMAIN = set("""
    LinearClassifier Scaler Normalizer TreeEnsembleClassifier TreeEnsembleRegressor TreeEnsemble Imputer Binarizer
""".split())
ELEMENT_TYPES = {
    getattr(TensorProto, name)
    for name in """
        FLOAT DOUBLE FLOAT16 INT8 INT16 INT32 INT64 UINT8 UINT16 UINT32 UINT64 BOOL
        FLOAT8E4M3FN FLOAT8E4M3FNUZ FLOAT8E5M2 FLOAT8E5M2FNUZ FLOAT8E8M0 FLOAT4E2M1 INT4 UINT4 INT2 UINT2
    """.split()
}
# Function bodies written out as graphs: one of each kind is enough to test their operators together.
EXPANDED_KEPT = set("""
    test_celu_expanded test_gelu_default_1_expanded test_group_normalization_example_expanded
    test_layer_normalization_2d_axis0_expanded test_mvn_expanded_ver18 test_softmax_axis_1_expanded_ver18
    test_clip_expanded test_hardswish_expanded
""".split())
# Same operator, attributes and types as a case that is kept, with other random numbers; what CastLike leaves to Cast.
LEFT_OUT = re.compile(r"^test_reduce_.*_random|^test_logsoftmax_axis_[02]$|training|^test_castlike_.*(FLOAT[48]E|INT[24])")
MAXIMUM_CASE_BYTES = 200_000


def graphs_of(graph):
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.type == AttributeProto.GRAPH:
                yield from graphs_of(attribute.g)
            for inner in attribute.graphs:
                yield from graphs_of(inner)


def element_types(graph):
    """Every element type that a graph names; None for what is no tensor."""
    for value in [*graph.input, *graph.output, *graph.value_info]:
        if value.HasField("type"):
            yield value.type.tensor_type.elem_type if value.type.HasField("tensor_type") else None
    for tensor in graph.initializer:
        yield tensor.data_type
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.type == AttributeProto.TENSOR:
                yield attribute.t.data_type
            if attribute.name == "to" and node.op_type == "Cast":
                yield attribute.i
            if attribute.type in (AttributeProto.SPARSE_TENSOR, AttributeProto.TYPE_PROTO) or attribute.name.startswith("value_string"):
                yield None


def supported(model):
    for graph in graphs_of(model.graph):
        for node in graph.node:
            known = ML_DOMAIN if node.domain == "ai.onnx.ml" else DEFAULT_DOMAIN if node.domain in ("", "ai.onnx") else set()
            if node.op_type not in known:
                return False
            if any(a.name == "training_mode" and a.i for a in node.attribute):
                return False
        if not all(kind in ELEMENT_TYPES for kind in element_types(graph)):
            return False
    return not model.functions


def bytes_below(folder):
    return sum(f.stat().st_size for f in folder.rglob("*") if f.is_file())


def copy_operators(source, out):
    empty(out)
    count = total = 0
    for case in sorted(source.iterdir()):
        name = case.name
        if "_expanded" in name and name not in EXPANDED_KEPT or LEFT_OUT.search(name):
            continue
        if not (case / "model.onnx").exists() or not supported(onnx.load(str(case / "model.onnx"))):
            continue
        if bytes_below(case) > MAXIMUM_CASE_BYTES:
            print("too large:", name, bytes_below(case))
            continue
        shutil.copytree(case, out / name)
        count += 1
        total += bytes_below(case)
    print(f"{count} cases, {total / 1e6:.1f} MB")


# ------------------------------------------------------------------ tensorflow
def list_versions(_, out):
    """The operator sets in which each operator of the standard changed, and `x` where it ended."""
    from onnx import defs

    schemas = {}
    for schema in defs.get_all_schemas_with_history():
        if schema.domain in ("", "ai.onnx.ml"):
            schemas.setdefault((schema.domain or "ai.onnx", schema.name), []).append(schema)
    lines = []
    for (domain, name), found in sorted(schemas.items()):
        found.sort(key=lambda schema: schema.since_version)
        versions = [f"{schema.since_version}{'x' if schema.deprecated else ''}" for schema in found]
        lines.append(" ".join([domain, name, *versions]))
    (out / "versions.txt").write_text("\n".join(lines) + "\n")


def write_tensor(path, array):
    if array.dtype == object or array.dtype.kind in "SU":
        strings = [x if isinstance(x, bytes) else str(x).encode() for x in array.ravel()]
        tensor = TensorProto(dims=array.shape, data_type=TensorProto.STRING, string_data=strings)
    else:
        tensor = onnx.numpy_helper.from_array(np.ascontiguousarray(array).reshape(array.shape))
    path.write_bytes(tensor.SerializeToString())


def golden_array(arrays, name):
    """Strings lose zeros at their end in NumPy; their lengths stand beside them."""
    array = arrays[name]
    if f"strlen_{name}" not in arrays:
        return array
    lengths = arrays[f"strlen_{name}"]
    strings = np.empty(array.shape, object)
    for place in np.ndindex(*array.shape):
        strings[place] = array[place].ljust(int(lengths[place]), b"\0")
    return strings


def smallest_cover(metas):
    """Few and small cases that together hold every operator that some case holds."""
    left = set().union(*(set(meta["op_types"]) for meta, _ in metas.values()))
    chosen = []
    while left:
        name = max(metas, key=lambda n: len(set(metas[n][0]["op_types"]) & left) / (metas[n][1] + 4000))
        chosen.append(name)
        left -= set(metas[name][0]["op_types"])
    return sorted(chosen)


def copy_tensorflow(source, out):
    """Goldens become golden_0/in_0.pb, golden_0/out_0.pb, …; case.json says which signature they are of."""
    empty(out)
    metas = {}
    for meta_file in sorted(source.glob("*/meta.json")):
        metas[meta_file.parent.name] = json.loads(meta_file.read_text()), bytes_below(meta_file.parent)
    for name in smallest_cover(metas):
        meta = metas[name][0]
        shutil.copytree(source / name / meta["model"], out / name / "1")
        goldens = []
        for index, golden in enumerate(meta["golden"]):
            folder = out / name / f"golden_{index}"
            folder.mkdir()
            arrays = np.load(source / name / golden, allow_pickle=False)
            signature = meta["signatures"][meta["golden_signatures"][index]]
            for role, infos in (("in", signature["inputs"]), ("out", signature["outputs"])):
                for place in range(len(infos)):
                    write_tensor(folder / f"{role}_{place}.pb", golden_array(arrays, f"{role}_{place}"))
            goldens.append({"signature": meta["golden_signatures"][index], "inputs": [i["name"] for i in signature["inputs"]],
                            "outputs": [o["name"] for o in signature["outputs"]]})
        case = {"tolerance": meta["tolerance"], "goldens": goldens}
        (out / name / "case.json").write_text(json.dumps(case, indent=1) + "\n")
    print(f"{len(list(out.glob('*/case.json')))} of {len(metas)} cases, {bytes_below(out) / 1e6:.1f} MB")


# ------------------------------------------------------------------ models
MODELS_LEFT_OUT = {"sk_pipeline_strings", "ort_logreg_iris", "pt_digits_cnn_int8_qdq"}


def copy_models(source, out):
    empty(out)
    for meta_file in sorted(source.glob("*/meta.json")):
        meta = json.loads(meta_file.read_text())
        if meta["format"] != "onnx" or meta["name"] in MODELS_LEFT_OUT:
            continue
        entry = out / meta["name"]
        (entry / "1").mkdir(parents=True)
        shutil.copyfile(meta_file.parent / meta["model"], entry / "1" / "model.onnx")
        for index, golden in enumerate(meta["golden"]):
            folder = entry / f"golden_{index}"
            folder.mkdir()
            arrays = np.load(meta_file.parent / golden, allow_pickle=False)
            for name in arrays.files:
                np.save(folder / f"{name}.npy", arrays[name])
        meta["golden"] = [f"golden_{index}" for index in range(len(meta["golden"]))]
        (entry / "meta.json").write_text(json.dumps(meta, indent=1, ensure_ascii=False) + "\n")
        print(meta["name"], bytes_below(entry))


def empty(out):
    """Removes what an earlier run made; what was written by hand stays."""
    out.mkdir(parents=True, exist_ok=True)
    for child in out.iterdir():
        if child.is_dir() and child.name != "LICENSES":
            shutil.rmtree(child)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["operators", "tensorflow", "models", "versions"])
    parser.add_argument("source", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    makers = {"operators": copy_operators, "tensorflow": copy_tensorflow, "models": copy_models, "versions": list_versions}
    makers[arguments.what](arguments.source, arguments.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
