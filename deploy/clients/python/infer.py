#!/usr/bin/env python3
"""Asks half_plus_two for 0.5 x + 2 as JSON: infer.py [URL]"""
import json
import sys
import urllib.error
import urllib.request

url = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8501"
request = {"inputs": [{"name": "x", "shape": [3], "datatype": "FP32", "data": [1.0, 2.0, 5.0]}]}
try:
    with urllib.request.urlopen(f"{url}/v2/models/half_plus_two/infer", json.dumps(request).encode(), timeout=10) as response:
        result = json.load(response)
except urllib.error.HTTPError as error:
    sys.exit(f"{error.code}: {json.load(error)['error']}")
outputs = {output["name"]: output["data"] for output in result["outputs"]}
print(*outputs["y"])
