"""The log: one JSON object a line on stdout, uvicorn's lines as well, without personal data.

`logging.json` has the loggers. uvicorn's access log is off, as its lines have the path and the
query of a request (`RequestObserver` logs requests instead), and so is PyMongo's below warnings,
which has whole commands.
"""

import json
import logging
import logging.config
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)

_CONFIGURATION = Path(__file__).with_name("logging.json")
_STANDARD_ATTRIBUTES = frozenset(vars(logging.makeLogRecord({}))) | {
    "message",
    "asctime",
    # The same message once more, for a terminal.
    "color_message",
}

ExceptionInfo = (
    tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
)


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        entry: dict[str, object] = {
            "time": time.replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if (identifier := request_id.get()) is not None:
            entry["request_id"] = identifier
        attributes = vars(record).items()
        entry |= {name: value for name, value in attributes if name not in _STANDARD_ATTRIBUTES}
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        # Escapes line breaks and everything that is not ASCII: one line, whatever is in it.
        return json.dumps(entry, default=repr)

    def formatException(self, ei: ExceptionInfo) -> str:  # noqa: N802 (logging's name)
        """Types and places, and no texts: those of a database's errors have the values in them."""
        lines = []
        error = ei[1]
        seen: set[int] = set()
        while error is not None and id(error) not in seen:
            seen.add(id(error))
            frames = traceback.extract_tb(error.__traceback__)
            lines.append(f"{type(error).__module__}.{type(error).__qualname__}")
            lines.extend(f"  {frame.filename}:{frame.lineno} {frame.name}" for frame in frames)
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        return "\n".join(lines)


def configure_logging(level: str) -> None:
    configuration = json.loads(_CONFIGURATION.read_text(encoding="utf-8"))
    configuration["root"]["level"] = level
    for name in ("uvicorn", "uvicorn.error"):
        configuration["loggers"][name]["level"] = level
    logging.config.dictConfig(configuration)
    quieter = logging.getLogger("pymongo")
    quieter.setLevel(max(quieter.level, logging.getLogger().level))
