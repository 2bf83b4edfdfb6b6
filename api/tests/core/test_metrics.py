"""Figures of one process; those of several are in tests/test_shutdown.py."""

from app.core import metrics


async def test_the_text_is_what_prometheus_reads() -> None:
    content, content_type = await metrics.exposition()
    assert content_type.startswith("text/plain; version=")
    lines = content.decode().splitlines()
    assert "# TYPE http_requests_total counter" in lines
    assert "# TYPE http_request_duration_seconds histogram" in lines
    assert "# TYPE http_requests_in_progress gauge" in lines
    assert not any("_created" in line for line in lines)
