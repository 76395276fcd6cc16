"""The documentation page works in a real browser that may not ask anybody but the server."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask, Response, jsonify, request
from PIL import Image
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.serving import make_server

from seldon_runtime.plugin import Method
from seldon_runtime.testing import WAIT_S, wait_until
from seldon_runtime_rest.flask_bridge.docs_page import docs_blueprint
from seldon_runtime_rest.openapi.document import Description, document
from seldon_runtime_v2.plugin import V2Plugin

COMPONENT = Description(
    name="iris",
    versions=["v1"],
    platform="sklearn",
    service_type="MODEL",
    class_name="IrisClassifier",
    methods=frozenset({Method.PREDICT}),
    inputs=[{"messagetype": "tensor", "schema": {"names": ["length", "width"], "shape": [2]}}],
)


class Columns:
    """A component whose model knows its columns."""

    feature_names_in_ = ("length", "width")

    def predict(self, X: Any, names: Any) -> Any:
        return names


@pytest.fixture
def app() -> Flask:
    app = Flask(__name__)
    app.register_blueprint(docs_blueprint())

    @app.get("/seldon.json")
    def openapi() -> Response:
        return Response(json.dumps(document(COMPONENT)), mimetype="application/json")

    @app.post("/predict")
    def predict() -> Response:
        if request.mimetype == "multipart/form-data":
            parts = {name: file.read().decode() for name, file in request.files.items()}
            return jsonify({**request.form, **parts})
        return jsonify({"echo": request.get_json(), "meta": {}})

    return app


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    """The origin of a real server with the page at ``/docs`` and at ``/behind/a/proxy/docs``."""
    everywhere = DispatcherMiddleware(app, {"/behind/a/proxy": app})
    server = make_server("127.0.0.1", 0, everywhere, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def wait_for(browser: Any, css: str) -> Any:
    """The first visible element that ``css`` selects, as soon as there is one."""
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support import expected_conditions
    from selenium.webdriver.support.wait import WebDriverWait

    found = expected_conditions.visibility_of_element_located((By.CSS_SELECTOR, css))
    return WebDriverWait(browser, WAIT_S).until(found, f"nothing visible for {css}")


def resources(browser: Any) -> list[str]:
    """The addresses of all that the page loaded."""
    script = "return performance.getEntriesByType('resource').map(entry => entry.name)"
    addresses: list[str] = browser.execute_script(script)
    return [address for address in addresses if not address.startswith("data:")]


def asked_origins(browser: Any) -> set[str]:
    """The origins of all requests that the page made or tried; the browser's own ``chrome:`` do not count."""
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    urls = [
        message["params"]["request"]["url"]
        for message in messages
        if message["method"] == "Network.requestWillBeSent"
    ]
    parts = [urlsplit(url) for url in urls + resources(browser)]
    return {
        f"{part.scheme}://{part.netloc}" for part in parts if part.scheme in ("http", "https", "ws", "wss")
    }


def test_page_shows_every_operation_and_asks_only_its_own_server(browser: Any, address: str) -> None:
    browser.get(f"{address}/docs")
    wait_for(browser, "#operations-component-postPredict")
    shown = browser.execute_script("return document.querySelectorAll('.opblock').length")
    assert shown == sum(len(item) for item in document(COMPONENT)["paths"].values())
    assert "iris" in wait_for(browser, ".info .title").text
    assert asked_origins(browser) == {address}
    assert browser.get_log("browser") == []


def test_page_has_the_colours_that_the_system_asks_for_and_follows_it(browser: Any, address: str) -> None:
    def ask_for(scheme: str) -> None:
        wish = {"name": "prefers-color-scheme", "value": scheme}
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [wish]})

    def brightness() -> float:
        colour = wait_for(browser, ".info .title").value_of_css_property("color")
        return sum(map(int, re.findall(r"\d+", colour)[:3])) / 3

    ask_for("dark")
    browser.get(f"{address}/docs")
    wait_until(lambda: brightness() > 200, "light text on a dark page")
    ask_for("light")
    wait_until(lambda: brightness() < 100, "dark text on a light page")


