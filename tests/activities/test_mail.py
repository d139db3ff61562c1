"""Mail to customers through a real SMTP server: delivery, refusals and retries."""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from email import message_from_bytes, policy
from email.message import EmailMessage, MIMEPart
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from hypothesis import given
from hypothesis import strategies as st
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.mail import FALLBACK_LANGUAGE, MailOff, MailServer, SmtpMail, compose, mail_server
from tests.certificates import self_signed
from tests.records.builders import order
from views.catalogue import LANGUAGES
from workflows.ports.orders import MailResult
from workflows.rules.orders.mail import Mail, MailKind

SENDER = "Acme orders <orders@acme.example>"
MAIL = Mail(key="ORD-1:shipped", to="ada@example.org", kind=MailKind.SHIPPED, order=order())


@dataclass
class PostOffice:
    """Stores the mails that arrive. `says` replies to a recipient or a message instead of accepting it."""

    port: int = 0
    tls: ssl.SSLContext | None = None
    logins: int = 0
    arrived: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    says: dict[str, str] = field(default_factory=dict)

    async def handle_RCPT(  # noqa: N802 - the library's name for it
        self,
        server: SMTP,  # noqa: ARG002
        session: Session,  # noqa: ARG002
        envelope: Envelope,
        address: str,
        options: list[str],  # noqa: ARG002
    ) -> str:
        if "RCPT" in self.says:
            return self.says["RCPT"]
        envelope.rcpt_tos.append(address)
        self.recipients.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002, N802
        content = envelope.content
        assert isinstance(content, bytes)
        read = message_from_bytes(content, policy=policy.default)
        assert isinstance(read, EmailMessage)
        if "DATA" not in self.says:
            self.arrived.append(read)
        return self.says.get("DATA", "250 OK")


def _login(
    server: SMTP, session: Session, envelope: Envelope, kind: str, data: object
) -> AuthResult:
    given_ = (getattr(data, "login", b""), getattr(data, "password", b""))
    # `handled=False`, so that the server itself sends the refusal.
    return AuthResult(success=given_ == (b"us er", b"p@ss"), handled=False)


@pytest.fixture
def secure(tmp_path: Path, office: PostOffice) -> ssl.SSLContext:
    """Have the office offer STARTTLS, and return the context of a client that trusts it."""
    certificate, key = self_signed(tmp_path)
    office.tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    office.tls.load_cert_chain(certificate, key)
    return ssl.create_default_context(cafile=certificate)


@pytest.fixture
async def office() -> AsyncIterator[PostOffice]:
    office = PostOffice()

    def login(*given_: Any) -> AuthResult:
        office.logins += 1
        return _login(*given_)

    def accept() -> SMTP:
        return SMTP(
            office,
            hostname="localhost",
            authenticator=login,
            auth_require_tls=False,
            tls_context=office.tls,
            timeout=5,
        )

    server = await asyncio.get_running_loop().create_server(accept, "127.0.0.1", 0)
    office.port = server.sockets[0].getsockname()[1]
    async with server:
        yield office


@pytest.fixture
def port(office: PostOffice) -> SmtpMail:
    return SmtpMail(mail_server(f"smtp://127.0.0.1:{office.port}"), SENDER)


async def _send(port: SmtpMail | MailOff, mail: Mail = MAIL) -> MailResult:
    answer: MailResult = await ActivityEnvironment().run(port.send, mail)
    return answer


@contextmanager
def _refused(kind: str) -> Iterator[None]:
    with pytest.raises(ApplicationError) as refused:
        yield
    assert refused.value.type == kind
    assert refused.value.non_retryable is (kind == "mail.refused")


NEWS = [
    (MailKind.RECEIVED, "We have received your order ORD-1", "have received your order"),
    (MailKind.PAID, "Your order ORD-1 is paid", "TRK-7"),
    (MailKind.SHIPPED, "Your order ORD-1 is on its way", "TRK-7"),
    (MailKind.DELIVERED, "Your order ORD-1 has been delivered", "has been delivered"),
    (MailKind.CANCELLED, "Your order ORD-1 was cancelled", "Nobody paid."),
]


@pytest.mark.parametrize(("kind", "subject", "phrase"), NEWS, ids=[kind for kind, *_ in NEWS])
async def test_each_mail_arrives_as_text_and_as_html(
    office: PostOffice, port: SmtpMail, kind: MailKind, subject: str, phrase: str
) -> None:
    mail = replace(MAIL, kind=kind, reference="TRK-7", reason="Nobody paid.")

    assert await _send(port, mail) == MailResult(sent=True)

    (message,) = office.arrived
    text, html = (_part(message, kind_) for kind_ in ("plain", "html"))
    assert office.recipients == ["ada@example.org"]
    assert (message["Subject"], message["From"]) == (subject, SENDER)
    for part in (text, html):
        assert phrase in part
        assert "20.20 USD" in part
        assert "{" not in part.replace("sans-serif", "")


def test_every_kind_of_mail_is_tested() -> None:
    assert [kind for kind, *_ in NEWS] == list(MailKind)


async def test_a_repeated_mail_has_the_same_message_id(office: PostOffice, port: SmtpMail) -> None:
    for mail in (MAIL, MAIL, replace(MAIL, key="ORD-1:delivered")):
        await _send(port, mail)

    first, again, other = (message["Message-ID"] for message in office.arrived)
    assert first == again != other
    assert first.endswith("@acme.example>")


