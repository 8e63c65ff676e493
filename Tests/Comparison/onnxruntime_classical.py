#!/usr/bin/env python3
"""Operators of ai.onnx.ml, one node a model with random attributes, against ONNX Runtime.

    python3 Tests/Comparison/onnxruntime_classical.py [--apus .build/release/apus] [--only REGEX] [--rounds N] [--seed N]

Needs `pip install onnx onnxruntime numpy`. Each round makes every case anew. Maps, which ZipMap gives and DictVectorizer and
CastMap take, are compared by `onnxruntime_exports.py`.
"""
import argparse
import re
import sys

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

import comparison

TRANSFORMS = ["NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT"]
MODES = ["BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ"]
TYPES = [np.float32, np.float64, np.int64, np.int32]
FEATURES = 4


class Maker:
    def __init__(self, seed):
        self.random = np.random.default_rng(seed)
        self.cases = []

    def case(self, name, inputs, outputs, version=3, **attributes):
        """`outputs` are element types."""
        self.cases.append((name, inputs, outputs, version, {k: v for k, v in attributes.items() if v is not None}))

    def floats(self, *shape, low=-2.0, high=2.0):
        return self.random.uniform(low, high, shape).astype(np.float32)

    def listed(self, *shape, low=-2.0, high=2.0):
        return [float(x) for x in self.floats(*shape, low=low, high=high).reshape(-1)]

    def chance(self, share):
        return self.random.random() < share

    def pick(self, items):
        return items[self.random.integers(len(items))]

    def table(self, kind=np.float32, rows=None, columns=FEATURES, holes=False):
        rows = self.pick([1, 2, 33]) if rows is None else rows
        if np.issubdtype(kind, np.integer):
            return self.random.integers(-3, 4, (rows, columns)).astype(kind)
        result = np.round(self.random.uniform(-3, 3, (rows, columns)) * 2).astype(kind) / kind(2)
        if holes:
            result[self.random.random(result.shape) < 0.2] = np.nan
        return result

    def labels(self, count):
        """Attributes without the name's ending for integers, and the type of the answer."""
        if self.chance(0.5):
            return {"classlabels_strings": [f"class {i}" for i in range(count)]}, TensorProto.STRING
        return {"integers": [int(x) for x in self.random.permutation(20)[:count] - 5]}, TensorProto.INT64

    # Trees

    def trees(self, count, targets, mixed, named, positive, tracks):
        """Attributes of nodes and leaves; `named` are the outputs that leaves speak of."""
        nodes = {key: [] for key in ("treeids", "nodeids", "featureids", "modes", "values", "truenodeids", "falsenodeids",
                                     "missing_value_tracks_true")}
        leaves = {key: [] for key in ("treeids", "nodeids", "ids", "weights")}

        def add(tree, depth):
            place = len([t for t in nodes["treeids"] if t == tree])
            is_leaf = depth == 0 or self.chance(0.2)
            row = {"treeids": tree, "nodeids": place, "featureids": 0 if is_leaf else int(self.random.integers(FEATURES)),
                   "modes": "LEAF" if is_leaf else self.pick(MODES) if mixed else "BRANCH_LEQ",
                   "values": 0.0 if is_leaf else float(self.random.integers(-4, 5)) / 2, "truenodeids": 0, "falsenodeids": 0,
                   "missing_value_tracks_true": int(tracks and not is_leaf and self.chance(0.5))}
            for key, value in row.items():
                nodes[key].append(value)
            index = len(nodes["treeids"]) - 1
            if is_leaf:
                for output in self.random.permutation(named):
                    leaves["treeids"].append(tree)
                    leaves["nodeids"].append(place)
                    leaves["ids"].append(int(output))
                    leaves["weights"].append(float(self.floats(low=0 if positive else -1, high=1)))
            else:
                nodes["truenodeids"][index] = add(tree, depth - 1)
                nodes["falsenodeids"][index] = add(tree, depth - 1)
            return place

        for tree in range(count):
            add(tree, 4)
        if not tracks:
            del nodes["missing_value_tracks_true"]
        return {f"nodes_{k}": v for k, v in nodes.items()}, leaves

    def tree_ensembles(self):
        for transform in TRANSFORMS:
            for classes in (2, 3):
                for kind in TYPES:
                    # Where leaves of two classes name both, or those of more do not name all, ONNX Runtime does not follow its labels.
                    named = self.pick([[0], [1]]) if classes == 2 else list(range(classes))
                    # One score of PROBIT leaves the other class's number unset.
                    named = [1] if classes == 2 and transform == "PROBIT" else named
                    nodes, leaves = self.trees(self.pick([1, 5]), classes, self.chance(0.4), named, self.chance(0.5), self.chance(0.5))
                    labels, label_type = self.labels(classes)
                    if "integers" in labels:
                        labels = {"classlabels_int64s": labels["integers"]}
                    base = self.pick([None, self.listed(classes) if classes > 2 else self.listed(1) if named == [0] else None])
                    self.case("TreeEnsembleClassifier", [self.table(kind, holes=True)], [label_type, TensorProto.FLOAT],
                              post_transform=transform, base_values=base, **nodes, **labels,
                              **{f"class_{k}": v for k, v in leaves.items()})
            for aggregate in ("SUM", "AVERAGE", "MIN", "MAX"):
                for kind in (np.float32, np.float64):
                    targets = self.pick([1, 3])
                    nodes, leaves = self.trees(
                        self.pick([1, 5]), targets, self.chance(0.4), list(range(targets)), self.chance(0.5), self.chance(0.5))
                    self.case("TreeEnsembleRegressor", [self.table(kind, holes=True)], [TensorProto.FLOAT], post_transform=transform,
                              aggregate_function=aggregate, n_targets=targets, base_values=self.pick([None, self.listed(targets)]),
                              **nodes, **{f"target_{k}": v for k, v in leaves.items()})
        for aggregate in range(4):
            for kind in (np.float32, np.float64):
                for transform in range(5):
                    self.new_ensemble(aggregate, kind, transform)

    def new_ensemble(self, aggregate, kind, transform):
        """TreeEnsemble of version 5; its leaves are no nodes."""
        # ONNX Runtime takes the standard's number of SOFTMAX for LOGISTIC's and the other way round; of one target it applies neither.
        targets, tracks = self.pick([1] if transform in (1, 2, 3) else [1, 3]), self.chance(0.5)
        nodes = {key: [] for key in ("featureids", "modes", "splits", "truenodeids", "trueleafs", "falsenodeids", "falseleafs",
                                     "missing_value_tracks_true")}
        leaves, roots, members = [], [], []

        def add(depth):
            """(number, whether it is a leaf)"""
            if depth == 0 or (depth < 3 and self.chance(0.2)):
                leaves.append((self.target, float(self.floats())))
                return len(leaves) - 1, 1
            index = len(nodes["modes"])
            mode = int(self.random.integers(7)) if self.chance(0.5) else 0
            for key, value in {"featureids": int(self.random.integers(FEATURES)), "modes": mode,
                               "splits": float(self.random.integers(-4, 5)) / 2,
                               "missing_value_tracks_true": int(tracks and self.chance(0.5))}.items():
                nodes[key].append(value)
            for key in ("truenodeids", "trueleafs", "falsenodeids", "falseleafs"):
                nodes[key].append(0)
            if mode == 6:
                # In sets of whole numbers ONNX Runtime finds what lies between them, too.
                members.append([float(x) + 0.5 for x in self.random.permutation(7)[:3] - 3])
            for side in ("true", "false"):
                nodes[f"{side}nodeids"][index], nodes[f"{side}leafs"][index] = add(depth - 1)
            return index, 0

        # Each output has trees of its own: what ONNX Runtime transforms where no leaf spoke of an output is not defined.
        for tree in range(targets * self.pick([1, 2])):
            self.target = tree % targets
            roots.append(add(3)[0])
        values = [x for group in members for x in group + [float("nan")]]
        tensor = lambda name, array: numpy_helper.from_array(np.array(array), name)
        self.case(
            "TreeEnsemble", [self.table(kind, holes=True)], [helper.np_dtype_to_tensor_dtype(np.dtype(kind))], version=5,
            aggregate_function=aggregate, post_transform=transform, n_targets=targets, tree_roots=roots,
            nodes_featureids=nodes["featureids"], nodes_truenodeids=nodes["truenodeids"], nodes_trueleafs=nodes["trueleafs"],
            nodes_falsenodeids=nodes["falsenodeids"], nodes_falseleafs=nodes["falseleafs"],
            nodes_missing_value_tracks_true=nodes["missing_value_tracks_true"] if tracks else None,
            nodes_modes=tensor("modes", np.array(nodes["modes"], np.uint8)), nodes_splits=tensor("splits", np.array(nodes["splits"], kind)),
            leaf_targetids=[t for t, _ in leaves], leaf_weights=tensor("weights", np.array([w for _, w in leaves], kind)),
            membership_values=tensor("members", np.array(values, kind)) if values else None)

    # Lines and vectors

    def lines(self):
        for transform in TRANSFORMS:
            for kind in TYPES:
                for rows in (1, 2, 3):
                    if rows == 1 and transform == "PROBIT":
                        continue
                    classes = max(rows, 2)
                    labels, label_type = self.labels(classes)
                    if "integers" in labels:
                        labels = {"classlabels_ints": labels["integers"]}
                    self.case("LinearClassifier", [self.table(kind)], [label_type, TensorProto.FLOAT], post_transform=transform,
                              coefficients=self.listed(rows * FEATURES), intercepts=self.listed(rows), multi_class=int(self.chance(0.5)),
                              **labels)
                    self.case("LinearRegressor", [self.table()], [TensorProto.FLOAT], post_transform=transform, targets=rows,
                              coefficients=self.listed(rows * FEATURES), intercepts=self.listed(rows) if self.chance(0.8) else None)

    def vectors(self):
        kernels = {"LINEAR": [1.0, 0.0, 1.0], "POLY": [0.4, 0.5, 3.0], "RBF": [0.3, 0.0, 0.0], "SIGMOID": [0.2, 0.1, 0.0]}
        for transform in TRANSFORMS:
            for kernel, parameters in kernels.items():
                kind, classes = self.pick(TYPES), self.pick([2, 3, 4])
                counts = [int(x) for x in self.random.integers(1, 4, classes)]
                total, pairs = sum(counts), classes * (classes - 1) // 2
                has_odds = self.chance(0.5) or classes == 2 and transform == "PROBIT"
                labels, label_type = self.labels(classes)
                if "integers" in labels:
                    labels = {"classlabels_ints": labels["integers"]}
                self.case("SVMClassifier", [self.table(kind)], [label_type, TensorProto.FLOAT], kernel_type=kernel,
                          kernel_params=parameters, post_transform=transform, vectors_per_class=counts,
                          support_vectors=self.listed(total * FEATURES),
                          coefficients=self.listed((classes - 1) * total, low=0 if self.chance(0.3) else -2), rho=self.listed(pairs),
                          prob_a=self.listed(pairs, high=-0.5) if has_odds else None,
                          prob_b=self.listed(pairs, low=-0.1, high=0.1) if has_odds else None, **labels)
                self.case("SVMRegressor", [self.table()], [TensorProto.FLOAT], kernel_type=kernel, kernel_params=parameters,
                          post_transform=transform, n_supports=5, support_vectors=self.listed(5 * FEATURES),
                          coefficients=self.listed(5), rho=self.listed(1), one_class=int(self.chance(0.4)))
            for classes in (2, 3):
                self.case("SVMClassifier", [self.table()], [TensorProto.INT64, TensorProto.FLOAT], kernel_type="LINEAR",
                          kernel_params=kernels["LINEAR"], post_transform=transform, coefficients=self.listed(classes * FEATURES),
                          rho=self.listed(classes), classlabels_ints=list(range(classes)))
            self.case("SVMRegressor", [self.table()], [TensorProto.FLOAT], post_transform=transform, kernel_type="LINEAR",
                      kernel_params=kernels["LINEAR"], coefficients=self.listed(FEATURES), rho=self.listed(1))

    # Features

    def features(self):
        for kind in TYPES:
            out = helper.np_dtype_to_tensor_dtype(np.dtype(kind))
            for norm in ("MAX", "L1", "L2"):
                self.case("Normalizer", [self.table(kind)], [TensorProto.FLOAT], norm=norm)
                self.case("Normalizer", [self.table(kind) * kind(0)], [TensorProto.FLOAT], norm=norm)
            for count in (1, FEATURES):
                self.case("Scaler", [self.table(kind)], [TensorProto.FLOAT], offset=self.listed(count), scale=self.listed(count))
            self.case("Binarizer", [self.table(kind, holes=True)], [out], threshold=0.5)
            whole = np.issubdtype(kind, np.integer)
            for count in (1, FEATURES):
                if whole:
                    self.case("Imputer", [self.table(kind)], [out], imputed_value_int64s=[int(x) for x in range(10, 10 + count)],
                              replaced_value_int64=1)
                else:
                    for replaced in (float("nan"), 0.5):
                        self.case("Imputer", [self.table(kind, holes=True)], [out], imputed_value_floats=self.listed(count),
                                  replaced_value_float=replaced)
            self.case("FeatureVectorizer", [self.table(kind, rows=3, columns=2), self.table(kind, rows=3, columns=3)],
                      [TensorProto.FLOAT], version=1, inputdimensions=[2, 3])
            self.case("FeatureVectorizer", [self.table(kind, rows=3, columns=2), self.table(kind, rows=3, columns=3)],
                      [TensorProto.FLOAT], version=1, inputdimensions=[1, 4])
            for shape in ((3,), (1, 2), (2, 1)):
                indices = self.random.integers(0, FEATURES, shape).astype(np.int64)
                self.case("ArrayFeatureExtractor", [self.table(kind), indices], [out], version=1)
                self.case("ArrayFeatureExtractor", [self.table(kind)[0], indices], [out], version=1)
            for shape in ((5,), (2, 3)):
                data = self.random.integers(0, 4, shape).astype(kind)
                self.case("OneHotEncoder", [data], [TensorProto.FLOAT], version=1, cats_int64s=[3, 1, 0, 2])
                self.case("OneHotEncoder", [data], [TensorProto.FLOAT], version=1, cats_int64s=[3, 1], zeros=1)
                self.case("OneHotEncoder", [data * kind(1.5)], [TensorProto.FLOAT], version=1, cats_int64s=[3, 1], zeros=0)
        words = np.array([["a", "", "ü"], ["b", "a", "none"]], object)
        self.case("OneHotEncoder", [words], [TensorProto.FLOAT], version=1, cats_strings=["ü", "a", "b"])
        self.case("ArrayFeatureExtractor", [words, np.array([2, 0], np.int64)], [TensorProto.STRING], version=1)
        self.labelling(words)

    def labelling(self, words):
        numbers = self.random.integers(0, 5, (2, 3)).astype(np.int64)
        self.case("LabelEncoder", [words], [TensorProto.INT64], version=1, classes_strings=["ü", "a"], default_int64=9)
        self.case("LabelEncoder", [numbers], [TensorProto.STRING], version=1, classes_strings=["ü", "a", "b"])
        self.case("CategoryMapper", [words], [TensorProto.INT64], version=1, cats_strings=["ü", "a"], cats_int64s=[7, -3])
        self.case("CategoryMapper", [numbers], [TensorProto.STRING], version=1, cats_strings=["ü", "a"], cats_int64s=[2, 0],
                  default_string="x")
        tables = {
            "int64s": (numbers, [2, 0], TensorProto.INT64), "strings": (words, ["ü", "a"], TensorProto.STRING),
            "floats": (numbers.astype(np.float32), [2.0, float("nan")], TensorProto.FLOAT)}
        tables["floats"][0][0, 0] = np.nan
        for version in (2, 4):
            for source, (data, keys, _) in tables.items():
                for target, (_, values, out) in tables.items():
                    self.case("LabelEncoder", [data], [out], version=version,
                              **{f"keys_{source}": keys, f"values_{target}" if source != target else f"values_{target}": values})
        for kind in (np.float64, np.int64, np.int16, np.float32):
            keys = np.array([2, 0, 3], kind)
            values = np.array([1, 5, 7], kind)
            self.case("LabelEncoder", [numbers.astype(kind)], [helper.np_dtype_to_tensor_dtype(np.dtype(kind))], version=4,
                      keys_tensor=numpy_helper.from_array(keys), values_tensor=numpy_helper.from_array(values),
                      default_tensor=numpy_helper.from_array(np.array([-2], kind)))

    def make(self):
        self.tree_ensembles()
        self.lines()
        self.vectors()
        self.features()
        return self.cases


