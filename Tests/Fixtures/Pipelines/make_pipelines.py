#!/usr/bin/env python3
"""Makes the scikit-learn pipelines beside it, as skl2onnx exports them by default, with reference answers of ONNX Runtime.

    pip install scikit-learn==1.7.2 skl2onnx==1.20.0 onnxruntime && ./make_pipelines.py

<name>/1/model.onnx is the model; <name>/cases.json is a list of requests to POST …:predict and what they answer:
[{"instances": […], "predictions": […]}, …].
"""
import json
import shutil
from pathlib import Path

import numpy as np
import onnxruntime
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_iris
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

HERE = Path(__file__).resolve().parent
OPSETS = {"": 17, "ai.onnx.ml": 3}


def save(name, model, types, columns, row_counts):
    """columns: for each input its rows; row_counts: how many rows the requests have."""
    folder = HERE / name
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "1").mkdir(parents=True)
    onnx_model = to_onnx(model, initial_types=types, target_opset=OPSETS)
    onnx_model.producer_version = "1.20.0"
    (folder / "1/model.onnx").write_bytes(onnx_model.SerializeToString(deterministic=True))
    session = onnxruntime.InferenceSession(str(folder / "1/model.onnx"))
    names = [output.name for output in session.get_outputs()]
    cases = []
    for count in row_counts:
        feeds = {key: values[:count] for key, values in columns.items()}
        labels, maps = session.run(names, feeds)
        rows = [{key: values[i].tolist() for key, values in feeds.items()} for i in range(count)]
        answers = [{names[0]: label, names[1]: {str(k): v for k, v in probabilities.items()}} for label, probabilities in zip(labels.tolist(), maps)]
        cases.append({"instances": rows if len(columns) > 1 else [next(iter(row.values())) for row in rows], "predictions": answers})
    (folder / "cases.json").write_text(json.dumps(cases, indent=1) + "\n")


def customers():
    """Numbers with gaps and words in; a word and its probabilities out."""
    generator = np.random.default_rng(0)
    count = 400
    numbers = generator.standard_normal((count, 2)).astype(np.float32).round(3)
    cities = generator.choice(["Oslo", "Łódź", "東京", "Quito"], (count, 1)).astype(object)
    plans = generator.choice(["free", "pro"], (count, 1)).astype(object)
    stays = numbers[:, 0] + 1.5 * (cities[:, 0] == "Łódź") - (plans[:, 0] == "free") + 0.3 * generator.standard_normal(count) > 0
    table = np.concatenate([numbers.astype(object), cities, plans], axis=1)
    table[::17, 0] = np.nan
    model = Pipeline([
        ("columns", ColumnTransformer([
            ("numbers", Pipeline([("gaps", SimpleImputer()), ("scale", StandardScaler())]), [0, 1]),
            ("words", OneHotEncoder(handle_unknown="ignore"), [2, 3]),
        ])),
        ("classes", LogisticRegression()),
    ]).fit(table, np.where(stays, "stay \"on\"", "leave"))
    cities[1, 0] = "a city that the model has never seen"
    types = [("numbers", FloatTensorType([None, 2])), ("city", StringTensorType([None, 1])), ("plan", StringTensorType([None, 1]))]
    save("customers", model, types, {"numbers": numbers, "city": cities, "plan": plans}, [1, 3, 64])


def iris():
    """Numbers in; the number of a class and the probabilities by number out."""
    data = load_iris()
    model = Pipeline([("scale", StandardScaler()), ("classes", LogisticRegression(max_iter=500))]).fit(data.data, data.target)
    rows = data.data[::7].astype(np.float32)
    save("iris", model, [("measures", FloatTensorType([None, 4]))], {"measures": rows}, [1, 5, 20])


customers()
iris()
