"""The service described: in OpenAPI for programs, as one page without scripts for people."""

import html
import json
from typing import Any

import forge_core
from forge_core.imaging.decode import REASONS
from forge_core.serving.requests.keys import SCOPES

_ERROR = {"$ref": "#/components/schemas/Error"}
_WHEN = {
    400: "The body cannot be read",
    401: "No known API key",
    403: "The key lacks the scope",
    408: "Header or body too slow",
    413: "Body too large",
    415: "Body of another type",
    422: "No image that can be read; each with its reason",
    429: "The key asks too often; see Retry-After",
    503: "Too much waits, or not ready; see Retry-After",
}
_SCHEMAS: dict[str, Any] = {
    "Error": {
        "type": "object",
        "properties": {
            "error": {
                "type": "object",
                "required": ["asked", "found", "next_step"],
                "properties": {
                    "asked": {"type": "string"},
                    "found": {"type": "string"},
                    "next_step": {"type": "string"},
                    "request_id": {"type": "string"},
                    "reason": {"type": "string", "enum": sorted(REASONS)},
                },
            }
        },
    },
    "Prediction": {
        "type": "object",
        "properties": {
            "filename": {"type": "string"},
            "probabilities": {
                "type": "array",
                "description": "The most likely classes, most likely first",
                "items": {
                    "type": "object",
                    "properties": {
                        "label_name": {"type": "string"},
                        "probability": {"type": "number", "minimum": 0, "maximum": 1},
                    },
                },
            },
            "decision": {
                "type": ["string", "null"],
                "enum": ["accepted", "not_sure", "unfamiliar", None],
                "description": "What to do with the answer; null where the card has no rule",
            },
            "latency_ms": {"type": "number"},
            "width": {"type": "integer"},
            "height": {"type": "integer"},
            "error": {"type": "object", "description": "Instead of the rest, for a bad image"},
        },
    },
    "Predictions": {
        "type": "object",
        "properties": {
            "predictions": {"type": "array", "items": {"$ref": "#/components/schemas/Prediction"}},
            "checkpoint_sha256": {"type": "string"},
            "run_id": {"type": ["integer", "string", "null"]},
            "revision_id": {"type": ["integer", "null"]},
            "request_id": {"type": "string"},
        },
    },
}
_BODY = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["file"],
                "properties": {
                    "file": {"type": "array", "items": {"type": "string", "format": "binary"}}
                },
            }
        },
        "image/*": {"schema": {"type": "string", "format": "binary"}},
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["images"],
                "properties": {
                    "images": {
                        "type": "array",
                        "items": {"type": "string", "contentEncoding": "base64"},
                    },
                    "top_k": {"type": "integer"},
                },
            }
        },
    },
}
_ROUTES: dict[tuple[str, str], tuple[str, str]] = {
    ("get", "/health"): ("", "The process lives; its checkpoint was proven when it was loaded"),
    ("get", "/ready"): ("", "Predictions may be asked for: the golden ones hold"),
    ("post", "/predict"): ("predict", "Class probabilities of images, in their order"),
    ("get", "/model"): ("read", "The card of the checkpoint in use"),
    ("get", "/metrics"): ("read", "Numbers for Prometheus"),
    ("get", "/shadow"): ("read", "What a second checkpoint answers otherwise"),
    ("post", "/admin/reload"): ("admin", "Look now whether another checkpoint is meant"),
}


def openapi(has_keys: bool) -> dict[str, Any]:
    """The OpenAPI 3.1 document; with keys, what needs which."""
    paths: dict[str, Any] = {}
    for (method, path), (scope, summary) in _ROUTES.items():
        found = "Predictions" if path == "/predict" else None
        schema = {"$ref": f"#/components/schemas/{found}"} if found else {"type": "object"}
        responses: dict[str, Any] = {
            "200": {"description": "OK", "content": {"application/json": {"schema": schema}}}
        }
        for status in _WHEN if path == "/predict" else (401, 403, 503):
            responses[str(status)] = {
                "description": _WHEN[status],
                "content": {"application/json": {"schema": _ERROR}},
            }
        operation: dict[str, Any] = {"summary": summary, "responses": responses}
        if has_keys and scope:
            operation |= {"security": [{"key": []}], "description": f"Needs the scope {scope}."}
        if path == "/predict":
            operation["requestBody"] = _BODY
            operation["parameters"] = [
                {
                    "name": "top_k",
                    "in": "query",
                    "description": "How many classes to name",
                    "schema": {"type": "integer", "minimum": 1, "maximum": 100, "default": 5},
                }
            ]
        paths.setdefault(path, {})[method] = operation
    return {
        "openapi": "3.1.0",
        "info": {"title": "Vision Forge", "version": _version()},
        "paths": paths,
        "components": {
            "schemas": _SCHEMAS,
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


def page(has_keys: bool) -> str:
    """The same for people, in HTML that loads nothing."""
    rows = "".join(
        f"<tr><td><code>{method.upper()} {path}</code></td><td>{html.escape(summary)}</td>"
        f"<td>{scope or 'none'}</td></tr>"
        for (method, path), (scope, summary) in _ROUTES.items()
    )
    errors = "".join(f"<tr><td>{code}</td><td>{text}</td></tr>" for code, text in _WHEN.items())
    scopes = "".join(f"<li><code>{name}</code>: {text}</li>" for name, text in SCOPES.items())
    keys = (
        f"<p>Send <code>Authorization: Bearer KEY</code>. Scopes:</p><ul>{scopes}</ul>"
        if has_keys
        else "<p>This service asks for no API key.</p>"
    )
    return f"""<!doctype html><html lang="en"><meta charset="utf-8">
<title>Vision Forge service</title>
<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">
<style>body{{font:16px/1.5 system-ui;max-width:50rem;margin:2rem auto;padding:0 1rem}}
table{{border-collapse:collapse;width:100%}}td,th{{text-align:left;padding:.3rem .6rem .3rem 0;
border-bottom:1px solid #8886;vertical-align:top}}pre{{overflow:auto;padding:.8rem;
border:1px solid #8886}}</style>
<h1>Vision Forge service</h1>
<p>One checkpoint answers for images. Programs read <a href="openapi.json">openapi.json</a>.</p>
<pre>curl -F file=@picture.jpg "ADDRESS/predict?top_k=3"
curl -H "Content-Type: image/jpeg" --data-binary @picture.jpg ADDRESS/predict</pre>
<h2>Routes</h2><table><tr><th>Route</th><th>Answers</th><th>Scope</th></tr>{rows}</table>
<h2>API keys</h2>{keys}
<h2>Refusals of /predict</h2>
<p>One shape: <code>{{"error": {{"asked", "found", "next_step", "request_id"}}}}</code>.</p>
<table>{errors}</table>
<h2>Body in JSON</h2><pre>{html.escape(json.dumps({"images": ["BASE64"], "top_k": 3}))}</pre>
</html>"""


def _version() -> str:
    return str(getattr(forge_core, "__version__", "1"))
