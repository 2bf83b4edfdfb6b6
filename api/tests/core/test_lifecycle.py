"""What is logged of errors in the event loop; start and stop are in tests/test_shutdown.py."""

import asyncio

from fastapi import FastAPI

from tests.conftest import captured_log

ADDRESS = "ada@example.com"


async def test_a_task_that_fails_unseen_is_logged_without_its_text(
    app: FastAPI,
) -> None:
    loop = asyncio.get_running_loop()
    error = RuntimeError(f"could not store {ADDRESS}")
    with captured_log() as log:
        loop.call_exception_handler({"message": "a task failed", "exception": error})
        loop.call_exception_handler({"message": "something else"})
    output = log.getvalue()
    assert "a task failed" in output
    assert "RuntimeError" in output
    assert "something else" in output
    assert ADDRESS not in output
    assert app.state.lifecycle.stopping is False
