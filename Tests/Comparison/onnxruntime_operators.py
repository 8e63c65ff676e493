#!/usr/bin/env python3
"""Operators of ONNX Runtime's own domain (com.microsoft), one node a model, against ONNX Runtime itself.

    python3 Tests/Comparison/onnxruntime_operators.py [--apus .build/release/apus] [--only REGEX]

Needs `pip install onnx onnxruntime numpy`. Floats agree within 1e-4 of the largest element, integers within one step.
"""
import argparse
import re
import sys

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

import comparison

generator = np.random.default_rng(7)


def floats(*shape, low=-2.0, high=2.0):
    return generator.uniform(low, high, shape).astype(np.float32)


def bytes_(*shape, kind=np.uint8):
    info = np.iinfo(kind)
    return generator.integers(info.min, info.max + 1, shape).astype(kind)


def number(value, kind=np.float32):
    return np.array(value, kind)


def integers(*values):
    return np.array(values, np.int32)


CASES = []


def case(name, inputs, outputs=1, constant=(), **attributes):
    """`inputs` holds arrays, or None for an absent one; those numbered in `constant` are initializers."""
    CASES.append((name, inputs, outputs, set(constant), attributes))


def q(*shape, kind=np.uint8):
    """A quantized tensor with its scale and zero point."""
    return [bytes_(*shape, kind=kind), number(0.02), number(5 if kind == np.int8 else 120, kind)]


# Products and activations
for transposed in (0, 1):
    case("FusedMatMul", [floats(2, 3, 4), floats(2, 5, 4) if transposed else floats(2, 4, 5)], transB=transposed, alpha=0.5)
    case("FusedMatMul", [floats(2, 4, 3) if transposed else floats(2, 3, 4), floats(2, 4, 5)], transA=transposed)
case("FusedMatMul", [floats(3, 2, 4), floats(2, 4, 5)], transBatchA=1)
case("TransposeMatMul", [floats(3, 4), floats(5, 4)], transB=1)
case("FusedGemm", [floats(3, 4), floats(4, 5), floats(5)], activation="Relu", alpha=0.5, beta=2.0)
for activation in ("Relu", "Tanh", "Sigmoid"):
    case("FusedConv", [floats(1, 3, 6, 6), floats(4, 3, 3, 3), floats(4)], constant=(1, 2), activation=activation, kernel_shape=[3, 3])
