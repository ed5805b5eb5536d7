"""Small files in the format of Ubuntu's OVAL, made by hand after its schema; of the shapes, not of the real feed.

The notices, CVEs and versions of openssl and bind9 are real ones; what is marked `+esm` and CVE-2099-… is made up.
"""

from __future__ import annotations

from dataclasses import dataclass, field

_SPACES = {
    "": "oval-definitions-5", "ind": "oval-definitions-5#independent", "oval": "oval-common-5",
    "unix": "oval-definitions-5#unix", "linux": "oval-definitions-5#linux",
}  # fmt: skip


_SECTIONS = ("tests", "objects", "states", "variables")


@dataclass(frozen=True, kw_only=True)
class Leaf:
    """One criterion: `names` of binaries below `version` (None: any version); without names it asks for the kernel."""

    names: tuple[str, ...] = ()
    version: str | None = None
    comment: str = "Long Term Support"
    negate: bool = False


@dataclass(kw_only=True)
class Oval:
    """A file that grows by definitions."""

    release: str = "jammy"
    made: str = "2026-11-20T04:21:08"
    definitions: list[str] = field(default_factory=list)
    parts: dict[str, list[str]] = field(default_factory=lambda: {name: [] for name in _SECTIONS})

    def add(self, cves: dict[str, str], *leaves: Leaf, kind: str = "patch", operator: str = "OR") -> Oval:
        """A definition of CVEs with their priorities; a name alone stands in the object, several in a variable."""
        number = 1000 * (len(self.definitions) + 1)
        asked = "".join(self._leaf(number + 10 * place, leaf) for place, leaf in enumerate(leaves))
        references = "".join(f'<reference source="CVE" ref_id="{cve}" ref_url="https://u/{cve}"/>' for cve in cves)
        priorities = "".join(f'<cve href="https://u/{cve}" priority="{word}">{cve}</cve>' for cve, word in cves.items())
        self.definitions.append(
            f'<definition id="{self._id("def", number)}" version="1" class="{kind}"><metadata>'
            f'<title>USN-{number}-1 -- vulnerabilities</title><affected family="unix"/>'
            f'<reference source="USN" ref_id="USN-{number}-1" ref_url="https://u/n"/>{references}'
            f'<description>long &lt;!DOCTYPE words</description><advisory from="security@ubuntu.com">'
            f'<severity>High</severity><issued date="2026-05-04"/>{priorities}</advisory></metadata><criteria>'
            f'<extend_definition definition_ref="{self._id("def", 100)}" applicability_check="true"/>'
            f'<criteria operator="{operator}">{asked}</criteria></criteria></definition>'
        )
        return self

    def text(self) -> bytes:
        """The file."""
        spaces = " ".join(
            f'xmlns{":" + name if name else ""}="http://oval.mitre.org/XMLSchema/{path}"'
            for name, path in _SPACES.items()
        )
        inventory = f'<definition id="{self._id("def", 100)}" version="1" class="inventory"><metadata/></definition>'
        sections = "".join(f"<{name}>{''.join(made)}</{name}>" for name, made in self.parts.items())
        return (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<oval_definitions {spaces}>'
            f"<generator><oval:product_name>Canonical USN OVAL Generator</oval:product_name>"
            f"<oval:timestamp>{self.made}</oval:timestamp></generator>"
            f"<definitions>{inventory}{''.join(self.definitions)}</definitions>{sections}</oval_definitions>\n"
        ).encode()

    def _id(self, kind: str, number: int) -> str:
        return f"oval:com.ubuntu.{self.release}:{kind}:{number}"

    def _leaf(self, number: int, leaf: Leaf) -> str:
        test, object_, state, variable = (self._id(kind, number) for kind in ("tst", "obj", "ste", "var"))
        if leaf.names:
            below = f'<linux:state state_ref="{state}"/>' if leaf.version else ""
            self.parts["tests"].append(
                f'<linux:dpkginfo_test id="{test}" version="1" check="at least one"'
                f' comment="x"><linux:object object_ref="{object_}"/>{below}</linux:dpkginfo_test>'
            )
            alone = len(leaf.names) == 1
            name = f">{leaf.names[0]}</linux:name>" if alone else f' var_ref="{variable}" var_check="at least one"/>'
            self.parts["objects"].append(
                f'<linux:dpkginfo_object id="{object_}" version="1"><linux:name{name}</linux:dpkginfo_object>'
            )
            if not alone:
                values = "".join(f"<value>{one}</value>" for one in leaf.names)
                self.parts["variables"].append(
                    f'<constant_variable id="{variable}" version="1" datatype="string">{values}</constant_variable>'
                )
            if leaf.version:
                self.parts["states"].append(
                    f'<linux:dpkginfo_state id="{state}" version="1"><linux:evr datatype="debian_evr_string"'
                    f' operation="less than">{leaf.version}</linux:evr></linux:dpkginfo_state>'
                )
        else:
            self.parts["tests"].append(
                f'<unix:uname_test id="{test}" version="1" check="at least one" comment="kernel">'
                f'<unix:object object_ref="{object_}"/></unix:uname_test>'
            )
        negate = ' negate="true"' if leaf.negate else ""
        return f'<criterion test_ref="{test}" comment="{leaf.comment}"{negate}/>'


OPENSSL = ("libssl-dev", "libssl3", "openssl")
BIND = ("bind9", "bind9-dnsutils", "bind9-libs")


def sample() -> Oval:
    """OpenSSL fixed twice, bind9 by its binaries, one fix by Ubuntu Pro alone, one open, one unknown, one kernel."""
    return (
        Oval()
        .add({"CVE-2022-1292": "medium", "CVE-2022-1473": "low"}, Leaf(names=OPENSSL, version="0:3.0.2-0ubuntu1.1"))
        .add({"CVE-2022-1292": "medium"}, Leaf(names=OPENSSL, version="3.0.2-0ubuntu1.5"))
        .add({"CVE-2022-1183": "medium"}, Leaf(names=BIND, version="1:9.18.1-1ubuntu1.1"))
        .add({"CVE-2099-0001": "high"}, Leaf(names=("imagemagick",), version="8:6.9.11.60-1ubuntu0.1+esm1"))
        .add({"CVE-2099-0002": "low"}, Leaf(names=("zlib1g",), comment="zlib package in jammy is affected and"
             " needs fixing."), kind="vulnerability")
        .add({"CVE-2099-0003": "low"}, Leaf(names=("zlib1g",), comment="zlib package in jammy might be affected and may"
             " need fixing."), kind="vulnerability")
        .add({"CVE-2099-0004": "low"}, Leaf(names=("zlib1g",), comment="zlib is not affected", negate=True),
             kind="vulnerability")
        .add({"CVE-2022-1652": "high"}, Leaf(), Leaf(names=("linux-image-5.15.0-43-generic",), version="5.15.0-43.46"),
             operator="AND")
    )  # fmt: skip
