"""The one door to the mail server: messages go out over SMTP, built so that no header can be smuggled in."""

import asyncio
import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, parseaddr

from email_validator import EmailNotValidError, validate_email

from zilliance.settings import MailSecurity, MailSettings

_PERMANENT = range(500, 600)


class InvalidMailError(Exception):
    """The message itself is no good, or the server refuses it for good: the same would be refused again."""


class MailUnavailableError(Exception):
    """The server cannot be reached, or cannot take the message now."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message. `identifier` names it: a repeat has the same, so that the repeat can be recognised."""

    identifier: str
    recipients: Sequence[str]
    subject: str
    text: str | None = None
    html: str | None = None


class MailDeferredError(MailUnavailableError):
    """The server does not take this message now; it may take others."""


class MailDoor:
    """Hands messages to the server of the settings."""

    def __init__(self, settings: MailSettings) -> None:
        self._settings = settings
        self.most_an_hour = settings.most_an_hour

    def message_id(self, identifier: str) -> str:
        """The `Message-ID` of a message."""
        return f"<{identifier}@{parseaddr(self._settings.sender)[1].rpartition('@')[2]}>"

    def check(self, message: Message) -> None:
        """Raises InvalidMailError for what could never be sent."""
        self._built(message)

    async def send(self, message: Message) -> None:
        """Hand it over. Raises InvalidMailError, MailUnavailableError."""
        await asyncio.to_thread(self._send, self._built(message))

    def _built(self, message: Message) -> EmailMessage:
        built = EmailMessage()
        try:
            built["From"] = self._settings.sender
            built["To"] = ", ".join(_address(each) for each in message.recipients)
            built["Subject"] = _line(message.subject)
        except ValueError as error:  # the library refuses line breaks itself, should ours ever let one through
            raise InvalidMailError(str(error)) from error
        built["Date"] = formatdate()
        built["Message-ID"] = self.message_id(message.identifier)
        built["Auto-Submitted"] = "auto-generated"
        built.set_content(_text(message.text or "This message is to be read as HTML."))
        if message.html is not None:
            built.add_alternative(_text(message.html), subtype="html")
        return built

    def _send(self, message: EmailMessage) -> None:
        settings = self._settings
        try:
            with self._connected() as server:
                if settings.security is MailSecurity.STARTTLS:
                    server.starttls(context=ssl.create_default_context())
                if settings.username:
                    server.login(settings.username, settings.password.get_secret_value())
                server.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            codes = {code for code, _ in error.recipients.values()}
            raise _refusal(max(codes, default=0), f"the recipients were refused ({codes})") from error
        except smtplib.SMTPResponseException as error:
            raise _refusal(error.smtp_code, f"the mail server answered {error.smtp_code}") from error
        except (smtplib.SMTPException, OSError) as error:
            raise MailUnavailableError(f"the mail server cannot be reached: {error}") from error

    def _connected(self) -> smtplib.SMTP:
        settings = self._settings
        if settings.security is MailSecurity.TLS:
            context = ssl.create_default_context()
            return smtplib.SMTP_SSL(settings.host, settings.port, timeout=settings.timeout_seconds, context=context)
        return smtplib.SMTP(settings.host, settings.port, timeout=settings.timeout_seconds)


def _refusal(code: int, reason: str) -> Exception:
    return InvalidMailError(reason) if code in _PERMANENT else MailDeferredError(reason)


def _address(text: str) -> str:
    try:
        return validate_email(text, check_deliverability=False, allow_smtputf8=False).normalized
    except EmailNotValidError as error:
        raise InvalidMailError(f"{text!r:.100} is no mail address: {error}") from error


def _line(text: str) -> str:
    if not text.isprintable():
        raise InvalidMailError("the subject must be one line of printable characters")
    return text


def _text(text: str) -> str:
    """What UTF-8 can say: a lone surrogate would end the sending."""
    return text.encode("utf-8", "replace").decode()
