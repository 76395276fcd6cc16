"""The interactive documentation page at ``/docs``.

Swagger UI itself comes from the installed ``flask-swagger-ui`` distribution. The page is our
own: that package's template starts the UI from an inline script, which the policy below forbids.
Every address in the page is relative, so it also works behind a proxy that adds a path prefix.
"""

from __future__ import annotations

from importlib.resources import files

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",  # the style sheet holds its icons as data: addresses
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>API documentation</title>
  <link rel="icon" type="image/png" href="assets/favicon-32x32.png">
  <link rel="stylesheet" href="assets/swagger-ui.css">
  <link rel="stylesheet" href="assets/index.css">
</head>
<body>
  <div id="swagger-ui"></div>
  <script src="assets/swagger-ui-bundle.js"></script>
  <script src="start.js"></script>
</body>
</html>
"""

_START = """"use strict";
// the style sheet has dark colours since Swagger UI 5.29
const dark = matchMedia("(prefers-color-scheme: dark)");
const followSystem = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
followSystem();
dark.addEventListener("change", followSystem);

SwaggerUIBundle({
  url: new URL("../seldon.json", document.baseURI).href,
  dom_id: "#swagger-ui",
  presets: [SwaggerUIBundle.presets.apis],
  deepLinking: true,
  displayRequestDuration: true,
  validatorUrl: null,
  requestInterceptor: (request) => {
    // Swagger UI sends every field of a form: leave out those that nobody filled in
    if (request.body instanceof FormData) {
      for (const [name, value] of [...request.body.entries()]) {
        if (value === "") request.body.delete(name);
      }
    }
    return request;
  },
});
"""


def docs_blueprint() -> Blueprint:
    """Return a blueprint with ``/docs/``, the files of that page, and a redirect from ``/docs``.

    The page reads ``/seldon.json``, which the application has to serve. It loads all its files from this
    server, and its Content-Security-Policy lets the browser send requests to this server only.
    """
    docs = Blueprint(
        "docs",
        __name__,
        url_prefix="/docs",
        static_folder=str(files("flask_swagger_ui") / "dist"),
        static_url_path="/assets",
    )

    @docs.get("")
    def without_slash() -> AnyResponse:
        return redirect(request.path.rpartition("/")[2] + "/")

    @docs.get("/")
    def page() -> Response:
        return Response(_PAGE, mimetype="text/html")

    @docs.get("/start.js")
    def start() -> Response:
        return Response(_START, mimetype="text/javascript")

    @docs.after_request
    def restrict(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    return docs
