"""Spans reach an OpenTelemetry collector, as parts of the traces of clients (docs/operations/traces.md)."""

import threading
import urllib.request
from collections import namedtuple
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from clients.cosign import Cosign3
from page import Page
from stack import Stack, wait_for

PAGE = Page("traces.md")
Span = namedtuple("Span", "trace id parent name links")


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def fields(data):
    """The fields of a protobuf message that are bytes, by number."""
    found, at = {}, 0
    while at < len(data):
        tag, at = varint(data, at)
        if tag & 7 == 2:
            length, at = varint(data, at)
            found.setdefault(tag >> 3, []).append(data[at : at + length])
            at += length
        elif tag & 7 == 0:
            _, at = varint(data, at)
        else:
            at += {1: 8, 5: 4}[tag & 7]
    return found


def spans_of(request):
    """opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest"""
    for resource in fields(request).get(1, []):
        for scope in fields(resource).get(2, []):
            for span in map(fields, fields(scope).get(2, [])):
                text = lambda number: span.get(number, [b""])[0].hex()
                links = [fields(link)[2][0].hex() for link in span.get(13, [])]
                yield Span(text(1), text(2), text(4), span[5][0].decode(), links)


@pytest.fixture
def collector():
    spans = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self):
            assert self.path == "/v1/traces", self.path
            spans.extend(spans_of(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", spans
    server.shutdown()


def test_requests_commits_and_signatures_are_traced(binary, tmp_path, collector, monkeypatch, blob, work):
    endpoint, spans = collector
    variable = PAGE.told("OTEL_EXPORTER_OTLP_ENDPOINT")
    monkeypatch.setenv(variable, endpoint)
    trace, caller = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
    with Stack.up(binary, tmp_path / "data") as stack:
        monkeypatch.delenv(variable)
        traced = {"traceparent": f"00-{trace}-{caller}-01"}
        request = urllib.request.Request(stack.service_url("log") + "api/v1/log", headers=traced)
        urllib.request.urlopen(request, timeout=10).read()
        untraced = urllib.request.Request(stack.service_url("log") + "ping", headers={"traceparent": "00-nonsense"})
        urllib.request.urlopen(untraced, timeout=10).read()
        cosign = Cosign3(stack, work)
        cosign("sign-blob", *cosign.signing(), "--bundle", work / "bundle.json", blob)
        # Also while it runs, not only at its end.
        wait_for(lambda: any(span.trace == trace for span in spans), "the client's trace")
    by_id = {span.id: span for span in spans}
    theirs = [span for span in spans if span.trace == trace]
    assert [(span.name, span.parent) for span in theirs] == [("request", caller)]
    assert {span.name for span in spans} <= set(PAGE.spans()), "the page explains every span"
    named = lambda name: [span for span in spans if span.name == name]
    requests = {span.id for span in named("request")}
    assert len(requests) > 4
    # An entry's request waits for a batch, which is a trace of its own.
    linked = [(batch, by_id[link]) for batch in named("batch") for link in batch.links if link in by_id]
    assert any(append.name == "append" and append.parent in requests for _, append in linked)
    batches = {batch.id for batch in named("batch")}
    assert any(span.parent in batches for span in named("commit"))
    assert any(span.parent in batches for span in named("sign"))
    assert any(span.parent in requests for span in named("sign")), "certificates"
