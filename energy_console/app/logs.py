"""Where the program writes what it did: structured lines in a rotating file, errors alone on standard error."""

from __future__ import annotations

import json
import logging
import logging.handlers
import sys
from pathlib import Path

MOST_BYTES, KEPT_FILES = 5_000_000, 5


def log_file() -> Path:
    """The log of this user on this machine."""
    import platformdirs

    return Path(platformdirs.user_log_dir("energy-console", appauthor=False)) / "console.log"


class OneLine(logging.Formatter):
    """One JSON object a line, with time, level, who said it, and the traceback where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname.lower(),
            "from": record.name,
            "says": record.getMessage(),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


class Sentence(logging.Formatter):
    """Only the sentence: a traceback belongs in the file."""

    def format(self, record: logging.LogRecord) -> str:
        return record.getMessage()


def start_logging() -> Path | None:
    """Starts the log once; returns its file, None where none can be written (then only standard error has errors)."""
    root = logging.getLogger()
    if any(isinstance(handler.formatter, Sentence) for handler in root.handlers):
        return log_file()
    root.setLevel(logging.INFO)
    heard = logging.StreamHandler(sys.stderr)
    heard.setLevel(logging.ERROR)
    heard.setFormatter(Sentence())
    root.addHandler(heard)
    path = log_file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        kept = logging.handlers.RotatingFileHandler(
            path, maxBytes=MOST_BYTES, backupCount=KEPT_FILES, encoding="utf-8", delay=True
        )
    except OSError:
        return None
    kept.setFormatter(OneLine())
    root.addHandler(kept)
    return path