def test_try_it_out_sends_the_example_and_shows_the_answer(browser: Any, address: str) -> None:
    browser.get(f"{address}/docs/#/component/postPredict")
    wait_for(browser, ".opblock.is-open .try-out__btn").click()
    wait_for(browser, ".opblock.is-open textarea")
    wait_for(browser, ".opblock.is-open .execute").click()
    answer = wait_for(browser, ".live-responses-table .response .microlight").text
    assert wait_for(browser, ".live-responses-table .response .response-col_status").text.startswith("200")
    tensor = {"shape": [1, 2], "values": [1, 1]}
    assert json.loads(answer)["echo"] == {"data": {"names": ["length", "width"], "tensor": tensor}}
    assert asked_origins(browser) == {address}
    assert browser.get_log("browser") == []


def test_an_example_of_v2_works_unedited(browser: Any, serve_by: Callable[..., Any]) -> None:
    plugin = V2Plugin()
    address = serve_by("rest", Columns(), "--v2-model-name", "m", extensions=[plugin]).address
    browser.get(f"{address}/docs/#/Open%20Inference%20Protocol/postV2ModelsMInfer")
    wait_for(browser, ".opblock.is-open .try-out__btn").click()
    wait_for(browser, ".opblock.is-open textarea")
    wait_for(browser, ".opblock.is-open .execute").click()
    answer = wait_for(browser, ".live-responses-table .response .microlight").text
    assert wait_for(browser, ".live-responses-table .response .response-col_status").text.startswith("200")
    assert json.loads(answer)["outputs"][0]["data"] == ["length", "width"]
    assert asked_origins(browser) == {address}


def test_an_upload_sends_the_chosen_file_only(browser: Any, address: str, tmp_path: Path) -> None:
    from selenium.webdriver.support.select import Select

    image = tmp_path / "image.png"
    image.write_text("pixels")
    browser.get(f"{address}/docs/#/component/postPredict")
    wait_for(browser, ".opblock.is-open .try-out__btn").click()
    kinds = wait_for(
        browser, ".opblock.is-open .opblock-section-request-body .body-param-content-type select"
    )
    Select(kinds).select_by_visible_text("multipart/form-data")
    wait_for(browser, ".opblock.is-open input[type=file]").send_keys(str(image))
    wait_for(browser, ".opblock.is-open .execute").click()
    answer = wait_for(browser, ".live-responses-table .response .microlight").text
    assert json.loads(answer) == {"binData": "pixels"}


class Size:
    """A component that receives pictures."""

    def predict(self, X: Image.Image) -> dict[str, Any]:
        return {"size": X.size}


def test_a_picture_is_the_body(browser: Any, serve_by: Callable[..., Any], tmp_path: Path) -> None:
    from selenium.webdriver.support.select import Select

    file = tmp_path / "photo.jpg"
    Image.new("RGB", (3, 2)).save(file)
    address = serve_by("rest", Size()).address
    browser.get(f"{address}/docs/#/component/postPredict")
    wait_for(browser, ".opblock.is-open .try-out__btn").click()
    kinds = wait_for(
        browser, ".opblock.is-open .opblock-section-request-body .body-param-content-type select"
    )
    Select(kinds).select_by_visible_text("image/jpeg")
    wait_for(browser, ".opblock.is-open input[type=file]").send_keys(str(file))
    wait_for(browser, ".opblock.is-open .execute").click()
    answer = wait_for(browser, ".live-responses-table .response .microlight").text
    assert json.loads(answer)["jsonData"] == {"size": [3, 2]}


def test_a_table_of_csv_works_unedited(browser: Any, serve_by: Callable[..., Any]) -> None:
    from selenium.webdriver.support.select import Select

    address = serve_by("rest", Columns()).address
    browser.get(f"{address}/docs/#/component/postPredict")
    wait_for(browser, ".opblock.is-open .try-out__btn").click()
    kinds = wait_for(
        browser, ".opblock.is-open .opblock-section-request-body .body-param-content-type select"
    )
    Select(kinds).select_by_visible_text("text/csv")
    wait_for(browser, ".opblock.is-open textarea")
    wait_for(browser, ".opblock.is-open .execute").click()
    answer = wait_for(browser, ".live-responses-table .response .microlight").text
    assert json.loads(answer)["data"]["ndarray"] == ["length", "width"]


def test_page_works_below_a_path_prefix(browser: Any, address: str) -> None:
    browser.get(f"{address}/behind/a/proxy/docs")
    wait_for(browser, "#operations-component-postPredict")
    assert browser.current_url == f"{address}/behind/a/proxy/docs/"
    assert all(url.startswith(f"{address}/behind/a/proxy/") for url in resources(browser))
    assert browser.get_log("browser") == []
