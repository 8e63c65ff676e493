#!/usr/bin/env python3
"""Validates deploy/kubernetes against Kubernetes' own schemas, and custom resources against their definitions.

    pip install kubernetes-validate jsonschema pyyaml
    Tests/Packaging/check-kubernetes.py --crd monitoring.coreos.com_podmonitors.yaml --crd serving.kserve.io_servingruntimes.yaml

The definitions are files of prometheus-operator (example/prometheus-operator-crd) and KServe (config/crd/full). A resource whose
definition is not given fails the check: nothing is passed over.
"""
import argparse
import pathlib
import sys

import jsonschema
import kubernetes_validate
import yaml

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "deploy" / "kubernetes"


def definitions(paths):
    """(apiVersion, kind) → schema"""
    schemas = {}
    for path in paths:
        crd = yaml.safe_load(pathlib.Path(path).read_text())
        spec = crd["spec"]
        for version in spec["versions"]:
            schemas[f'{spec["group"]}/{version["name"]}', spec["names"]["kind"]] = closed(version["schema"]["openAPIV3Schema"])
    return schemas


def closed(schema):
    """The schema, where an unknown field is an error as `kubectl --validate=strict` has it."""
    if isinstance(schema, dict):
        schema = {key: closed(value) for key, value in schema.items()}
        if "properties" in schema and isinstance(schema["properties"], dict) and schema.get("type") == "object":
            if not schema.get("x-kubernetes-preserve-unknown-fields") and "additionalProperties" not in schema:
                schema["additionalProperties"] = False
        if schema.get("x-kubernetes-int-or-string"):
            schema.pop("type", None)
            schema["anyOf"] = [{"type": "integer"}, {"type": "string"}]
        return schema
    return [closed(item) for item in schema] if isinstance(schema, list) else schema


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--crd", action="append", default=[], help="file of a custom resource's definition")
    schemas = definitions(parser.parse_args().crd)
    failures, count = 0, 0
    for path in sorted(FOLDER.glob("*.yaml")):
        for resource in yaml.safe_load_all(path.read_text()):
            count += 1
            name = f'{path.name}: {resource["kind"]} {resource["metadata"]["name"]}'
            try:
                schema = schemas.get((resource["apiVersion"], resource["kind"]))
                if schema:
                    top = dict(schema, additionalProperties=True)
                    jsonschema.validate(resource, top)
                else:
                    kubernetes_validate.validate(resource, kubernetes_validate.latest_version(), strict=True)
                print(f"{name}: valid")
            except (jsonschema.ValidationError, kubernetes_validate.ValidationError, kubernetes_validate.SchemaNotFoundError) as error:
                failures += 1
                print(f"{name}: {getattr(error, 'message', error)}", file=sys.stderr)
    print(f"{count - failures} of {count} resources are valid")
    return 1 if failures or not count else 0


sys.exit(main())
