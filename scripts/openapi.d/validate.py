#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The Master Target authors
"""Holds an OpenAPI document against the specification, and real requests and answers against the document.

usage: validate.py DOCUMENT SAMPLES

SAMPLES is a JSON list of {method, path, status, request, answer}; the path as the document has it, request and answer as
JSON text. A member that the document does not know is a finding here, although clients ignore it: the document has to
know everything. Prints what it found, one line each, and exits 1 when there was any.
"""

import copy
import json
import sys

from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator


def findings(document, samples):
    for error in OpenAPIV31SpecValidator(document).iter_errors():
        yield f"document: {'/'.join(map(str, error.path))}: {error.message}"
    strict = copy.deepcopy(document)
    for schema in strict["components"]["schemas"].values():
        if "properties" in schema:
            schema["additionalProperties"] = False
    for sample in samples:
        name = f"{sample['method']} {sample['path']}"
        operation = strict["paths"].get(sample["path"], {}).get(sample["method"])
        if operation is None:
            yield f"{name}: not in the document"
            continue
        response = operation["responses"]["200" if sample["status"] == 200 else "default"]
        yield from mismatches(f"{name}: answer {sample['status']}", strict, response["content"], sample["answer"])
        if sample.get("request") and sample["status"] == 200:
            yield from mismatches(f"{name}: request", strict, operation["requestBody"]["content"], sample["request"])


def mismatches(name, document, content, text):
    schema = dict(content["application/json"]["schema"], components=document["components"])
    if name.startswith("get /v1/openapi.json"):
        return
    for error in Draft202012Validator(schema).iter_errors(json.loads(text)):
        yield f"{name}: {'/'.join(map(str, error.path))}: {error.message[:300]}"


def main():
    document = json.load(open(sys.argv[1], encoding="utf-8"))
    samples = json.load(open(sys.argv[2], encoding="utf-8"))
    found = list(findings(document, samples))
    print("\n".join(found))
    operations = {(sample["method"], sample["path"]) for sample in samples}
    print(f"{len(samples)} samples of {len(operations)} operations, {len(found)} findings")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
