"""A reminder by e-mail."""

from __future__ import annotations

import smtplib
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

from maintkit.contract.reminders import Email
from maintkit.desk.reminder import Message
from maintkit.runs.reminders.delivery import NotSent, connection, trust


def send(way: Email, message: Message, password: str | None, left_s: float) -> int:
    """Hand a mail to the server; how many of the recipients it refused. NotSent when it took it for none.

    A server that does not offer STARTTLS where it is asked for gets nothing.
    """
    try:
        with _server(way, left_s) as server:
            if way.security == "starttls":
                server.starttls(context=trust(way.ca))
            if way.user is not None:
                server.login(way.user, password or "")
            return len(server.send_message(_mail(way, message)))
    except smtplib.SMTPException as error:
        raise _refusal(error) from None
    except OSError as error:
        raise connection(error) from None
    except UnicodeError:
        raise NotSent("user or password is not plain ASCII", again=False) from None


def _server(way: Email, left_s: float) -> smtplib.SMTP:
    if way.security == "tls":
        return smtplib.SMTP_SSL(way.host, way.at_port, timeout=left_s, context=trust(way.ca))
    return smtplib.SMTP(way.host, way.at_port, timeout=left_s)


def _mail(way: Email, message: Message) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = way.sender, ", ".join(way.to), message.subject
    mail["Date"], mail["Message-ID"] = formatdate(localtime=True), make_msgid(domain="maintkit.invalid")
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content("\n".join(message.lines) + "\n")
    return mail


def _refusal(error: smtplib.SMTPException) -> NotSent:
    """4xx may pass; what the server says is left out, for it may name addresses."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return NotSent(f"the server did not accept user and password ({error.smtp_code})", again=False)
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return NotSent("the server does not offer what reminders.yml asks for, like STARTTLS", again=False)
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _ in error.recipients.values()]
        return NotSent(f"the server refused every recipient ({codes[0]})", again=all(400 <= one < 500 for one in codes))
    if isinstance(error, smtplib.SMTPResponseException):
        return NotSent(f"the server answered {error.smtp_code}", again=400 <= error.smtp_code < 500)
    return NotSent("the server ended the conversation", again=True)
