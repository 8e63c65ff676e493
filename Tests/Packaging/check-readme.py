#!/usr/bin/env python3
"""Runs what the README shows: exports from PyTorch, Keras and scikit-learn, served and called, and the Python and JavaScript clients.

    pip install requests torch onnxscript tensorflow scikit-learn skl2onnx
    Tests/Packaging/check-readme.py BINARY

A framework that is not installed is an error, unless --skip names it (torch, keras, sklearn, node).
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / "README.md").read_text(), re.S)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def call(port, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", data, timeout=10) as response:
        return json.load(response)


def serve(binary, folder, models, port):
    log = open(folder / "log", "w")
    arguments = ["serve", "--set", f"model_root={models}", "--set", f"server.port={port}", "--set", f"registry.path={folder}/registry"]
    daemon = subprocess.Popen([binary, *arguments], stderr=log)
    for _ in range(200):
        try:
            call(port, "/readyz")
            return daemon
        except OSError:
            time.sleep(0.1)
    daemon.kill()
    sys.exit(f"the daemon is not ready:\n{(folder / 'log').read_text()}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary", type=pathlib.Path)
    parser.add_argument("--skip", action="append", default=[])
    options = parser.parse_args()
    binary = options.binary.resolve()
    python = blocks("python")
    exports = {name: next(block for block in python if f"models/from_{name}" in block) for name in ("torch", "keras", "sklearn")}
    client = next(block for block in python if "import requests" in block)
    script = next(block for block in blocks("js"))
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        models = folder / "models"
        shutil.copytree(ROOT / "models", models)
        done = [name for name in exports if name not in options.skip]
        for name in done:
            environment = dict(os.environ, TF_CPP_MIN_LOG_LEVEL="3")
            subprocess.run([sys.executable, "-c", exports[name]], cwd=folder, check=True, env=environment, stdout=subprocess.DEVNULL)
            subprocess.run([binary, "check", models / f"from_{name}"], check=True)
        port = free_port()
        daemon = serve(binary, folder, models, port)
        try:
            for name in done:
                row = [5.1, 3.5, 1.4, 0.2]
                answer = call(port, f"/v1/models/from_{name}:predict", {"instances": [row, row, row]})["predictions"]
                assert len(answer) == 3, answer
                print(f"{name}: {answer[0]}")
            local = f"127.0.0.1:{port}"
            found = subprocess.run([sys.executable, "-c", client.replace("127.0.0.1:8501", local)], capture_output=True, text=True, check=True)
            assert json.loads(found.stdout) == [2.5, 3.0, 4.5], found.stdout
            if "node" not in options.skip:
                code = script.replace("127.0.0.1:8501", local)
                found = subprocess.run(["node", "--input-type=module", "-e", code], capture_output=True, text=True, check=True)
                assert re.findall(r"[\d.]+", found.stdout) == ["2.5", "3", "4.5"], found.stdout
            print("clients: as the README shows")
        finally:
            daemon.terminate()
            daemon.wait()


main()
