"""The reference page at /api/docs: flask-swagger-ui's own files and one small script of ours, no inline code."""

from pathlib import Path

import flask_swagger_ui
from flask import Blueprint, Response, render_template_string, send_from_directory

blueprint = Blueprint("api_docs", __name__, url_prefix="/api/docs")
DIST = Path(flask_swagger_ui.__file__).parent / "dist"
FILES = frozenset({"swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png"})
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><title>cxloop API</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="{{ url_for('api_docs.file', name='swagger-ui.css') }}">
<link rel="icon" href="{{ url_for('api_docs.file', name='favicon-32x32.png') }}">
</head>
<body>
<div id="reference"></div>
<script src="{{ url_for('api_docs.file', name='swagger-ui-bundle.js') }}"></script>
<script src="{{ url_for('api_docs.start') }}"></script>
</body>
</html>
"""
START = 'SwaggerUIBundle({url: "/api/v1/openapi.json", dom_id: "#reference", deepLinking: true, validatorUrl: null});\n'


@blueprint.get("/")
def page() -> str:
    """The page."""
    return render_template_string(PAGE)


@blueprint.get("/start.js")
def start() -> Response:
    """Our own script: what to show."""
    return Response(START, content_type="text/javascript; charset=utf-8")


@blueprint.get("/files/<string:name>")
def file(name: str) -> Response:
    """One of the reader's files."""
    if name not in FILES:
        return Response(status=404)
    return send_from_directory(DIST, name)
