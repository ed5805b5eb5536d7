"""The SSH server's settings, judged as sshd understands them.

The settings are the global ones: a Match block may say otherwise for some users or addresses, and is not seen here.
The two rules hold no number, so they have no limit: a site that wants such a setting waives the finding.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from maintkit.checks.facts.security import Sshd
from maintkit.checks.model import Case, Check, Observation
from maintkit.checks.rule import data_of, judged, unknown

_BY_PASSWORD = frozenset({"password", "keyboard-interactive"})

_ROOT_ZH = "在 sshd 配置中设置 PermitRootLogin no（或 prohibit-password）"
_APPLY_ZH = "用 sshd -t 校验后重新加载，并保留当前会话、另开新会话验证可登录后再退出。"


def root_login(case: Case) -> Iterable[Observation]:
    """PermitRootLogin yes: crit where a password is enough, warn where only keys are (Lynis SSH-7408).

    prohibit-password, its old name without-password and forced-commands-only want a key and are fine. The default
    depends on the version of sshd (yes before 7.0), so a setting that is nowhere written is unknown.
    """
    sshd = data_of(case.facts.sections.sshd)
    setting = _setting(sshd, "permitrootlogin")
    if setting is None:
        yield unknown(f"permitrootlogin: not found by {sshd.basis}, and the default depends on sshd's version")
    elif setting in {"no", "prohibit-password", "without-password", "forced-commands-only"}:
        yield Observation(status="ok", value=setting, excerpt=f"permitrootlogin {setting}")
    elif setting != "yes":
        yield unknown(f"permitrootlogin: {setting!r} is not a value of sshd", value=setting)
    elif _password_suffices(sshd):
        yield judged(
            "crit",
            value=setting,
            conclusion_zh="SSH 允许 root 直接以口令登录，口令被猜中或泄露即失去整台主机的控制权，"
            "且无法追溯到具体人员。",
            remedy_zh=f"请先确认运维人员已有可用的普通账户和 sudo 权限，再{_ROOT_ZH}，{_APPLY_ZH}",
            excerpt="permitrootlogin yes",
        )
    else:
        yield judged(
            "warn",
            value=setting,
            conclusion_zh="SSH 允许 root 直接登录（目前仅限密钥），一旦口令登录被打开即可直接猜测 root 口令，"
            "且操作无法追溯到人。",
            remedy_zh=f"请确认运维人员已有可用的普通账户后{_ROOT_ZH}，{_APPLY_ZH}",
            excerpt="permitrootlogin yes",
        )


def password_login(case: Case) -> Iterable[Observation]:
    """A password alone opens a session: by PasswordAuthentication, or by keyboard-interactive through PAM (SSH-7408).

    Fine where every list of AuthenticationMethods wants something else too. PasswordAuthentication defaults to yes in
    every version, so a file that does not mention it means yes; `sshd -T` always prints it.
    """
    sshd = data_of(case.facts.sections.sshd)
    setting = _setting(sshd, "passwordauthentication")
    if setting is None and sshd.basis == "sshd -T":
        yield unknown("passwordauthentication: not found in the output of sshd -T")
    elif _password_suffices(sshd):
        yield judged(
            "warn",
            value=setting or "yes",
            conclusion_zh="SSH 允许仅凭口令登录，存在口令被暴力猜测或冒用的风险，且未达到双因素鉴别的要求。",
            remedy_zh="请先为运维人员部署并逐一验证密钥（或经堡垒机双因素登录），再设置 PasswordAuthentication no，"
            f"{_APPLY_ZH}暂不能关闭的，请限制来源地址并启用登录失败锁定。",
            excerpt=_excerpt(sshd.settings),
        )
    else:
        yield Observation(status="ok", value=setting or "yes", excerpt=_excerpt(sshd.settings))


def _password_suffices(sshd: Sshd) -> bool:
    """Whether some way in asks for nothing but a password."""
    by_password = _setting(sshd, "passwordauthentication") in {None, "yes"}
    by_dialogue = "yes" in {
        _setting(sshd, "kbdinteractiveauthentication"),
        _setting(sshd, "challengeresponseauthentication"),
    }
    through_pam = by_dialogue and _setting(sshd, "usepam") == "yes"
    return (by_password or through_pam) and _one_factor(_setting(sshd, "authenticationmethods") or "any")


def _one_factor(methods: str) -> bool:
    """Whether AuthenticationMethods, lists of methods joined by commas, holds one that a password alone fulfils."""
    if methods == "any":
        return True
    lists = [{method.split(":")[0] for method in one.split(",")} for one in methods.split()]
    return any(one <= _BY_PASSWORD for one in lists)


def _setting(sshd: Sshd, name: str) -> str | None:
    """A setting as sshd compares it: without regard to case."""
    value = sshd.settings.get(name)
    return value.strip().lower() if value is not None else None


def _excerpt(settings: Mapping[str, str]) -> str:
    names = ("passwordauthentication", "kbdinteractiveauthentication", "usepam", "authenticationmethods")
    return "\n".join(f"{name} {settings[name]}" for name in names if name in settings)


CHECKS = (
    Check(
        id="sshd.root-login",
        category="security",
        title_zh="SSH 允许 root 登录",
        needs=("sshd",),
        judge=root_login,
    ),
    Check(
        id="sshd.password-login",
        category="security",
        title_zh="SSH 口令登录",
        needs=("sshd",),
        judge=password_login,
    ),
)
