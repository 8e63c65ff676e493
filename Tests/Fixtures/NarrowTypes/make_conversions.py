#!/usr/bin/env python3
"""Makes conversions.json: what conversions from and to element types of 8 bits and fewer give.

    make_conversions.py > conversions.json        needs numpy, ml_dtypes, and onnx==1.21.0 for its saturating cast

Of each type there are
    values        the float32 bits of every code
    float16       the code of every float16 there is, as runs: [first bits, code] in the order of the bits
    float32       the codes of numbers at, just above and just below the middle of every two neighbours: [bits, code]
    float64       the same with the steps of float64, within the range, in one of the ways
    integers      the codes of some integers: [integer, code]
under the name of how they were made: "saturating" and "plain" (`saturate` 1 and 0 of ONNX's Cast), for float8e8m0 with the
rounding mode before it. What ml_dtypes does is what ONNX's own tests expect; float8e8m0 is computed here from the tables of
operator Cast (opset 24), since `onnx.numpy_helper.to_float8e8m0` of onnx 1.21.0 keeps infinity from saturating and does not round
numbers up whose fraction lies in two of its bits alone. Codes of float64 are computed here, too: ml_dtypes rounds them twice.
"""
import json
import math
import sys
from fractions import Fraction

import ml_dtypes
import numpy as np
from onnx.numpy_helper import saturate_cast

FLOATS = {
    "float8e4m3fn": ml_dtypes.float8_e4m3fn, "float8e4m3fnuz": ml_dtypes.float8_e4m3fnuz, "float8e5m2": ml_dtypes.float8_e5m2,
    "float8e5m2fnuz": ml_dtypes.float8_e5m2fnuz, "float4e2m1": ml_dtypes.float4_e2m1fn,
}
INTEGERS = {"int4": ml_dtypes.int4, "uint4": ml_dtypes.uint4, "int2": ml_dtypes.int2, "uint2": ml_dtypes.uint2}
BITS = {np.float16: np.uint16, np.float32: np.uint32, np.float64: np.uint64}


def codes(array):
    return array.view(np.uint8).tolist()


def all_values(dtype, bits):
    return np.arange(1 << bits, dtype=np.uint8).view(dtype).astype(np.float32)


def every_float16():
    return np.arange(1 << 16, dtype=np.uint16).view(np.float16)


def runs(found):
    return [[place, code] for place, code in enumerate(found) if place == 0 or found[place - 1] != code]


def pairs(inputs, found):
    return [[bits, code] for bits, code in zip(inputs.view(BITS[inputs.dtype.type]).tolist(), found)]


def near_boundaries(values, dtype):
    """Midpoints between neighbours and the numbers next to them, beyond both ends, and what is special."""
    numbers = np.unique(values[np.isfinite(values)].astype(np.float64))
    last = numbers[-1] - numbers[-2]
    numbers = np.concatenate([[numbers[0] - last, *numbers, numbers[-1] + last]])
    middles = ((numbers[1:] + numbers[:-1]) / 2).astype(dtype)
    special = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, -np.nan, np.finfo(dtype).max, np.finfo(dtype).smallest_subnormal], dtype)
    return np.concatenate([middles, np.nextafter(middles, dtype(np.inf)), np.nextafter(middles, dtype(-np.inf)), special])


def nearest_code(x, values):
    """The code of the nearest number, of two equally near the even one; `x` lies within the range."""
    found = min((abs(Fraction(x) - Fraction(float(v))), code & 1, code) for code, v in enumerate(values) if math.isfinite(v))
    zeros = [code for code, v in enumerate(values) if v == 0 and math.copysign(1, v) == math.copysign(1, x)]
    return found[2] if values[found[2]] != 0 or not zeros else zeros[0]


def converted(values, ways, rounds_doubles=False):
    tables = {}
    for name, convert in ways.items():
        tables[name] = {
            "float16": runs(convert(every_float16())),
            "float32": pairs(x := near_boundaries(values, np.float32), convert(x)),
        }
    x = near_boundaries(values, np.float64)
    if not rounds_doubles:
        x = x[np.abs(x) <= np.nanmax(values[np.isfinite(values)])]
        convert = lambda x: [nearest_code(float(v), values) for v in x]
    tables[name]["float64"] = pairs(x, convert(x))
    return tables


def power_code(x, saturates, mode):
    """ONNX operator Cast, opset 24, table of FLOAT8E8M0; NaN for numbers below 0, of which it says nothing."""
    if math.isnan(x) or x < 0:
        return 255
    if x < 2.0**-127:
        return 0 if saturates else 255
    if x > 2.0**127:
        return 254 if saturates else 255
    fraction, exponent = math.frexp(x)
    raised = {"up": fraction > 0.5, "down": False, "nearest": fraction >= 0.75}[mode]
    return exponent - 1 + 127 + raised


def main():
    table = {}
    with np.errstate(all="ignore"):
        for name, dtype in FLOATS.items():
            values = all_values(dtype, 4 if name.startswith("float4") else 8)
            plain = lambda x, dtype=dtype: codes(x.astype(dtype))
            saturating = plain if name.startswith("float4") else lambda x, dtype=dtype: codes(saturate_cast(x, dtype))
            table[name] = {"values": values.view(np.uint32).tolist(), **converted(values, {"saturating": saturating, "plain": plain})}
        values = all_values(ml_dtypes.float8_e8m0fnu, 8)
        ways = {
            f"{mode} {word}": lambda x, mode=mode, word=word: [power_code(float(v), word == "saturating", mode) for v in x]
            for mode, word in (("down", "saturating"), ("nearest", "saturating"), ("nearest", "plain"), ("up", "saturating"))
        }
        table["float8e8m0"] = {"values": values.view(np.uint32).tolist(), **converted(values, ways, rounds_doubles=True)}
        for name, dtype in INTEGERS.items():
            bits = int(name[-1])
            numbers = np.array([*range(-40, 41), 127, 128, -128, 255, 256, 2**31 - 1, -(2**31), 2**40 + 5, -(2**40) - 3], np.int64)
            reals = np.array([*np.arange(-40, 40, 0.25), 1e10, -1e10, 2.0**31, 2.0**31 - 128, np.inf, -np.inf, np.nan], np.float32)
            table[name] = {
                "values": all_values(dtype, bits).view(np.uint32).tolist(),
                "plain": {
                    "float32": pairs(reals, codes(reals.astype(dtype))),
                    "integers": [[int(n), c] for n, c in zip(numbers, codes(numbers.astype(dtype)))],
                },
            }
    json.dump(table, sys.stdout, separators=(",", ":"))
    print()


main()
