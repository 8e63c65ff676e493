/// The description of the REST interface that `GET /openapi.json` returns (OpenAPI 3.1).
///
/// `Tests/Packaging/check-openapi` holds a running daemon against it.
enum OpenAPIDocument {
    // swift-format-ignore
    static let json: StaticString = #"""
        {
          "openapi": "3.1.0",
          "info": {
            "title": "Apus",
            "version": "1",
            "summary": "A model server for ONNX networks and TensorFlow SavedModels.",
            "description": "The REST dialect of TensorFlow Serving, and what Apus adds to it. Errors are `{\"error\": \"…\"}` everywhere. A model that is known and loading answers 503, a full queue 429, both with `Retry-After`. Every response has `X-Request-Id`, the client's or a new one.",
            "license": {"name": "Apache 2.0", "identifier": "Apache-2.0"}
          },
          "tags": [
            {"name": "predictions"},
            {"name": "models"},
            {
              "name": "registry",
              "description": "What was and is served; on the operators' listener alone where there is one."
            },
            {"name": "operation"}
          ],
          "paths": {
            "/predict": {
              "post": {
                "operationId": "predictNamed",
                "tags": ["predictions"],
                "summary": "Predictions of the model that the body names",
                "description": "As `/v1/models/{model}:predict`; `model` may be left out when exactly one model is served.",
                "parameters": [
                  {"$ref": "#/components/parameters/timeout"},
                  {"$ref": "#/components/parameters/priority"},
                  {"$ref": "#/components/parameters/nonfinite"}
                ],
                "requestBody": {
                  "required": true,
                  "content": {
                    "application/json": {
                      "schema": {"$ref": "#/components/schemas/NamedPredictRequest"},
                      "example": {"model": "half_plus_two", "instances": [1.0, 2.0, 5.0]}
                    }
                  }
                },
                "responses": {
                  "200": {
                    "description": "The outputs, with the model and version that made them.",
                    "headers": {"Apus-Model-Version": {"$ref": "#/components/headers/ModelVersion"}},
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/NamedPredictResponse"}}}
                  },
                  "400": {"$ref": "#/components/responses/Error"},
                  "404": {"$ref": "#/components/responses/Error"},
                  "429": {"$ref": "#/components/responses/Error"},
                  "503": {"$ref": "#/components/responses/Error"},
                  "504": {"$ref": "#/components/responses/Error"},
                  "default": {"$ref": "#/components/responses/Error"}
                }
              }
            },
            "/v1/models/{model}:predict": {
              "parameters": [{"$ref": "#/components/parameters/model"}],
              "post": {
                "operationId": "predict",
                "tags": ["predictions"],
                "summary": "Predictions",
                "description": "TensorFlow Serving's predict call. Rows are given as `instances`, columns as `inputs`.",
                "parameters": [
                  {"$ref": "#/components/parameters/timeout"},
                  {"$ref": "#/components/parameters/priority"},
                  {"$ref": "#/components/parameters/signature"},
                  {"$ref": "#/components/parameters/outputs"},
                  {"$ref": "#/components/parameters/nonfinite"}
                ],
                "requestBody": {"$ref": "#/components/requestBodies/Predict"},
                "responses": {
                  "200": {"$ref": "#/components/responses/Predictions"},
                  "400": {"$ref": "#/components/responses/Error"},
                  "404": {"$ref": "#/components/responses/Error"},
                  "429": {"$ref": "#/components/responses/Error"},
                  "503": {"$ref": "#/components/responses/Error"},
                  "504": {"$ref": "#/components/responses/Error"},
                  "default": {"$ref": "#/components/responses/Error"}
                }
              }
            },
            "/v1/models/{model}/versions/{version}:predict": {
              "parameters": [{"$ref": "#/components/parameters/model"}, {"$ref": "#/components/parameters/version"}],
              "post": {
                "operationId": "predictVersion",
                "tags": ["predictions"],
                "summary": "Predictions of a version",
                "description": "TensorFlow Serving's predict call. Rows are given as `instances`, columns as `inputs`.",
                "parameters": [
                  {"$ref": "#/components/parameters/timeout"},
                  {"$ref": "#/components/parameters/priority"},
                  {"$ref": "#/components/parameters/signature"},
                  {"$ref": "#/components/parameters/outputs"},
                  {"$ref": "#/components/parameters/nonfinite"}
                ],
                "requestBody": {"$ref": "#/components/requestBodies/Predict"},
                "responses": {
                  "200": {"$ref": "#/components/responses/Predictions"},
                  "400": {"$ref": "#/components/responses/Error"},
                  "404": {"$ref": "#/components/responses/Error"},
                  "429": {"$ref": "#/components/responses/Error"},
                  "503": {"$ref": "#/components/responses/Error"},
                  "504": {"$ref": "#/components/responses/Error"},
                  "default": {"$ref": "#/components/responses/Error"}
                }
              }
            },
            "/v1/models/{model}/labels/{label}:predict": {
              "parameters": [{"$ref": "#/components/parameters/model"}, {"$ref": "#/components/parameters/label"}],
              "post": {
                "operationId": "predictLabel",
                "tags": ["predictions"],
                "summary": "Predictions of the version that a label points to",
                "description": "TensorFlow Serving's predict call. Rows are given as `instances`, columns as `inputs`.",
                "parameters": [
                  {"$ref": "#/components/parameters/timeout"},
                  {"$ref": "#/components/parameters/priority"},
                  {"$ref": "#/components/parameters/signature"},
                  {"$ref": "#/components/parameters/outputs"},
                  {"$ref": "#/components/parameters/nonfinite"}
                ],
                "requestBody": {"$ref": "#/components/requestBodies/Predict"},
                "responses": {
                  "200": {"$ref": "#/components/responses/Predictions"},
                  "400": {"$ref": "#/components/responses/Error"},
                  "404": {"$ref": "#/components/responses/Error"},
                  "429": {"$ref": "#/components/responses/Error"},
                  "503": {"$ref": "#/components/responses/Error"},
                  "504": {"$ref": "#/components/responses/Error"},
                  "default": {"$ref": "#/components/responses/Error"}
                }
              }
            },
            "/v1/models/{model}:classify": {
              "parameters": [{"$ref": "#/components/parameters/model"}],
              "post": {
                "operationId": "classify",
                "tags": ["predictions"],
                "summary": "Labels with scores",
                "description": "TensorFlow Serving's classify call, of signatures that parse `tf.Example`.",
                "requestBody": {"$ref": "#/components/requestBodies/Examples"},
                "responses": {
                  "200": {"$ref": "#/components/responses/Classifications"},
                  "400": {"$ref": "#/components/responses/Error"},
                  "404": {"$ref": "#/components/responses/Error"},
                  "429": {"$ref": "#/components/responses/Error"},
                  "503": {"$ref": "#/components/responses/Error"},
                  "504": {"$ref": "#/components/responses/Error"},
                  "default": {"$ref": "#/components/responses/Error"}
                }
              }
            },
            "/v1/models/{model}/versions/{version}:classify": {
              "parameters": [{"$ref": "#/components/parameters/model"}, {"$ref": "#/components/parameters/version"}],
              "post": {
                "operationId": "classifyVersion",
                "tags": ["predictions"],
                "summary": "Labels with scores of a version",
                "description": "TensorFlow Serving's classify call, of signatures that parse `tf.Example`.",
                "requestBody": {"$ref": "#/components/requestBodies/Examples"},
                "responses": {
                  "200": {"$ref": "#/components/responses/Classifications"},
                  "400": {"$ref": "#/components/responses/Error"},
                  "404": {"$ref": "#/components/responses/Error"},
                  "429": {"$ref": "#/components/responses/Error"},
                  "503": {"$ref": "#/components/responses/Error"},
                  "504": {"$ref": "#/components/responses/Error"},
                  "default": {"$ref": "#/components/responses/Error"}
                }
              }
            },
            "/v1/models/{model}/labels/{label}:classify": {
              "parameters": [{"$ref": "#/components/parameters/model"}, {"$ref": "#/components/parameters/label"}],
              "post": {
                "operationId": "classifyLabel",
                "tags": ["predictions"],
                "summary": "Labels with scores of the version that a label points to",
                "description": "TensorFlow Serving's classify call, of signatures that parse `tf.Example`.",
                "requestBody": {"$ref": "#/components/requestBodies/Examples"},
                "responses": {
                  "200": {"$ref": "#/components/responses/Classifications"},
                  "400": {"$ref": "#/components/responses/Error"},
                  "404": {"$ref": "#/components/responses/Error"},
                  "429": {"$ref": "#/components/responses/Error"},
                  "503": {"$ref": "#/components/responses/Error"},
                  "504": {"$ref": "#/components/responses/Error"},
                  "default": {"$ref": "#/components/responses/Error"}
                }
              }
            },
            "/v1/models/{model}:regress": {
              "parameters": [{"$ref": "#/components/parameters/model"}],
              "post": {
                "operationId": "regress",
                "tags": ["predictions"],
                "summary": "Values",
                "description": "TensorFlow Serving's regress call, of signatures that parse `tf.Example`.",
                "requestBody": {"$ref": "#/components/requestBodies/Examples"},
                "responses": {
                  "200": {"$ref": "#/components/responses/Regressions"},
                  "400": {"$ref": "#/components/responses/Error"},
                  "404": {"$ref": "#/components/responses/Error"},
                  "429": {"$ref": "#/components/responses/Error"},
                  "503": {"$ref": "#/components/responses/Error"},
                  "504": {"$ref": "#/components/responses/Error"},
                  "default": {"$ref": "#/components/responses/Error"}
                }
              }
            },
            "/v1/models/{model}/versions/{version}:regress": {
              "parameters": [{"$ref": "#/components/parameters/model"}, {"$ref": "#/components/parameters/version"}],
              "post": {
                "operationId": "regressVersion",
                "tags": ["predictions"],
                "summary": "Values of a version",
                "description": "TensorFlow Serving's regress call, of signatures that parse `tf.Example`.",
                "requestBody": {"$ref": "#/components/requestBodies/Examples"},
                "responses": {
                  "200": {"$ref": "#/components/responses/Regressions"},
                  "400": {"$ref": "#/components/responses/Error"},
                  "404": {"$ref": "#/components/responses/Error"},
                  "429": {"$ref": "#/components/responses/Error"},
                  "503": {"$ref": "#/components/responses/Error"},
                  "504": {"$ref": "#/components/responses/Error"},
                  "default": {"$ref": "#/components/responses/Error"}
                }
              }
            },
            "/v1/models/{model}/labels/{label}:regress": {
              "parameters": [{"$ref": "#/components/parameters/model"}, {"$ref": "#/components/parameters/label"}],
              "post": {
                "operationId": "regressLabel",
                "tags": ["predictions"],
                "summary": "Values of the version that a label points to",
                "description": "TensorFlow Serving's regress call, of signatures that parse `tf.Example`.",
                "requestBody": {"$ref": "#/components/requestBodies/Examples"},
                "responses": {
                  "200": {"$ref": "#/components/responses/Regressions"},
                  "400": {"$ref": "#/components/responses/Error"},
                  "404": {"$ref": "#/components/responses/Error"},
                  "429": {"$ref": "#/components/responses/Error"},
                  "503": {"$ref": "#/components/responses/Error"},
                  "504": {"$ref": "#/components/responses/Error"},
                  "default": {"$ref": "#/components/responses/Error"}
                }
              }
            },
            "/v1/models": {
              "get": {
                "operationId": "listModels",
                "tags": ["models"],
                "summary": "Every model",
                "description": "Every model with its versions and labels.",
                "responses": {
                  "200": {
                    "description": "Every model with its versions and labels.",
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ModelList"}}}
                  },
                  "default": {"$ref": "#/components/responses/Error"}
                }
              }
            },
            "/v1/models/{model}": {
              "parameters": [{"$ref": "#/components/parameters/model"}],
              "get": {
                "operationId": "modelStatus",
                "tags": ["models"],
                "summary": "States",
                "description": "The states of a model's versions, newest first.",
                "responses": {
                  "200": {"$ref": "#/components/responses/Status"},
                  "400": {"$ref": "#/components/responses/Error"},
                  "404": {"$ref": "#/components/responses/Error"},
                  "503": {"$ref": "#/components/responses/Error"},
                  "default": {"$ref": "#/components/responses/Error"}
                }
              }
            },
            "/v1/models/{model}/versions/{version}": {
              "parameters": [{"$ref": "#/components/parameters/model"}, {"$ref": "#/components/parameters/version"}],
              "get": {
                "operationId": "modelStatusVersion",
                "tags": ["models"],
                "summary": "States of a version",
                "description": "The states of a model's versions, newest first.",
                "responses": {
                  "200": {"$ref": "#/components/responses/Status"},
                  "400": {"$ref": "#/components/responses/Error"},
                  "404": {"$ref": "#/components/responses/Error"},
                  "503": {"$ref": "#/components/responses/Error"},
                  "default": {"$ref": "#/components/responses/Error"}
                }
              }
            },
            "/v1/models/{model}/labels/{label}": {
              "parameters": [{"$ref": "#/components/parameters/model"}, {"$ref": "#/components/parameters/label"}],
              "get": {
                "operationId": "modelStatusLabel",
                "tags": ["models"],
                "summary": "States of the version that a label points to",
                "description": "The states of a model's versions, newest first.",
                "responses": {
                  "200": {"$ref": "#/components/responses/Status"},
                  "400": {"$ref": "#/components/responses/Error"},
                  "404": {"$ref": "#/components/responses/Error"},
                  "503": {"$ref": "#/components/responses/Error"},
                  "default": {"$ref": "#/components/responses/Error"}
                }
              }
            },
            "/v1/models/{model}/metadata": {
              "parameters": [{"$ref": "#/components/parameters/model"}],
              "get": {
                "operationId": "modelMetadata",
                "tags": ["models"],
                "summary": "Signatures",
                "description": "The signatures, in TensorFlow Serving's form.",
                "responses": {
                  "200": {"$ref": "#/components/responses/Metadata"},
                  "400": {"$ref": "#/components/responses/Error"},
                  "404": {"$ref": "#/components/responses/Error"},
                  "503": {"$ref": "#/components/responses/Error"},
                  "default": {"$ref": "#/components/responses/Error"}
                }
              }
            },
            "/v1/models/{model}/versions/{version}/metadata": {
              "parameters": [{"$ref": "#/components/parameters/model"}, {"$ref": "#/components/parameters/version"}],
              "get": {
                "operationId": "modelMetadataVersion",
                "tags": ["models"],
                "summary": "Signatures of a version",
                "description": "The signatures, in TensorFlow Serving's form.",
                "responses": {
                  "200": {"$ref": "#/components/responses/Metadata"},
                  "400": {"$ref": "#/components/responses/Error"},
                  "404": {"$ref": "#/components/responses/Error"},
                  "503": {"$ref": "#/components/responses/Error"},
                  "default": {"$ref": "#/components/responses/Error"}
                }
              }
            },
            "/v1/models/{model}/labels/{label}/metadata": {
              "parameters": [{"$ref": "#/components/parameters/model"}, {"$ref": "#/components/parameters/label"}],
              "get": {
                "operationId": "modelMetadataLabel",
                "tags": ["models"],
                "summary": "Signatures of the version that a label points to",
                "description": "The signatures, in TensorFlow Serving's form.",
                "responses": {
                  "200": {"$ref": "#/components/responses/Metadata"},
                  "400": {"$ref": "#/components/responses/Error"},
                  "404": {"$ref": "#/components/responses/Error"},
                  "503": {"$ref": "#/components/responses/Error"},
                  "default": {"$ref": "#/components/responses/Error"}
                }
              }
            },
            "/v1/registry/models": {
              "get": {
                "operationId": "registryModels",
                "tags": ["registry"],
                "summary": "Every model on record",
                "description": "Every model that was or is served.",
                "responses": {
                  "200": {
                    "description": "Every model that was or is served.",
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/RegistryModels"}}}
                  },
                  "404": {"$ref": "#/components/responses/Error"},
                  "default": {"$ref": "#/components/responses/Error"}
                }
              }
            },
            "/v1/registry/models/{model}": {
              "parameters": [{"$ref": "#/components/parameters/model"}],
              "get": {
                "operationId": "registryModel",
                "tags": ["registry"],
                "summary": "A model on record",
                "description": "A model with all its versions.",
                "responses": {
                  "200": {
                    "description": "A model with all its versions.",
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/RegistryModel"}}}
                  },
                  "400": {"$ref": "#/components/responses/Error"},
                  "404": {"$ref": "#/components/responses/Error"},
                  "default": {"$ref": "#/components/responses/Error"}
                }
              }
            },
            "/v1/registry/models/{model}/versions/{version}": {
              "parameters": [{"$ref": "#/components/parameters/model"}, {"$ref": "#/components/parameters/version"}],
              "get": {
                "operationId": "registryVersion",
                "tags": ["registry"],
                "summary": "A version on record",
                "description": "A version, when it was loaded and how it ended.",
                "responses": {
                  "200": {
                    "description": "A version, when it was loaded and how it ended.",
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/RegistryVersion"}}}
                  },
                  "400": {"$ref": "#/components/responses/Error"},
                  "404": {"$ref": "#/components/responses/Error"},
                  "default": {"$ref": "#/components/responses/Error"}
                }
              }
            },
            "/v1/registry/events": {
              "get": {
                "operationId": "registryEvents",
                "tags": ["registry"],
                "summary": "Events",
                "description": "What happened, oldest first.",
                "responses": {
                  "200": {
                    "description": "What happened, oldest first.",
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/RegistryEvents"}}}
                  },
                  "400": {"$ref": "#/components/responses/Error"},
                  "404": {"$ref": "#/components/responses/Error"},
                  "default": {"$ref": "#/components/responses/Error"}
                },
                "parameters": [
                  {
                    "name": "model",
                    "in": "query",
                    "description": "Events of this model only.",
                    "schema": {"type": "string"}
                  },
                  {
                    "name": "after",
                    "in": "query",
                    "description": "Events behind this number only.",
                    "schema": {"type": "integer", "format": "int64", "minimum": 0, "maximum": 9223372036854775807}
                  },
                  {
                    "name": "limit",
                    "in": "query",
                    "description": "At most so many; 100 when not given.",
                    "schema": {"type": "integer", "minimum": 1, "maximum": 2147483647}
                  }
                ]
              }
            },
            "/healthz": {
              "get": {
                "operationId": "health",
                "tags": ["operation"],
                "summary": "Whether the process answers",
                "description": "The process answers.",
                "responses": {
                  "200": {
                    "description": "The process answers.",
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Health"}}}
                  },
                  "default": {"$ref": "#/components/responses/Error"}
                }
              }
            },
            "/readyz": {
              "get": {
                "operationId": "readiness",
                "tags": ["operation"],
                "summary": "Whether every model is served",
                "description": "`degraded` names what is amiss though every model is served.",
                "responses": {
                  "200": {
                    "description": "Every model is served.",
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Readiness"}}}
                  },
                  "503": {
                    "description": "Not every model is served, or the daemon is about to stop.",
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/NotReady"}}}
                  },
                  "default": {"$ref": "#/components/responses/Error"}
                }
              }
            },
            "/metrics": {
              "get": {
                "operationId": "metrics",
                "tags": ["operation"],
                "summary": "Metrics",
                "responses": {
                  "200": {
                    "description": "Prometheus' text format.",
                    "content": {"text/plain": {"schema": {"type": "string"}}}
                  },
                  "400": {"$ref": "#/components/responses/Error"},
                  "404": {"$ref": "#/components/responses/Error"},
                  "default": {"$ref": "#/components/responses/Error"}
                }
              }
            },
            "/openapi.json": {
              "get": {
                "operationId": "openapi",
                "tags": ["operation"],
                "summary": "This document",
                "responses": {
                  "200": {"description": "The document.", "content": {"application/json": {"schema": {"type": "object"}}}},
                  "default": {"$ref": "#/components/responses/Error"}
                }
              }
            }
          },
          "components": {
            "schemas": {
              "Error": {
                "type": "object",
                "properties": {
                  "error": {"type": "string", "description": "What was found, what was expected, and the next step."}
                },
                "required": ["error"]
              },
              "PredictRequest": {
                "type": "object",
                "properties": {
                  "signature_name": {"type": "string", "description": "Default: serving_default."},
                  "outputs_filter": {
                    "type": "array",
                    "maxItems": 1024,
                    "items": {"type": "string"},
                    "description": "Only these outputs are computed and returned."
                  },
                  "instances": {"type": "array", "minItems": 1, "description": "One element for each row."},
                  "inputs": {
                    "description": "Numbers, strings, truth values, lists of them, or objects by name; bytes as {\"b64\": …}."
                  }
                },
                "oneOf": [{"required": ["instances"]}, {"required": ["inputs"]}],
                "description": "Rows as instances, or columns as inputs."
              },
              "NamedPredictRequest": {
                "type": "object",
                "properties": {
                  "model": {"type": "string"},
                  "version": {"type": "integer", "format": "int64", "minimum": 0, "maximum": 9223372036854775807},
                  "label": {"type": "string"},
                  "signature_name": {"type": "string", "description": "Default: serving_default."},
                  "outputs_filter": {
                    "type": "array",
                    "maxItems": 1024,
                    "items": {"type": "string"},
                    "description": "Only these outputs are computed and returned."
                  },
                  "instances": {"type": "array", "minItems": 1, "description": "One element for each row."},
                  "inputs": {
                    "description": "Numbers, strings, truth values, lists of them, or objects by name; bytes as {\"b64\": …}."
                  }
                },
                "oneOf": [{"required": ["instances"]}, {"required": ["inputs"]}],
                "description": "As PredictRequest, with the model's name, and one of version and label."
              },
              "PredictResponse": {
                "type": "object",
                "properties": {"predictions": {"type": "array"}, "outputs": {}},
                "oneOf": [{"required": ["predictions"]}, {"required": ["outputs"]}]
              },
              "NamedPredictResponse": {
                "type": "object",
                "properties": {
                  "model": {"type": "string"},
                  "version": {"type": "integer"},
                  "predictions": {"type": "array"},
                  "outputs": {}
                },
                "required": ["model", "version"],
                "oneOf": [{"required": ["predictions"]}, {"required": ["outputs"]}]
              },
              "ExamplesRequest": {
                "type": "object",
                "properties": {
                  "signature_name": {"type": "string"},
                  "context": {"type": "object", "description": "Features that all examples share."},
                  "examples": {"type": "array", "minItems": 1, "items": {"type": "object"}}
                },
                "required": ["examples"]
              },
              "ClassifyResponse": {
                "type": "object",
                "properties": {
                  "results": {
                    "type": "array",
                    "items": {
                      "type": "array",
                      "description": "Pairs of label and score.",
                      "items": {"type": "array", "minItems": 2, "maxItems": 2}
                    }
                  }
                },
                "required": ["results"]
              },
              "RegressResponse": {"type": "object", "properties": {"results": {"type": "array", "items": {}}}, "required": ["results"]},
              "ModelList": {
                "type": "object",
                "properties": {
                  "models": {
                    "type": "array",
                    "items": {
                      "type": "object",
                      "properties": {
                        "name": {"type": "string"},
                        "versions": {
                          "type": "array",
                          "items": {
                            "type": "object",
                            "properties": {
                              "version": {"type": "integer"},
                              "state": {"$ref": "#/components/schemas/State"},
                              "error": {"type": ["string", "null"]},
                              "notice": {"type": ["string", "null"]},
                              "since": {"type": "string", "format": "date-time"},
                              "path": {"type": "string"}
                            },
                            "required": ["version", "state", "error", "notice", "since"]
                          }
                        },
                        "labels": {"type": "object", "additionalProperties": {"type": "integer"}},
                        "problem": {"type": ["string", "null"]}
                      },
                      "required": ["name", "versions", "labels", "problem"]
                    }
                  }
                },
                "required": ["models"]
              },
              "State": {"type": "string", "enum": ["START", "LOADING", "AVAILABLE", "UNLOADING", "END"]},
              "ModelStatus": {
                "type": "object",
                "properties": {
                  "model_version_status": {
                    "type": "array",
                    "items": {
                      "type": "object",
                      "properties": {
                        "version": {"type": "string", "pattern": "^[0-9]+$"},
                        "state": {"$ref": "#/components/schemas/State"},
                        "status": {
                          "type": "object",
                          "properties": {"error_code": {"type": "string"}, "error_message": {"type": "string"}},
                          "required": ["error_code", "error_message"]
                        }
                      },
                      "required": ["version", "state", "status"]
                    }
                  }
                },
                "required": ["model_version_status"]
              },
              "ModelMetadata": {
                "type": "object",
                "properties": {
                  "model_spec": {
                    "type": "object",
                    "properties": {
                      "name": {"type": "string"},
                      "signature_name": {"type": "string"},
                      "version": {"type": "string"}
                    },
                    "required": ["name", "signature_name", "version"]
                  },
                  "metadata": {
                    "type": "object",
                    "properties": {
                      "signature_def": {
                        "type": "object",
                        "properties": {"signature_def": {"type": "object", "additionalProperties": {"type": "object"}}},
                        "required": ["signature_def"]
                      }
                    },
                    "required": ["signature_def"]
                  }
                },
                "required": ["model_spec", "metadata"]
              },
              "RegistryModels": {
                "type": "object",
                "properties": {"models": {"type": "array", "items": {"$ref": "#/components/schemas/RegistryModel"}}},
                "required": ["models"]
              },
              "RegistryModel": {
                "type": "object",
                "properties": {
                  "name": {"type": "string"},
                  "base_path": {"type": "string"},
                  "configured": {"type": "boolean"},
                  "labels": {"type": "object", "additionalProperties": {"type": "integer"}},
                  "versions": {"type": "array", "items": {"$ref": "#/components/schemas/RegistryVersion"}}
                },
                "required": ["name", "configured", "labels", "versions"]
              },
              "RegistryVersion": {
                "type": "object",
                "properties": {
                  "version": {"type": "integer"},
                  "path": {"type": "string"},
                  "format": {"type": ["string", "null"]},
                  "digest": {"type": ["string", "null"]},
                  "size": {"type": ["integer", "null"]},
                  "signatures": {"description": "Names, inputs and outputs; null before a first load."},
                  "desired": {"type": "string"},
                  "state": {"type": "string"},
                  "times": {
                    "type": "object",
                    "properties": {
                      "first_seen": {"type": "string"},
                      "state_since": {"type": "string"},
                      "loaded": {"type": ["string", "null"]},
                      "unloaded": {"type": ["string", "null"]},
                      "lost": {"type": ["string", "null"]}
                    },
                    "required": ["first_seen", "state_since"]
                  },
                  "last_error": {
                    "oneOf": [
                      {"type": "null"},
                      {
                        "type": "object",
                        "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
                        "required": ["code", "message"]
                      }
                    ]
                  }
                },
                "required": ["version", "state", "desired", "times"]
              },
              "RegistryEvents": {
                "type": "object",
                "properties": {
                  "events": {
                    "type": "array",
                    "items": {
                      "type": "object",
                      "properties": {
                        "sequence": {"type": "integer"},
                        "time": {"type": "string", "format": "date-time"},
                        "actor": {"type": "string"},
                        "kind": {"type": "string"},
                        "model": {"type": ["string", "null"]},
                        "version": {"type": ["integer", "null"]},
                        "detail": {"type": "string"},
                        "outcome": {"type": "string"}
                      },
                      "required": ["sequence", "time", "actor", "kind", "model", "version", "detail", "outcome"]
                    }
                  },
                  "next": {"type": ["integer", "null"], "description": "The `after` of the next page; null on the last."}
                },
                "required": ["events", "next"]
              },
              "Health": {"type": "object", "properties": {"status": {"const": "ok"}}, "required": ["status"]},
              "Readiness": {
                "type": "object",
                "properties": {
                  "status": {"enum": ["ready", "degraded"]},
                  "reasons": {"type": "array", "items": {"type": "string"}}
                },
                "required": ["status"]
              },
              "NotReady": {
                "type": "object",
                "properties": {"error": {"type": "string"}, "reasons": {"type": "array", "items": {"type": "string"}}},
                "required": ["error", "reasons"]
              }
            },
            "parameters": {
              "model": {
                "name": "model",
                "in": "path",
                "required": true,
                "description": "Name of the model.",
                "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[^/:\\x00-\\x1f\\x7f-\\x9f]+$"}
              },
              "version": {
                "name": "version",
                "in": "path",
                "required": true,
                "description": "Number of the version.",
                "schema": {"type": "integer", "format": "int64", "minimum": 0, "maximum": 9223372036854775807}
              },
              "label": {
                "name": "label",
                "in": "path",
                "required": true,
                "description": "A label of `labels` in the configuration.",
                "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[^/:\\x00-\\x1f\\x7f-\\x9f]+$"}
              },
              "timeout": {
                "name": "X-Request-Timeout-Ms",
                "in": "header",
                "description": "Answers 504 when the result is not there in time; at most server.request_timeout.",
                "schema": {"type": "integer", "minimum": 1, "maximum": 86400000}
              },
              "priority": {
                "name": "X-Request-Priority",
                "in": "header",
                "description": "`low` waits until nothing of high priority waits.",
                "schema": {"type": "string", "enum": ["high", "low"]}
              },
              "signature": {
                "name": "Apus-Signature-Name",
                "in": "header",
                "description": "The signature, for bodies that have no place for it.",
                "schema": {"type": "string", "pattern": "^[!-~]+$"}
              },
              "outputs": {
                "name": "Apus-Outputs-Filter",
                "in": "header",
                "description": "Names of outputs with commas between; only these are computed and returned.",
                "schema": {"type": "string", "pattern": "^[!-~]+$"}
              },
              "nonfinite": {
                "name": "Apus-Nonfinite",
                "in": "header",
                "description": "How NaN and infinities are written: bare, as TensorFlow Serving does; null; or as strings.",
                "schema": {"type": "string", "enum": ["bare", "null", "string"]}
              }
            },
            "headers": {"ModelVersion": {"description": "The version that made the response.", "schema": {"type": "integer"}}},
            "requestBodies": {
              "Predict": {
                "required": true,
                "content": {
                  "application/json": {
                    "schema": {"$ref": "#/components/schemas/PredictRequest"},
                    "example": {"instances": [1.0, 2.0, 5.0]}
                  },
                  "application/x-npy": {"schema": {"type": "string", "format": "binary"}},
                  "application/x-npz": {"schema": {"type": "string", "format": "binary"}},
                  "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
                  "image/jpeg": {"schema": {"type": "string", "format": "binary"}},
                  "image/png": {"schema": {"type": "string", "format": "binary"}}
                }
              },
              "Examples": {
                "required": true,
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ExamplesRequest"}}}
              }
            },
            "responses": {
              "Predictions": {
                "description": "The outputs, in the request's form.",
                "headers": {"Apus-Model-Version": {"$ref": "#/components/headers/ModelVersion"}},
                "content": {
                  "application/json": {"schema": {"$ref": "#/components/schemas/PredictResponse"}},
                  "application/x-npy": {"schema": {"type": "string", "format": "binary"}},
                  "application/x-npz": {"schema": {"type": "string", "format": "binary"}},
                  "application/octet-stream": {"schema": {"type": "string", "format": "binary"}}
                }
              },
              "Classifications": {
                "description": "The result of each example.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ClassifyResponse"}}}
              },
              "Regressions": {
                "description": "The result of each example.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/RegressResponse"}}}
              },
              "Status": {
                "description": "The states of a model's versions, newest first.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ModelStatus"}}}
              },
              "Metadata": {
                "description": "The signatures, in TensorFlow Serving's form.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ModelMetadata"}}}
              },
              "Error": {
                "description": "What went wrong.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
              }
            }
          }
        }

        """#
}
