#!/usr/bin/env python3
"""Random graphs of ONNX operators, against ONNX Runtime, with and without apus's passes.

    python3 Tests/Comparison/onnxruntime_random_graphs.py [--apus .build/release/apus] [--count 200] [--seed 0] [--isa LEVEL]

Needs `pip install onnx onnxruntime numpy`. Each graph follows from its seed. Values stay of moderate size and nothing steps, so that
small differences stay small. ONNX Runtime runs without its own optimizer. `--keep FOLDER` keeps the graphs that differ.
"""
import argparse
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

import comparison

LIMIT = 3000


class Value:
    def __init__(self, name, array):
        self.name = name
        self.array = array

    shape = property(lambda self: list(self.array.shape))


class Graph:
    """Grows node by node; each node is computed by ONNX Runtime as it is added, so that shapes and sizes are known."""

    def __init__(self, seed):
        self.random = np.random.default_rng(seed)
        self.opset = int(self.random.choice([13, 14, 15, 16, 17, 18, 19, 20, 21, 22]))
        self.nodes, self.constants, self.count = [], [], 0
        shapes = [(2, 4, 6, 6), (2, 5, 8), (3, 8), (1, 3, 9, 7), (4, 6, 10), (2, 2, 3, 4, 5)]
        self.inputs = [Value(f"x{i}", self.floats(*self.pick(shapes), low=-2, high=2)) for i in range(1 + self.random.integers(2))]
        self.values = list(self.inputs)
        self.symbolic = self.random.integers(3)

    def pick(self, items):
        return items[self.random.integers(len(items))]

    def chance(self, share):
        return self.random.random() < share

    def floats(self, *shape, low=-1.0, high=1.0):
        return self.random.uniform(low, high, shape).astype(np.float32)

    def name(self, prefix="v"):
        self.count += 1
        return f"{prefix}{self.count}"

    def constant(self, array):
        name = self.name("c")
        self.constants.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def integers(self, *numbers):
        return self.constant(np.array(numbers, np.int64))

    def node(self, op, inputs, outputs=1, **attributes):
        names = [self.name() for _ in range(outputs)]
        self.nodes.append(helper.make_node(op, inputs, names, name=f"{op}_{names[0]}", **attributes))
        return names if outputs > 1 else names[0]

    def value(self, suitable=lambda v: True):
        found = [v for v in self.values if v.array.size and suitable(v)]
        if not found:
            return None
        return self.pick(found[-4:]) if self.chance(0.7) else self.pick(found)

    # Steps: each adds nodes and returns the names of what may be read.

    def unary(self, x):
        op = self.pick(["Relu", "Sigmoid", "Tanh", "Abs", "Neg", "Erf", "Softplus", "Softsign", "Identity", "LeakyRelu", "Elu", "Selu",
                        "Celu", "HardSigmoid", "HardSwish", "Sin", "Cos", "Atan", "Asinh", "Exp", "Clip", "Mish", "Gelu", "Shrink"])
        if op == "Exp":
            return [self.node("Exp", [self.node("Tanh", [x.name])])]
        if op == "Clip":
            return [self.node("Clip", [x.name, self.constant(np.float32(-0.5)), self.constant(np.float32(1.5))])]
        if op == "Shrink":
            return [self.node("Shrink", [x.name], lambd=0.0, bias=0.0)]
        if op in ("HardSwish",) and self.opset < 14 or op == "Mish" and self.opset < 18 or op == "Gelu" and self.opset < 20:
            op = "Softplus"
        return [self.node(op, [x.name])]

    def binary(self, x):
        op = self.pick(["Add", "Sub", "Mul", "Max", "Min", "Div", "Pow", "Where", "PRelu", "Mean", "Sum"])
        shape = [1 if self.chance(0.5) else extent for extent in x.shape]
        if op == "Div":
            return [self.node(op, [x.name, self.constant(self.floats(*shape, low=0.5, high=2))])]
        if op == "Pow":
            return [self.node(op, [x.name, self.constant(np.float32(2))])]
        if op == "PRelu":
            return [self.node(op, [x.name, self.constant(self.floats(*shape, low=0.1, high=0.5))])]
        other = self.value(lambda v: fits(v.shape, x.shape))
        operand = self.constant(self.floats(*shape)) if other is None or self.chance(0.3) else other.name
        if op == "Where":
            return [self.node(op, [self.constant(self.random.random(shape) < 0.5), x.name, operand])]
        return [self.node(op, [x.name, operand] if self.chance(0.5) else [operand, x.name])]

    def reduction(self, x):
        if not x.shape:
            return []
        axis, keeps = int(self.random.integers(len(x.shape))), int(self.random.integers(2))
        op = self.pick(["ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceL1", "ReduceL2", "ReduceLogSumExp", "ReduceSumSquare",
                        "CumSum", "Softmax", "LogSoftmax"])
        if op == "CumSum":
            return [self.node(op, [x.name, self.constant(np.int64(axis))], exclusive=int(self.chance(0.5)), reverse=int(self.chance(0.5)))]
        if op in ("Softmax", "LogSoftmax"):
            return [self.node(op, [x.name], axis=axis - len(x.shape))]
        if op == "ReduceSum" or self.opset >= 18:
            return [self.node(op, [x.name, self.integers(axis - len(x.shape))], keepdims=keeps)]
        return [self.node(op, [x.name], axes=[axis], keepdims=keeps)]

    def movement(self, x):
        if not x.shape:
            return []
        rank, axis = len(x.shape), int(self.random.integers(len(x.shape)))
        extent, kind = x.shape[axis], self.random.integers(13)
        if kind == 0:
            return [self.node("Transpose", [x.name], perm=[int(i) for i in self.random.permutation(rank)])]
        if kind == 1:
            return [self.node("Flatten", [x.name], axis=axis)]
        if kind == 2 and rank < 5:
            return [self.node("Unsqueeze", [x.name, self.integers(axis)])]
        if kind == 3:
            other = self.value(lambda v: v.shape == x.shape)
            return [self.node("Concat", [x.name, other.name], axis=axis - rank)]
        if kind == 4 and extent > 1:
            cut = 1 + int(self.random.integers(extent - 1))
            return self.node("Split", [x.name, self.integers(cut, extent - cut)], 2, axis=axis)
        if kind == 5 and extent > 2:
            return [self.node("Slice", [x.name] + [self.integers(n) for n in (1, extent, axis, 2)])]
        if kind == 6:
            return [self.node("Slice", [x.name] + [self.integers(n) for n in (-1, -1 - extent - 5, axis, -1)])]
        if kind == 7:
            return [self.node("Gather", [x.name, self.integers(*[int(i) for i in self.random.integers(-extent, extent, 3)])], axis=axis)]
        if kind == 8 and x.array.size < LIMIT / 2:
            return [self.node("Tile", [x.name, self.integers(*[2 if i == axis else 1 for i in range(rank)])])]
        if kind == 9:
            pads = [0] * (2 * rank)
            pads[axis], pads[rank + axis] = 1, 2
            return [self.node("Pad", [x.name, self.integers(*pads)], mode=self.pick(["constant", "edge"] + ["reflect"] * (extent > 2)))]
        if kind == 10 and 1 in x.shape:
            return [self.node("Squeeze", [x.name, self.integers(x.shape.index(1))])]
        if kind == 11 and rank == 4 and x.shape[1] % 4 == 0:
            return [self.node("DepthToSpace", [x.name], blocksize=2, mode=self.pick(["DCR", "CRD"]))]
        if kind == 12 and x.array.size < LIMIT / 2:
            return [self.node("Expand", [x.name, self.integers(2, *x.shape)])] if rank < 5 else []
        return [self.node("Reshape", [x.name, self.integers(0, -1)])] if rank > 1 else []

    def shapes(self, x):
        if len(x.shape) < 2:
            return []
        shape = self.node("Shape", [x.name])
        first = self.node("Gather", [shape, self.integers(0)])
        flat = self.node("Reshape", [x.name, self.node("Concat", [first, self.integers(-1)], axis=0)])
        if self.chance(0.5):
            return [flat, self.node("Reshape", [flat, shape])]
        filled = self.node("ConstantOfShape", [shape], value=numpy_helper.from_array(np.array([0.5], np.float32)))
        return [flat, self.node("Add", [x.name, filled])]

    def product(self, x):
        if len(x.shape) < 2:
            return []
        width, columns = x.shape[-1], self.pick([1, 4, 7, 16])
        if len(x.shape) == 2 and self.chance(0.5):
            turns = int(self.chance(0.5))
            weights = self.floats(*((columns, width) if turns else (width, columns)), low=-0.5, high=0.5)
            return [self.node("Gemm", [x.name, self.constant(weights), self.constant(self.floats(columns))], transB=turns, alpha=0.5)]
        other = self.value(lambda v: len(v.shape) >= 2 and v.shape[-2] == width and fits(v.shape[:-2], x.shape[:-2]))
        if other is not None and self.chance(0.5):
            return [self.node("MatMul", [x.name, other.name])]
        product = self.node("MatMul", [x.name, self.constant(self.floats(width, columns, low=-0.5, high=0.5))])
        return [self.node("Add", [product, self.constant(self.floats(columns))])] if self.chance(0.5) else [product]

    def convolution(self, x):
        axes = len(x.shape) - 2
        if not 1 <= axes <= 3 or min(x.shape[2:]) < 3:
            return []
        channels, depthwise = x.shape[1], self.chance(0.3)
        kernel, filters = self.pick([1, 3]), channels if depthwise else self.pick([2, 5, 16])
        if self.chance(0.2):
            weights = self.constant(self.floats(channels, filters, *[kernel] * axes, low=-0.5, high=0.5))
            return [self.node("ConvTranspose", [x.name, weights], strides=[self.pick([1, 2])] * axes)]
        weights = self.floats(filters, 1 if depthwise else channels, *[kernel] * axes, low=-0.5, high=0.5)
        last = self.node("Conv", [x.name, self.constant(weights), self.constant(self.floats(filters))], group=channels if depthwise else 1,
                         strides=[self.pick([1, 2])] * axes, dilations=[self.pick([1, 1, 2]) if min(x.shape[2:]) >= 5 else 1] * axes,
                         pads=[int(self.random.integers(2)) for _ in range(2 * axes)])
        if self.chance(0.5):
            parameters = [self.floats(filters, low=0.5, high=1.5), self.floats(filters), self.floats(filters),
                          self.floats(filters, low=0.5, high=2)]
            last = self.node("BatchNormalization", [last] + [self.constant(p) for p in parameters])
        if self.chance(0.5):
            last = self.node(self.pick(["Relu", "Sigmoid", "Tanh"]), [last])
        return [last]

    def pool(self, x):
        axes = len(x.shape) - 2
        if not 1 <= axes <= 3 or min(x.shape[2:]) < 3:
            return []
        if self.chance(0.3):
            return [self.node(self.pick(["GlobalAveragePool", "GlobalMaxPool"]), [x.name])]
        pads = [int(self.random.integers(2)) for _ in range(2 * axes)]
        more = {"ceil_mode": int(self.chance(0.3))}
        op = self.pick(["MaxPool", "AveragePool", "LpPool"])
        if op == "AveragePool":
            more["count_include_pad"] = int(self.chance(0.5))
        if op == "LpPool":
            more = {"p": 2}
        if more.get("ceil_mode") and op == "AveragePool" and self.opset < 19:
            more["ceil_mode"] = 0
        return [self.node(op, [x.name], kernel_shape=[3] * axes, strides=[2] * axes, pads=pads, **more)]

    def normalization(self, x):
        if len(x.shape) < 3 or min(x.shape) < 1:
            return []
        channels, width, kind = x.shape[1], x.shape[-1], self.random.integers(4)
        vector = lambda count: self.constant(self.floats(count))
        if kind == 0 and self.opset >= 17:
            return [self.node("LayerNormalization", [x.name, vector(width), vector(width)], epsilon=0.01)]
        if kind == 1 and self.opset >= 21 and channels % 2 == 0:
            return [self.node("GroupNormalization", [x.name, vector(channels), vector(channels)], num_groups=2, epsilon=0.01)]
        if kind == 2:
            return [self.node("LRN", [x.name], size=3)] if len(x.shape) == 4 else []
        return [self.node("InstanceNormalization", [x.name, vector(channels), vector(channels)], epsilon=0.01)]

    def resize(self, x):
        if len(x.shape) != 4 or x.array.size > LIMIT / 4:
            return []
        # Where a scale gives no whole length, ONNX Runtime aligns the corners of what is left of it, the standard those of the whole.
        rule = self.pick(["half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel"])
        scales = self.constant(np.array([1, 1, 2, 2 if rule == "align_corners" else 1.5], np.float32))
        return [self.node("Resize", [x.name, "", scales], mode=self.pick(["nearest", "linear", "cubic"]),
                          coordinate_transformation_mode=rule, nearest_mode="floor")]

    def recurrent(self, x):
        if len(x.shape) != 3:
            return []
        op, hidden, directions = self.pick(["LSTM", "GRU", "RNN"]), 4, int(self.random.integers(1, 3))
        gates = {"LSTM": 4, "GRU": 3, "RNN": 1}[op]
        weights = [self.floats(directions, gates * hidden, width, low=-0.5, high=0.5) for width in (x.shape[2], hidden)]
        bias = self.floats(directions, 2 * gates * hidden)
        more = {"linear_before_reset": int(self.chance(0.5))} if op == "GRU" else {}
        return [self.node(op, [x.name] + [self.constant(a) for a in (*weights, bias)], hidden_size=hidden,
                          direction="bidirectional" if directions == 2 else self.pick(["forward", "reverse"]), **more)]

    def pattern(self, x):
        kind = self.random.integers(4)
        if kind == 0:
            return [self.node("Mul", [x.name, self.node("Sigmoid", [x.name])])]
        if kind == 1:
            raised = self.node("Add", [self.node("Erf", [self.node("Div", [x.name, self.constant(np.float32(2 ** 0.5))])]),
                                       self.constant(np.float32(1))])
            return [self.node("Mul", [self.node("Mul", [x.name, raised]), self.constant(np.float32(0.5))])]
        if kind == 2:
            return [self.node("Mul", [x.name, self.node("Tanh", [self.node("Softplus", [x.name])])])]
        condition = self.node("Greater", [self.node("Size", [x.name]), self.constant(np.int64(self.pick([0, 1 << 30])))])
        branches = [helper.make_graph([helper.make_node(op, [x.name], [f"{op}_out{self.count}"])], op, [],
                                      [helper.make_tensor_value_info(f"{op}_out{self.count}", TensorProto.FLOAT, None)])
                    for op in ("Tanh", "Neg")]
        return [self.node("If", [condition], then_branch=branches[0], else_branch=branches[1])]

    STEPS = [unary, unary, unary, binary, binary, reduction, movement, movement, movement, shapes, product, product, convolution, convolution,
             pool, normalization, resize, recurrent, pattern]

    def grow(self):
        for _ in range(int(self.random.integers(4, 18))):
            x = self.value()
            mark = len(self.nodes)
            names = self.pick(self.STEPS)(self, x)
            if not names:
                del self.nodes[mark:]
                continue
            arrays = self.run(names)
            if arrays is None or any(a.size > LIMIT for a in arrays):
                del self.nodes[mark:]
                continue
            for name, array in zip(names, arrays):
                if np.abs(array).max(initial=0) > 30:
                    name = self.node("Tanh", [name])
                    array = np.tanh(array)
                self.values.append(Value(name, array))
        return self

    def model(self, outputs):
        def declared(value):
            dims = [f"d{i}" if self.symbolic == 1 and i % 2 == 0 or self.symbolic == 2 else extent for i, extent in enumerate(value.shape)]
            return helper.make_tensor_value_info(value.name, TensorProto.FLOAT, [f"{value.name}_{d}" if isinstance(d, str) else d for d in dims])
        graph = helper.make_graph(self.nodes, "random", [declared(v) for v in self.inputs],
                                  [helper.make_tensor_value_info(n, TensorProto.FLOAT, None) for n in outputs], self.constants)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)], ir_version=9)

    def run(self, names):
        """What ONNX Runtime gives; None for a step that it does not take."""
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.intra_op_num_threads = 1
        try:
            session = onnxruntime.InferenceSession(self.model(names).SerializeToString(), options, providers=["CPUExecutionProvider"])
            return session.run(None, {v.name: v.array for v in self.inputs})
        except Exception:
            return None


