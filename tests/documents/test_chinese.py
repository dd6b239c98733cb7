"""The page with Chinese sentences agrees with the gateway's pages and the table of failures."""

import json
import re

from gateway.web import problems_zh, words_zh
from tests.support.chinese import FOREIGN, HALF_WIDTH
from tests.support.markdown import ROOT, section

PAGE = ROOT / "references" / "chinese.md"
TEXT = PAGE.read_text(encoding="utf-8")
SAID = ("Before a link", "With a link", "How it ended", "Otherwise")
WHAT_SELLERS_SAY = "What sellers call it"


def rows(heading: str) -> list[list[str]]:
    """Return the cells of a section's table."""
    lines = [line for line in section(PAGE, heading).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_each_sentence_is_chinese_as_sellers_say_it() -> None:
    """Whole sentences in full-width punctuation, in the terms of the pages."""
    sentences = [sentence for heading in SAID for _, sentence in rows(heading)]
    assert len(sentences) > 30
    for sentence in sentences:
        assert re.search(r"[。？}]$", sentence), sentence
        assert not HALF_WIDTH.search(sentence), sentence
        assert not [word for word in FOREIGN if word in sentence], sentence


def test_the_terms_are_those_of_the_pages() -> None:
    """What a person reads on a page is what they were told."""
    pages = "".join([*words_zh.WORDS.values(), *sum(problems_zh.PROBLEMS.values(), ())])
    for term in (
        "平时登录用的浏览器环境（如紫鸟浏览器）",
        "“经理账户（Manager accounts）”",
        "“管理您的应用”",
        "亚马逊后台的授权不会随之取消",
        "广告账户",
        "广告站点",
        "解绑",
        "北极光户外-日本",
    ):
        assert term in TEXT
        assert term in pages
    names = {words_zh.WORDS[f"region_{region}"] for region in ("NA", "EU", "FE")}
    assert all(name in section(PAGE, WHAT_SELLERS_SAY) for name in names)


def test_the_link_is_opened_where_the_store_is_run() -> None:
    """Before any private window, with the main account."""
    assert TEXT.index("紫鸟浏览器") < TEXT.index("无痕窗口")
    assert "主账号" in TEXT


def test_situations_are_named_as_answers_name_them() -> None:
    """A reason or code in the first column is one of the table, so that an agent finds its row."""
    table = json.loads((ROOT / "references" / "errors.json").read_text(encoding="utf-8"))
    known = {row[key] for row in table for key in ("reason", "code")} | {"pending", "alreadyKnown"}
    named = {name for heading in SAID for when, _ in rows(heading) for name in re.findall(r"`([\w]+)`", when)}
    assert len(named) > 10
    assert named - known == {"SPDC8143", "client_id"}


def test_sellers_words_lead_to_ours() -> None:
    """The words that sellers use for an id, a back office, an ads account."""
    words = " ".join(" ".join(row) for row in rows(WHAT_SELLERS_SAY))
    for word in ("店铺ID", "商家ID", "Merchant Token", "`sellerId`", "卖家中心", "VC", "广告账号", "掉授权"):
        assert word in words


def test_a_consent_is_made_again_only_when_the_user_agrees() -> None:
    """As the skill says, and the link comes with what is said of every link."""
    (said,) = [sentence for when, sentence in rows("How it ended") if when == "`needs_reauthorization`"]
    assert said.endswith("？")
    assert "{链接}" not in said


def test_what_the_scripts_cannot_do_is_told_with_the_place_where_it_can_be_done() -> None:
    """Both places that `remove_store.py` names there."""
    (said,) = [sentence for when, sentence in rows("Otherwise") if when == "解绑 on the hosted gateway"]
    assert "https://agent.linkfox.com/" in said
    assert "“管理您的应用”" in said


def test_a_key_in_a_file_is_stored_by_a_command() -> None:
    """The user is asked for a file, so the row says what takes it."""
    (when,) = [when for when, sentence in rows("Otherwise") if "key.txt" in sentence]
    assert "`--key-file` of `login.py`" in when