async def test_text_from_customers_is_never_markup(office: PostOffice, port: SmtpMail) -> None:
    sneaky = replace(order(), customer="<script>alert(1)</script> & Söhne")
    mail = replace(MAIL, kind=MailKind.CANCELLED, order=sneaky, reason='<a href="//evil">x</a>')

    await _send(port, mail)

    html = _part(office.arrived[0], "html")
    assert "<script>" not in html
    assert '<a href="' not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; Söhne" in html
    assert sneaky.customer in _part(office.arrived[0], "plain")


BAD_ADDRESSES = ["ada@example.org\nBcc: all@example.org", "ada", "a@b, c@d", "<ada@example.org>"]


@pytest.mark.parametrize("to", BAD_ADDRESSES)
async def test_an_invalid_address_is_refused_and_nothing_is_sent(
    office: PostOffice, port: SmtpMail, to: str
) -> None:
    with _refused("mail.refused"):
        await _send(port, replace(MAIL, to=to))

    assert office.recipients == []


@given(to=st.text())
def test_an_address_cannot_add_a_header(to: str) -> None:
    with suppress(ApplicationError):
        message = compose(replace(MAIL, to=to), SENDER)
        read = message_from_bytes(message.as_bytes(), policy=policy.default)

        assert sorted(read.keys()) == sorted(compose(MAIL, SENDER).keys())


REPLIES = [
    ("RCPT", "550 No such user", "mail.refused"),
    ("RCPT", "450 Mailbox busy", "mail.unavailable"),
    ("DATA", "554 Looks like spam", "mail.refused"),
    ("DATA", "452 Disk full", "mail.unavailable"),
]


@pytest.mark.parametrize(("at", "says", "kind"), REPLIES)
async def test_a_transient_refusal_is_retried_and_a_permanent_one_is_not(
    office: PostOffice, port: SmtpMail, at: str, says: str, kind: str
) -> None:
    office.says = {at: says}

    with _refused(kind):
        await _send(port)


async def test_an_unreachable_server_is_retried(office: PostOffice) -> None:
    server = await asyncio.get_running_loop().create_server(asyncio.Protocol, "127.0.0.1", 0)
    unused_port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()

    with _refused("mail.unavailable"):
        await _send(SmtpMail(mail_server(f"smtp://127.0.0.1:{unused_port}"), SENDER))


async def test_a_failed_login_is_retried_because_an_operator_may_fix_it(
    office: PostOffice, secure: ssl.SSLContext
) -> None:
    right = mail_server(f"smtp://us%20er:p%40ss@localhost:{office.port}")
    assert await _send(SmtpMail(right, SENDER, secure)) == MailResult(sent=True)

    with _refused("mail.unavailable"):
        await _send(SmtpMail(replace(right, password="wrong"), SENDER, secure))
    assert len(office.arrived) == 1


async def test_a_password_is_only_sent_over_tls(office: PostOffice) -> None:
    """The server offers no STARTTLS, like a server that an attacker controls."""
    server = mail_server(f"smtp://us%20er:p%40ss@127.0.0.1:{office.port}")

    with _refused("mail.unavailable"):
        await _send(SmtpMail(server, SENDER))
    assert office.logins == 0
    assert office.arrived == []


async def test_without_a_server_or_an_address_the_result_says_that_nothing_was_sent(
    office: PostOffice, port: SmtpMail
) -> None:
    assert await _send(MailOff()) == MailResult(sent=False, problem="mail.off")
    assert await _send(port, replace(MAIL, to="")) == MailResult(
        sent=False, problem="mail.no_address"
    )
    assert office.arrived == []


@pytest.mark.parametrize("language", ["en", "xx", "", "..", "en/.."])
def test_a_language_without_templates_gets_english(language: str) -> None:
    said = compose(replace(MAIL, language=language), SENDER)

    assert said["Subject"] == compose(replace(MAIL, language=FALLBACK_LANGUAGE), SENDER)["Subject"]


@pytest.mark.parametrize("kind", MailKind)
@pytest.mark.parametrize("language", sorted(set(LANGUAGES) - {FALLBACK_LANGUAGE}))
def test_every_mail_is_translated_into_every_language(language: str, kind: MailKind) -> None:
    ours = compose(replace(MAIL, kind=kind, language=language), SENDER)
    english = compose(replace(MAIL, kind=kind), SENDER)

    assert MAIL.order.order_id in ours["Subject"]
    assert ours["Subject"] != english["Subject"]
    for part, other in zip(ours.iter_parts(), english.iter_parts(), strict=True):
        assert MAIL.order.customer in part.get_content()
        assert not set(_said(part)) & set(_said(other))


def _said(part: MIMEPart) -> list[str]:
    """Return the lines of a part that are sentences."""
    lines = re.sub(r"<[^>]*>", "", part.get_content()).splitlines()
    return [line for line in lines if line.rstrip().endswith(".")]


def test_a_server_is_parsed_from_its_url() -> None:
    assert mail_server("smtps://a:b%2F@mail.example") == MailServer(
        host="mail.example", port=465, username="a", password="b/", encrypted=True
    )
    assert mail_server("smtp://mail.example:587").port == 587
    for wrong in ("mail.example", "http://mail.example", "smtp://", "smtp://x:port"):
        with pytest.raises(ValueError, match=r".+"):
            mail_server(wrong)


def _part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    assert body is not None
    content = body.get_content()
    assert isinstance(content, str)
    return content