case("FusedConv", [floats(1, 3, 6, 6), floats(4, 3, 3, 3), floats(4)], activation="LeakyRelu", activation_params=[0.2], pads=[1, 1, 1, 1])
case("FusedConv", [floats(1, 3, 6, 6), floats(4, 3, 3, 3), floats(4), floats(1, 4, 4, 4)], activation="Relu")
case("Gelu", [floats(3, 4)])
case("FastGelu", [floats(3, 4)])
case("FastGelu", [floats(3, 4), floats(4)])
case("BiasGelu", [floats(3, 4), floats(4)])
case("QuickGelu", [floats(3, 4)])
case("QuickGelu", [floats(3, 4)], alpha=1.5)
for bits in (4, 8):
    n, k, block = 6, 64, 32
    rows = k // block * block * bits // 8
    packed = bytes_(n, k // block, block * bits // 8)
    zeros = bytes_(n, (k // block * bits + 7) // 8)
    case("MatMulNBits", [floats(3, k), packed, floats(n, k // block, low=0.01, high=0.1)], constant=(1, 2), K=k, N=n, bits=bits, block_size=block)
    case("MatMulNBits", [floats(3, k), packed, floats(n, k // block, low=0.01, high=0.1), zeros], constant=(1, 2, 3), K=k, N=n, bits=bits,
         block_size=block)
# Normalisations
case("SkipLayerNormalization", [floats(2, 3, 8), floats(2, 3, 8), floats(8), floats(8), floats(8)], outputs=1, epsilon=1e-5)
case("SkipSimplifiedLayerNormalization", [floats(2, 3, 8), floats(2, 3, 8), floats(8)], epsilon=1e-5)
case("EmbedLayerNormalization",
     [generator.integers(0, 9, (2, 4)).astype(np.int32), generator.integers(0, 2, (2, 4)).astype(np.int32), floats(9, 8), floats(6, 8), floats(2, 8),
      floats(8), floats(8), np.array([[1, 1, 1, 0], [1, 1, 0, 0]], np.int32)], outputs=2)
# Attention
for unidirectional in (0, 1):
    case("Attention", [floats(2, 4, 8), floats(8, 24), floats(24)], num_heads=2, unidirectional=unidirectional)
case("Attention", [floats(2, 4, 8), floats(8, 24), floats(24), integers(3, 2)], num_heads=2)
case("Attention", [floats(2, 4, 8), floats(8, 24), floats(24), np.array([[1, 1, 1, 0], [1, 1, 0, 0]], np.int32)], num_heads=2)
case("Attention", [floats(2, 4, 8), floats(8, 24), floats(24), generator.integers(0, 2, (2, 4, 4)).astype(np.int32) | np.eye(4, dtype=np.int32)],
     num_heads=2)
case("Attention", [floats(2, 4, 8), floats(8, 24), floats(24), None, floats(2, 2, 2, 3, 4)], outputs=2, num_heads=2)
case("Attention", [floats(2, 4, 8), floats(8, 24), floats(24), None, None, floats(2, 2, 4, 4)], num_heads=2)
case("MultiHeadAttention", [floats(2, 3, 8), floats(2, 5, 8), floats(2, 5, 8)], num_heads=2)
case("MultiHeadAttention", [floats(2, 3, 8), floats(2, 5, 8), floats(2, 5, 12), floats(28)], num_heads=2)
case("MultiHeadAttention", [floats(2, 3, 8), floats(2, 5, 8), floats(2, 5, 8), None, np.array([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]], np.int32)], num_heads=2)
case("MultiHeadAttention", [floats(2, 3, 8), floats(2, 5, 8), floats(2, 5, 8), None, None, floats(1, 2, 3, 5)], num_heads=2)
case("MultiHeadAttention", [floats(2, 3, 8), floats(2, 3, 8), floats(2, 3, 8), None, None, None, floats(2, 2, 2, 4), floats(2, 2, 2, 4)], outputs=3,
     num_heads=2)
case("MultiHeadAttention", [floats(2, 3, 8), floats(2, 2, 5, 4), floats(2, 2, 5, 4)], num_heads=2)
case("MultiHeadAttention", [floats(2, 3, 8), floats(2, 3, 8), floats(2, 3, 8)], num_heads=2, unidirectional=1, scale=0.3)
angles = np.outer(np.arange(16), 1 / 10000 ** (np.arange(0, 16, 2) / 16)).astype(np.float32)
for past in (0, 3):
    length = 1 if past else 4
    cache = [floats(2, 2, 8, 16), floats(2, 2, 8, 16)] if past else [None, None]
    base = [floats(2, length, 64), floats(2, length, 32), floats(2, length, 32)] + cache
    lengths = [integers(past + length - 1, past + length - 2 if past else length - 1), number(8 if past else length, np.int32)]
    case("GroupQueryAttention", base + lengths, outputs=3, num_heads=4, kv_num_heads=2)
    case("GroupQueryAttention", base + lengths + [np.cos(angles), np.sin(angles)], outputs=3, num_heads=4, kv_num_heads=2, do_rotary=1)
    case("GroupQueryAttention", base + lengths, outputs=3, num_heads=4, kv_num_heads=2, softcap=1.5, local_window_size=2)
packed = floats(2, 4, 128)
case("GroupQueryAttention", [packed, None, None, None, None, integers(3, 3), number(4, np.int32)], outputs=3, num_heads=4, kv_num_heads=2)
for interleaved in (0, 1):
    case("GroupQueryAttention", [packed, None, None, None, None, integers(3, 3), number(4, np.int32), np.cos(angles), np.sin(angles)],
         outputs=3, num_heads=4, kv_num_heads=2, do_rotary=1, rotary_interleaved=interleaved, scale=0.2)
    case("GroupQueryAttention", [floats(2, 1, 64), floats(2, 1, 32), floats(2, 1, 32), floats(2, 2, 8, 16), floats(2, 2, 8, 16),
                                 integers(6, 4), number(8, np.int32), np.cos(angles), np.sin(angles)],
         outputs=3, num_heads=4, kv_num_heads=2, do_rotary=1, rotary_interleaved=interleaved, local_window_size=3)
case("GroupQueryAttention", [floats(2, 4, 64), floats(2, 4, 32), floats(2, 4, 32), None, None, integers(3, 3), number(4, np.int32), None, None,
                             None, floats(2, 4, 4, 4)], outputs=3, num_heads=4, kv_num_heads=2)
case("GroupQueryAttention", [floats(2, 4, 64), floats(2, 4, 32), floats(2, 4, 32), None, None, integers(3, 3), number(4, np.int32)], outputs=3,
     num_heads=4, kv_num_heads=2, smooth_softmax=1)
case("MultiHeadAttention", [floats(2, 3, 2, 3, 4)], num_heads=2)
case("MultiHeadAttention", [floats(2, 3, 8), floats(2, 5, 2, 2, 4)], num_heads=2)
case("MultiHeadAttention", [floats(2, 1, 8), floats(2, 1, 8), floats(2, 1, 8), floats(24), None, floats(1, 2, 1, 4), floats(2, 2, 3, 4),
                            floats(2, 2, 3, 4)], outputs=3, num_heads=2)
for bidirectional in (0, 1):
    case("RelativePositionBias", [floats(8, 2), number(5, np.int64), number(5, np.int64)], constant=(1, 2), max_distance=16,
         is_bidirectional=bidirectional)
for interleaved in (0, 1):
    case("RotaryEmbedding", [floats(2, 3, 32), np.array([[0, 1, 2], [2, 3, 4]], np.int64), np.cos(angles), np.sin(angles)], interleaved=interleaved)
case("RotaryEmbedding", [floats(2, 2, 3, 16), np.array([4], np.int64), np.cos(angles), np.sin(angles)])
# Others
for metric in ("euclidean", "sqeuclidean"):
    case("CDist", [floats(3, 5), floats(4, 5)], metric=metric)
    case("CDist", [floats(3, 5).astype(np.float64), floats(4, 5).astype(np.float64)], metric=metric)
case("GatherND", [floats(3, 4), np.array([[0, 1], [2, 3]], np.int64)])
case("Pad", [floats(3, 4), np.array([0, 1, 2, 0], np.int64), number(1.5)], constant=(1,))
case("Unique", [np.array([2, 1, 1, 3, 2], np.float32)], outputs=3)
case("LayerNormalization", [floats(3, 8), floats(8), floats(8)])
words = np.array([["a b,c", "", "ünï x"], ["b", "a,,b", "none"]], object)
case("Tokenizer", [words], mark=1, separators=[",", " "], pad_value="#", mincharnum=1)
case("Tokenizer", [words[0]], mark=0, separators=[",", " "], pad_value="#", mincharnum=2)
case("Tokenizer", [words], mark=0, separators=[""], pad_value="#", mincharnum=1)
case("Tokenizer", [words], mark=1, tokenexp="[a-b]+", pad_value="#", mincharnum=1)
case("Inverse", [floats(2, 3, 3) + 3 * np.eye(3, dtype=np.float32)])
case("Trilu", [floats(3, 4), number(1, np.int64)], upper=1)
case("NGramRepeatBlock", [np.array([[1, 2, 3, 1, 2], [4, 4, 4, 4, 4]], np.int64), floats(2, 6)], ngram_size=3)
case("NhwcMaxPool", [bytes_(1, 5, 5, 3)], kernel_shape=[2, 2], strides=[2, 2])
# Quantized numbers
for kind in (np.uint8, np.int8):
    a, b, c = q(2, 3, 4, kind=kind), q(2, 3, 4, kind=kind), [number(0.03), number(3, kind)]
    for name in ("QLinearAdd", "QLinearMul"):
        case(name, a + b + c, constant=(1, 2, 4, 5, 6, 7))
    case("QLinearAdd", a + q(4, kind=kind) + c, constant=(1, 2, 4, 5, 6, 7))
    case("QLinearSigmoid", a + [number(1 / 256), number(0, kind)], constant=(1, 2, 3, 4))
    case("QLinearLeakyRelu", a + c, constant=(1, 2, 3, 4), alpha=0.2)
    case("QLinearConcat", c + a + b, constant=(0, 1, 3, 4, 6, 7), axis=1)
    images = q(1, 3, 6, 6, kind=kind)
    case("QLinearAveragePool", images + c, constant=(1, 2, 3, 4), kernel_shape=[2, 2], strides=[2, 2])
    case("QLinearAveragePool", images + c, constant=(1, 2, 3, 4), kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    case("QLinearGlobalAveragePool", images + c, constant=(1, 2, 3, 4))
    case("QLinearSoftmax", q(3, 8, kind=kind) + [number(1 / 256), number(0, kind)], constant=(1, 2, 3, 4), axis=1, opset=13)
    w = [bytes_(4, 5, kind=np.int8), floats(5, low=0.01, high=0.02), np.zeros(5, np.int8)]
    case("QGemm", q(3, 4, kind=kind) + w + [generator.integers(-500, 500, 5).astype(np.int32)] + c, constant=(1, 2, 3, 4, 5, 6, 7, 8), alpha=1.0)
    case("MatMulIntegerToFloat", [bytes_(3, 4, kind=kind), bytes_(4, 5, kind=np.int8), number(0.02), number(0.03), number(7, kind), number(0, np.int8),
                                  floats(5)], constant=(1, 2, 3, 4, 5, 6))
    case("QuantizeLinear", [floats(3, 4), number(0.02), number(7, kind)], constant=(1, 2))
    case("DequantizeLinear", [bytes_(3, 4, kind=kind), number(0.02), number(7, kind)], constant=(1, 2))
    # Attention and embeddings of 8-bit integers
    x, w = bytes_(2, 3, 8, kind=kind), bytes_(8, 24, kind=np.int8)
    for scale in (number(0.01), floats(24, low=0.01, high=0.02)):
        case("QAttention", [x, w, floats(24), number(0.02), scale, None, number(7, kind), np.zeros(scale.shape, np.int8)], num_heads=2,
             constant=(1, 2, 3, 4, 6, 7))
    case("QAttention", [x, w, floats(24), number(0.02), number(0.01), integers(3, 2), number(7, kind), number(0, np.int8)], num_heads=2,
         unidirectional=1, constant=(1, 2, 3, 4, 6, 7))
    tables = [bytes_(9, 8, kind=kind), bytes_(6, 8, kind=kind), bytes_(2, 8, kind=kind), bytes_(8, kind=kind), bytes_(8, kind=kind)]
    case("QEmbedLayerNormalization",
         [generator.integers(0, 9, (2, 4)).astype(np.int32), generator.integers(0, 2, (2, 4)).astype(np.int32), *tables,
          np.array([[1, 1, 1, 0], [1, 1, 0, 0]], np.int32), *[number(0.01 * (i + 1)) for i in range(5)],
          *[number(i, kind) for i in range(5)]], outputs=2, constant=(2, 3, 4, 5, 6, *range(8, 18)))
    case("QLinearWhere", [generator.random((2, 3, 4)) < 0.5] + a + q(4, kind=kind) + c, constant=(2, 3, 5, 6, 7, 8))
    filters = [bytes_(4, 3, 3, 3, kind=np.int8), floats(4, low=0.01, high=0.02), np.zeros(4, np.int8)]
    case("QLinearConv", [bytes_(1, 6, 6, 3, kind=kind), number(0.02), number(7, kind)] + filters + c, constant=(1, 2, 3, 4, 5, 6, 7),
         channels_last=1, pads=[1, 1, 1, 1])
case("DynamicQuantizeMatMul", [floats(3, 4), bytes_(4, 5, kind=np.int8), number(0.03), number(0, np.int8), floats(5)], constant=(1, 2, 3, 4))


def model(name, inputs, outputs, constant, attributes):
    names = ["" if array is None else f"x{index}" for index, array in enumerate(inputs)]
    node = helper.make_node(name, names, [f"y{index}" for index in range(outputs)], name="node", domain="com.microsoft", **attributes)
    declared, initializers = [], []
    for index, array in enumerate(inputs):
        if array is None:
            continue
        if index in constant:
            initializers.append(numpy_helper.from_array(array, names[index]))
        else:
            kind = TensorProto.STRING if comparison.is_text(array) else helper.np_dtype_to_tensor_dtype(array.dtype)
            declared.append(helper.make_tensor_value_info(names[index], kind, array.shape))
    return names, declared, initializers, node


def reference(name, inputs, outputs, constant, attributes):
    """The answer of ONNX Runtime, and the model with the types of that answer declared."""
    names, declared, initializers, node = model(name, inputs, outputs, constant, attributes)
    fed = {names[i]: a for i, a in enumerate(inputs) if a is not None and i not in constant}

    def make(kinds):
        graph = helper.make_graph(
            [node], "case", declared, [helper.make_tensor_value_info(f"y{i}", kind, None) for i, kind in enumerate(kinds)], initializers)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)], ir_version=9)

    faults = []
    for kind in (TensorProto.FLOAT, TensorProto.UINT8, TensorProto.INT8, TensorProto.STRING):
        other = {"EmbedLayerNormalization": TensorProto.INT32, "QEmbedLayerNormalization": TensorProto.INT32, "Unique": TensorProto.INT64}
        kinds = [kind] + [other.get(name, kind)] * (outputs - 1)
        proto = make(kinds)
        try:
            session = onnxruntime.InferenceSession(proto.SerializeToString(), providers=["CPUExecutionProvider"])
            return session.run(None, fed), proto, fed
        except Exception as error:  # The wrong type of output, or a form that ONNX Runtime does not take.
            faults.append(str(error).splitlines()[0][:150])
    raise RuntimeError(" | ".join(faults))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--apus", default=".build/release/apus")
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    onnxruntime.set_default_logger_severity(4)
    tally = comparison.Tally()
    for number_, (name, inputs, outputs, constant, attributes) in enumerate(CASES):
        if not re.search(options.only, name):
            continue
        shown = f"{name} #{number_} {[None if a is None else list(a.shape) for a in inputs]} {attributes}"
        try:
            wanted, proto, fed = reference(name, inputs, outputs, constant, attributes)
        except RuntimeError as error:
            tally.skip(shown, f"ONNX Runtime: {error}")
            continue
        # Indices and counts are exact, quantized numbers a step apart at most.
        steps = 1 if wanted[0].dtype in (np.uint8, np.int8) else 0
        tally.compare(shown, lambda: comparison.run(options.apus, proto, fed, outputs), wanted, steps=steps)
    return tally.finish(f"(ONNX Runtime {onnxruntime.__version__})")


if __name__ == "__main__":
    sys.exit(main())
