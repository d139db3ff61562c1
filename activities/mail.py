"""The mail port: renders mail to customers from templates and sends it by SMTP."""

import hashlib
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import localtime
from pathlib import Path
from urllib.parse import unquote, urlsplit

import aiosmtplib
import structlog
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from temporalio import activity
from temporalio.exceptions import ApplicationError

from workflows.ports.orders import MailPort, MailResult
from workflows.rules.orders.mail import ADDRESS, Mail

SEND_TIMEOUT = 8
"""Seconds for one mail, within the ten seconds of the activity's timeout."""
FALLBACK_LANGUAGE = "en"
"""The language of mail to customers whose own language has no templates."""
_TEMPLATES = Path(__file__).with_name("templates")
_LANGUAGES = frozenset(path.name for path in _TEMPLATES.iterdir() if path.is_dir())
_PORTS = {"smtp": 25, "smtps": 465}
_TRANSIENT_REPLIES = range(400, 500)
"""SMTP reply codes for a failure that a retry may get past."""

_log = structlog.get_logger("mail")


@dataclass(frozen=True, kw_only=True, slots=True)
class MailServer:
    """An SMTP server. `encrypted` means TLS from the start."""

    host: str
    port: int
    username: str = ""
    password: str = ""
    encrypted: bool = False

    @property
    def start_tls(self) -> bool | None:
        """Whether STARTTLS is required: a password is never sent in clear. None means if offered."""
        if self.encrypted:
            return False
        return True if self.password else None


def mail_server(url: str) -> MailServer:
    """Parse `smtp://user:password@host:port` or `smtps://…`. Raises ValueError if it is neither."""
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ValueError("must be smtp://user:password@host:port or smtps://…")
    return MailServer(
        host=parts.hostname,
        port=parts.port or _PORTS[parts.scheme],
        username=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        encrypted=parts.scheme == "smtps",
    )


class MailOff(MailPort):
    """No mail, because no server is configured. The result and the log say so."""

    @activity.defn
    async def send(self, mail: Mail) -> MailResult:
        """Send nothing."""
        _log.info("mail_off", kind=mail.kind.value, order_id=mail.order.order_id)
        return MailResult(sent=False, problem="mail.off")


class SmtpMail(MailPort):
    """Mail over SMTP, with one connection per mail: an order sends about five in its life."""

    def __init__(
        self, server: MailServer, sender: str, context: ssl.SSLContext | None = None
    ) -> None:
        self._server = server
        self._sender = sender
        self._context = context

    @activity.defn
    async def send(self, mail: Mail) -> MailResult:
        """Send one mail. A repeated call may deliver it twice, with the same Message-ID.

        Raises ApplicationError `mail.refused` (not retryable) if the address is invalid or the
        server rejects it, and `mail.unavailable` if the server cannot be reached or is busy.
        """
        if not mail.to:
            _log.info("mail_without_address", kind=mail.kind.value, order_id=mail.order.order_id)
            return MailResult(sent=False, problem="mail.no_address")
        message = compose(mail, self._sender)
        try:
            await aiosmtplib.send(
                message,
                hostname=self._server.host,
                port=self._server.port,
                username=self._server.username or None,
                password=self._server.password or None,
                use_tls=self._server.encrypted,
                start_tls=self._server.start_tls,
                tls_context=self._context,
                timeout=SEND_TIMEOUT,
            )
        except (aiosmtplib.SMTPException, OSError) as error:
            raise _mail_error(error) from error
        _log.info("mail_sent", kind=mail.kind.value, order_id=mail.order.order_id)
        return MailResult(sent=True)


def compose(mail: Mail, sender: str) -> EmailMessage:
    """Return the message to send, as text and HTML. The same key gives the same Message-ID.

    Raises ApplicationError `mail.refused` if `to` is not an e-mail address.
    """
    rendered = _render(mail)
    message = EmailMessage()
    message["From"] = sender
    if not re.fullmatch(ADDRESS, mail.to):  # a line break would start another header
        raise _refused("not an e-mail address")
    message["To"] = mail.to
    message["Subject"] = rendered["subject"]
    message["Date"] = localtime()
    digest = hashlib.sha256(mail.key.encode()).hexdigest()[:32]
    message["Message-ID"] = f"<{digest}@{sender.rpartition('@')[2].strip('<> ') or 'countersign'}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
    message.set_content(rendered["text"])
    message.add_alternative(rendered["html"], subtype="html")
    return message


_ENVIRONMENT = Environment(
    loader=FileSystemLoader(_TEMPLATES),
    # Text from customers and operators is never markup.
    autoescape=select_autoescape(enabled_extensions=("html.j2",), default=False),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)


def _render(mail: Mail) -> Mapping[str, str]:
    language = mail.language if mail.language in _LANGUAGES else FALLBACK_LANGUAGE
    values = {"mail": mail, "order": mail.order}
    text = _ENVIRONMENT.get_template(f"{language}/{mail.kind}.txt.j2")
    subject = "".join(text.blocks["subject"](text.new_context(values)))
    html = _ENVIRONMENT.get_template(f"{language}/{mail.kind}.html.j2")
    return {
        "subject": " ".join(subject.split()),
        "text": text.render(values),
        "html": html.render(values | {"subject": subject.strip()}),
    }


def _mail_error(error: Exception) -> ApplicationError:
    codes = _codes(error)
    permanent = codes and not any(code in _TRANSIENT_REPLIES for code in codes)
    # A failed login is retried until an operator fixes the credentials.
    if permanent and not isinstance(error, aiosmtplib.SMTPAuthenticationError):
        return _refused(f"the server replied {codes[0]}")
    if isinstance(error, aiosmtplib.SMTPNotSupported):
        return _refused(type(error).__name__)
    return ApplicationError(type(error).__name__, type="mail.unavailable")


def _codes(error: Exception) -> list[int]:
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        return [recipient.code for recipient in error.recipients]
    return [error.code] if isinstance(error, aiosmtplib.SMTPResponseException) else []


def _refused(why: str) -> ApplicationError:
    return ApplicationError(why, type="mail.refused", non_retryable=True)
