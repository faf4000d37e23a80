"""Traces, as a collector receives them."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from starlette.testclient import TestClient

from xephang.errors import MissingExtraError
from xephang.server import Settings, create_app
from xephang.server.tracing import Tracing

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@pytest.fixture
def collector():
    """A collector of OTLP over HTTP: its address, and the spans that it got."""
    spans = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self):  # the name that http.server looks for
            request = ExportTraceServiceRequest.FromString(self.rfile.read(int(self.headers["content-length"])))
            spans.extend(span for one in request.resource_spans for part in one.scope_spans for span in part.spans)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Collector) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/v1/traces", spans
        server.shutdown()
        thread.join()


def test_a_request_is_a_span_of_its_callers_trace(collector, tiny_exported):
    endpoint, spans = collector
    with TestClient(create_app(Settings(model=str(tiny_exported), threads=1, otlp_endpoint=endpoint))) as client:
        headers = {"traceparent": f"00-{TRACE}-{PARENT}-01", "x-request-id": "abc"}
        client.post("/v1/rerank", json={"query": "giày", "documents": ["giày nam", "dép"]}, headers=headers)
    by_name = {span.name: span for span in spans}
    assert set(by_name) == {"POST /v1/rerank", "queue", "tokenising", "inference"}
    whole = by_name["POST /v1/rerank"]
    assert (whole.trace_id.hex(), whole.parent_span_id.hex()) == (TRACE, PARENT)
    assert all(span.parent_span_id == whole.span_id for span in spans if span is not whole)
    assert all(whole.start_time_unix_nano <= span.start_time_unix_nano <= span.end_time_unix_nano for span in spans)
    said = {one.key: one.value for one in whole.attributes}
    assert (said["candidates"].int_value, said["request_id"].string_value) == (2, "abc")
    assert "giày" not in str(whole)


def test_a_search_has_its_first_stage_as_a_span_and_products_share_a_name(collector, search_folder):
    endpoint, spans = collector
    settings = Settings(model="giay", catalogue=str(search_folder), threads=1, otlp_endpoint=endpoint)
    with TestClient(create_app(settings)) as client:
        client.post("/v1/search", json={"query": "giày nữ"})
        client.get("/v1/products/SP0100000")
        client.get("/v1/products/none")
    names = [span.name for span in spans]
    assert {name: names.count(name) for name in names} == {
        "POST /v1/search": 1, "first stage": 1, "GET /v1/products/{id}": 2, "queue": 3,
        "tokenising": 3, "inference": 3,
    }  # fmt: skip
    whole, first = (next(span for span in spans if span.name == name) for name in ("POST /v1/search", "first stage"))
    assert first.parent_span_id == whole.span_id
    assert first.start_time_unix_nano == whole.start_time_unix_nano
    assert first.end_time_unix_nano <= whole.end_time_unix_nano


def test_without_an_endpoint_nothing_is_sent_and_nothing_needed(monkeypatch):
    monkeypatch.setattr("xephang.server.tracing.find_spec", lambda _: None)
    Tracing(None).close()


def test_without_its_extra_it_says_which(monkeypatch):
    monkeypatch.setattr("xephang.server.tracing.find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'xephang\[otel\]'"):
        Tracing("http://127.0.0.1:1/v1/traces")
