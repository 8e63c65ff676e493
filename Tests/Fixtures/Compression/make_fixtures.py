#!/usr/bin/env python3
"""Writes the compressed forms of plain.json beside it, with Python's zlib and gzip(1), which know nothing of this project."""

import gzip
import json
import pathlib
import struct
import subprocess
import zlib

here = pathlib.Path(__file__).parent
rows = [[round(((i * 37 + j * 101) % 1000) / 7, 3) for j in range(16)] for i in range(24)]
plain = json.dumps({"instances": rows, "note": "ä€𝄞"}, ensure_ascii=False).encode()
(here / "plain.json").write_bytes(plain)


def deflated(level: int, bits: int, strategy: int = zlib.Z_DEFAULT_STRATEGY) -> bytes:
    coder = zlib.compressobj(level, zlib.DEFLATED, bits, 8, strategy)
    return coder.compress(plain) + coder.flush()


def every_header_field() -> bytes:
    """RFC 1952 section 2.3: FTEXT, FHCRC, FEXTRA, FNAME and FCOMMENT together."""
    head = b"\x1f\x8b\x08" + bytes([1 | 2 | 4 | 8 | 16]) + struct.pack("<I", 784111777) + b"\x02\x03"
    head += struct.pack("<H", 4) + b"ap\x00\x00" + b"plain.json\x00" + b"a comment\x00"
    head += struct.pack("<H", zlib.crc32(head) & 0xFFFF)
    return head + deflated(9, -15) + struct.pack("<II", zlib.crc32(plain), len(plain))


forms = {
    "gzip-1": subprocess.run(["gzip", "-1", "-n", "-c"], input=plain, capture_output=True, check=True).stdout,
    "gzip-9": subprocess.run(["gzip", "-9", "-n", "-c"], input=plain, capture_output=True, check=True).stdout,
    "gzip-stored": gzip.compress(plain, 0, mtime=0),
    "gzip-every-field": every_header_field(),
    "gzip-members": b"".join(gzip.compress(plain[i : i + 700], 6, mtime=0) for i in range(0, len(plain), 700)) + gzip.compress(b"", mtime=0),
    "deflate-zlib": deflated(6, 15),
    "deflate-zlib-small-window": deflated(9, 9),
    "deflate-raw": deflated(6, -15),
    "deflate-raw-fixed": deflated(6, -15, zlib.Z_FIXED),
    "deflate-raw-stored": deflated(0, -15),
}
for name, data in forms.items():
    (here / name).write_bytes(data)
