"""Reminders by TLS from the first byte and through a proxy."""

from __future__ import annotations

from pathlib import Path

import pytest
from bell import Bell, mail, wecom
from partners import closed_port
from posts import PASSWORD, postbox, proxy, robot

from maintkit.contract.reminders import Email


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")
def test_a_mail_crosses_tls_from_the_first_byte(bell: Bell, tmp_path: Path) -> None:
    """SMTPS: the certificate and the password count as with STARTTLS, and the two ways are not mixed up."""
    with postbox(tmp_path, implicit=True) as box:
        ca = str(tmp_path / "server.pem")
        safe = {"security": "tls", "user": "maint", "password": bell.secret("smtp", PASSWORD)}
        bell.hooks(mail(box.port, **safe, ca=ca))
        assert bell.quick()["it-mail"].failed == ""
        bell.hooks(mail(box.port, **safe) | {"name": "stranger"})
        assert bell.quick()["stranger"].failed == "its certificate is not trusted"
        wrong = safe | {"password": bell.secret("wrong", "Xk7-other")}
        bell.hooks(mail(box.port, **wrong, ca=ca) | {"name": "wrong"})
        assert bell.quick()["wrong"].failed == "the server did not accept user and password (535)"
        assert len(box.taken) == 1
    assert box.mails()[0]["To"] == "xxk@hospital.example"
    assert PASSWORD.encode() not in bell.held()
    with postbox() as box:
        bell.hooks(mail(box.port, **safe, ca=ca) | {"name": "clear"})
        assert bell.quick()["clear"].failed == "it does not speak TLS from the first byte at this port"
        assert box.tries == 0


@pytest.mark.parametrize(("security", "port"), [("tls", 465), ("starttls", 587), ("none", 587)])
def test_the_port_follows_the_security(security: str, port: int) -> None:
    """As RFC 8314 and RFC 6409 have it; a port that is given stands."""
    way = {"host": "mail.hospital.example", "security": security, "sender": "a@b", "to": ["c@d"]}
    assert Email.model_validate(way).at_port == port
    assert Email.model_validate(way | {"port": 2525}).at_port == 2525


def test_a_robot_is_reached_through_the_proxy_that_is_set(
    bell: Bell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proxy learns where to, and nothing of the address's secret; one of the environment is not used."""
    with robot(place=tmp_path) as group, proxy() as tunnel, proxy() as other:
        for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, other.url)
        ca = str(tmp_path / "server.pem")
        hook = wecom(bell, group.url)
        hook["wecom"] |= {"ca": ca, "proxy": tunnel.url}
        bell.hooks(hook)
        assert bell.quick()["group"].failed == ""
        assert tunnel.asked == [group.url.split("/")[2]]
        assert len(tunnel.saw) > 500
        assert b"very-secret" not in tunnel.saw
        hook["wecom"].pop("proxy")
        bell.hooks(hook | {"name": "direct"})
        assert bell.quick()["direct"].failed == ""
        assert (len(group.posted), len(tunnel.asked), other.asked) == (2, 1, [])


def test_a_proxy_that_refuses_or_is_gone_is_told(bell: Bell, tmp_path: Path) -> None:
    """Nothing goes around it, and nothing of the address is in the error."""
    with robot(place=tmp_path) as group, proxy(403) as tunnel:
        hook = wecom(bell, group.url, within_s=1)
        for url, failed in (
            (tunnel.url, "the proxy did not let it through"),
            (f"http://127.0.0.1:{closed_port()}", "the connection was refused"),
        ):
            hook["wecom"] |= {"ca": str(tmp_path / "server.pem"), "proxy": url}
            bell.hooks(hook)
            assert bell.quick()["group"].failed == failed
        assert group.posted == []
