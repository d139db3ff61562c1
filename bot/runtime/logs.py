"""Structured logging: readable on a console, or one JSON object per line."""

import logging
import sys
import threading

import structlog

_SHARED: list[structlog.typing.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


# structlog's default adds each frame's local variables, which hold payloads, tokens and response URLs.
_TRACEBACKS = structlog.processors.ExceptionRenderer(
    structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
)


def configure(log_format: str, log_level: str) -> None:
    """Log our events and those of libraries to standard error in one format."""
    final: list[structlog.typing.Processor]
    if log_format == "json":
        final = [_TRACEBACKS, structlog.processors.JSONRenderer()]
    else:
        final = [
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
            )
        ]
    structlog.configure(
        processors=[
            *_SHARED,
            structlog.stdlib.filter_by_level,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*_SHARED, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *final],
        )
    )
    logging.basicConfig(level=log_level.upper(), handlers=[handler], force=True)
    logging.captureWarnings(capture=True)
    threading.excepthook = _log_failed_thread
    # Alembic logs two lines each time the schema version is read, which each /healthz request does.
    logging.getLogger("alembic").setLevel(logging.WARNING)


def _log_failed_thread(failed: threading.ExceptHookArgs) -> None:
    """Log the exception that ended a thread, which Python would print as plain text."""
    if failed.exc_value is not None:
        error = (failed.exc_type, failed.exc_value, failed.exc_traceback)
        structlog.get_logger("bot.runtime").error("thread_failed", exc_info=error)
