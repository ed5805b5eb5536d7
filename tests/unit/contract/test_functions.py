"""functions.csv: the catalogue, and every mistake told by line."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maintkit.contract.functions import COLUMNS, Function, load_functions
from maintkit.contract.services import Services
from maintkit.errors import SiteError
from maintkit.sitefile import read

SERVICES = Services.model_validate({"systems": {"HIS": {"name_zh": "医院信息系统", "suites": ["HIS"]}}})
HEADER = ",".join(COLUMNS)


def test_the_template_holds_the_catalogue(site: Path) -> None:
    """121 functions in their order, each with the system that covers its suite."""
    functions = load_functions(site / "functions.csv", read(site / "services.yml", Services))
    assert [function.seq for function in functions] == list(range(1, 122))
    assert Counter(function.suite for function in functions) == {
        "HIS": 22, "EMR": 33, "NIS": 4, "LIS": 24, "BIS": 9, "RIS-PACS": 25, "UIS": 4,
    }  # fmt: skip
    assert functions[0] == Function(
        seq=1, suite="HIS", suite_zh="医院信息系统", category_zh="门急诊挂号", function_zh="病人信息登记", system="HIS"
    )
    assert functions[16].function_zh == "定制报表(一级25张内,二级50张内,三级70张内)"
    assert {function.system for function in functions if function.suite in {"LIS", "BIS"}} == {"LIS"}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "1: the first line is not the header; allowed: seq,suite"),
        ("seq,suite\n1,HIS\n", "1: the first line is not the header"),
        (f"{HEADER}\n1,HIS,医院,挂号\n", "2: 4 cells; allowed: 5"),
        (f"{HEADER}\n1,HIS,医院,挂号,登记,x\n", "2: 6 cells"),
        (f"{HEADER}\n1,HIS,医院,,登记\n", "2: category_zh is empty; allowed: a text in every cell"),
        (f"{HEADER}\n\nx,HIS,医院,挂号,登记\n", "3: seq is 'x'; allowed: a whole number"),
        (f"{HEADER}\n１,HIS,医院,挂号,登记\n", "2: seq is '１'"),
        (f"{HEADER}\n1,HIS,医院,挂号,登记\n1,HIS,医院,挂号,收费\n", "3: seq 1 stands twice, first in line 2"),
        (f"{HEADER}\n1,HSI,医院,挂号,登记\n", "2: no system of services.yml covers suite `HSI` (did you mean `HIS`?)"),
        (f"{HEADER}\n1,HIS,医院,挂号,登\x1b[31m记\n", "2: '登\\x1b[31m记' holds a control character"),
        (f'{HEADER}\n1,HIS,医院,挂号,"登记\n', "2: not CSV"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, text: str, problem: str) -> None:
    """A spreadsheet that was saved badly says where."""
    path = tmp_path / "functions.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SiteError) as caught:
        load_functions(path, SERVICES)
    assert str(caught.value).startswith(f"{path}:{problem}")


def test_a_catalogue_saved_by_a_windows_spreadsheet_is_read_or_named(tmp_path: Path) -> None:
    """UTF-8 with a byte order mark and Windows line ends is read; GBK is named."""
    path = tmp_path / "functions.csv"
    text = f"{HEADER}\r\n1,HIS,医院信息系统,挂号,登记\r\n"
    path.write_bytes(text.encode("utf-8-sig"))
    assert load_functions(path, SERVICES)[0].function_zh == "登记"
    path.write_bytes(text.encode("gbk"))
    with pytest.raises(SiteError, match="2: not UTF-8 but probably GBK"):
        load_functions(path, SERVICES)


@given(text=st.text(max_size=80))
@settings(max_examples=200, deadline=None)
def test_any_text_is_a_catalogue_or_a_site_error(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    """Whatever stands in the file, nothing but SiteError comes out."""
    path = tmp_path_factory.getbasetemp() / "fuzz.csv"
    path.write_text(f"{HEADER}\n{text}", encoding="utf-8", errors="replace", newline="")
    try:
        functions = load_functions(path, SERVICES)
    except SiteError as error:
        refused = str(error)
    else:
        refused = ""
        assert all(function.system == "HIS" for function in functions)
    assert refused == "" or refused.startswith(str(path))