def fits(a, b):
    rank = max(len(a), len(b))
    a, b = [1] * (rank - len(a)) + list(a), [1] * (rank - len(b)) + list(b)
    return all(x == y or 1 in (x, y) for x, y in zip(a, b)) and np.prod(np.maximum(a, b)) <= LIMIT


def check(seed, options):
    """(outcome, what to print, node names)"""
    graph = Graph(seed).grow()
    made = [v for v in graph.values if v not in graph.inputs]
    if not made:
        return "skipped", None, []
    outputs = [made[-1].name] + [v.name for v in made[:-1] if graph.chance(0.2)][:2]
    wanted = graph.run(outputs)
    if wanted is None:
        return "skipped", None, []
    model, fed = graph.model(outputs), {v.name: v.array for v in graph.inputs}
    used = [n.op_type for n in graph.nodes]
    for optimizer in ("on", "off"):
        try:
            found = comparison.run(options.apus, model, fed, len(outputs), optimizer=optimizer, isa=options.isa)
            faults = comparison.differences(found, wanted, tolerance=2e-3)
        except comparison.Refusal as refusal:
            if refusal.code == comparison.UNSUPPORTED:
                return "refused", f"refused seed {seed}: {str(refusal)[-300:]}", used
            faults = [f"exit {refusal.code}: {str(refusal)[-300:]}"]
        if faults:
            if options.keep:
                Path(options.keep).mkdir(exist_ok=True)
                onnx.save(model, f"{options.keep}/{seed}.onnx")
            return "wrong", f"WRONG seed {seed}, opset {graph.opset}, optimizer {optimizer}: {'; '.join(faults)} ({' '.join(used)})", used
    return "right", None, used


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--apus", default=".build/release/apus")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--isa")
    parser.add_argument("--keep")
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    onnxruntime.set_default_logger_severity(4)
    counts, kinds = {"right": 0, "wrong": 0, "refused": 0, "skipped": 0}, {}
    with ThreadPoolExecutor(options.jobs) as pool:
        for outcome, text, used in pool.map(lambda seed: check(seed, options), range(options.seed, options.seed + options.count)):
            counts[outcome] += 1
            for name in used:
                kinds[name] = kinds.get(name, 0) + 1
            if text:
                print(text, flush=True)
            if sum(counts.values()) % 500 == 0:
                print(f"so far {counts}", file=sys.stderr, flush=True)
    print(", ".join(f"{count} {what}" for what, count in counts.items()),
          f"of {sum(kinds.values())} nodes of {len(kinds)} operators (ONNX Runtime {onnxruntime.__version__})")
    return 1 if counts["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