def model(name, inputs, outputs, version, attributes):
    names = [f"x{index}" for index in range(len(inputs))]
    node = helper.make_node(name, names, [f"y{index}" for index in range(len(outputs))], name="node", domain="ai.onnx.ml", **attributes)
    kinds = [TensorProto.STRING if comparison.is_text(a) else helper.np_dtype_to_tensor_dtype(a.dtype) for a in inputs]
    graph = helper.make_graph(
        [node], "case", [helper.make_tensor_value_info(n, kind, a.shape) for n, kind, a in zip(names, kinds, inputs)],
        [helper.make_tensor_value_info(f"y{i}", kind, None) for i, kind in enumerate(outputs)])
    return helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", version)], ir_version=9)


def shown(attributes):
    kept = {}
    for key, value in attributes.items():
        text = str(value) if not hasattr(value, "dims") else str(numpy_helper.to_array(value).tolist())
        kept[key] = text if len(text) < 60 else text[:57] + "..."
    return ", ".join(f"{key}={value}" for key, value in kept.items())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--apus", default=".build/release/apus")
    parser.add_argument("--only", default="")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    onnxruntime.set_default_logger_severity(4)
    tally = comparison.Tally()
    for round_ in range(options.rounds):
        for number, (name, inputs, outputs, version, attributes) in enumerate(Maker(options.seed + round_).make()):
            if not re.search(options.only, name):
                continue
            kinds = ", ".join(f"{a.dtype}{list(a.shape)}" for a in inputs)
            title = f"{name} v{version} seed {options.seed + round_} #{number} ({kinds}) {shown(attributes)}"
            proto = model(name, inputs, outputs, version, attributes)
            fed = {f"x{index}": array for index, array in enumerate(inputs)}
            try:
                session = onnxruntime.InferenceSession(proto.SerializeToString(), providers=["CPUExecutionProvider"])
                wanted = session.run(None, fed)
            except Exception as error:  # A form that ONNX Runtime does not take.
                tally.skip(title, f"ONNX Runtime: {str(error).splitlines()[0][:150]}")
                continue
            # PROBIT is steep at its ends.
            tolerance = 1e-3 if attributes.get("post_transform") in ("PROBIT", 4) else 1e-4
            tally.compare(title, lambda: comparison.run(options.apus, proto, fed, len(outputs)), wanted, tolerance=tolerance)
    return tally.finish(f"(ONNX Runtime {onnxruntime.__version__})")


if __name__ == "__main__":
    sys.exit(main())
