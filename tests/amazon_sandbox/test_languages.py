"""The stand-in's pages in the language of the browser."""

import json
import re

import pytest

from tests.support.house import ROOT
from tests.support.sandbox_process import PageForm, SandboxProcess

SCOPE = "sellingpartnerapi::orders"
CHINESE = {"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.8"}
CODES = json.loads((ROOT / "amazon_sandbox" / "answers.json").read_text(encoding="utf-8"))["consentErrors"]
# An English sentence: three words in a row. Names and identifiers are not.
ENGLISH = re.compile(r"\b[A-Za-z]+ [a-z]+ [a-z]+\b")


def pages(sandbox: SandboxProcess) -> dict[str, tuple[str, str]]:
    """Addresses of every kind of page, with a word of each in Chinese and in English."""
    app = sandbox.ready["spapi"]["appId"]
    return {
        sandbox.consent_link(): ("申请访问 NA 区域的一个卖家账号", "asks for access to a seller account"),
        sandbox.consent_link("vendorcentral.amazon.de"): ("VC 账号", "vendor account"),
        sandbox.consent_link(scope="sellingpartnerapi::orders"): (
            "申请的权限",
            "Permissions that it asks for",
        ),
        sandbox.consent_link(application_id="x"): ("没有这个 application_id", "There is no application"),
        sandbox.ads_link(): ("访问您的广告账户", "advertising account"),
        sandbox.ads_link(client_id="x"): ("client_id 不存在", "The client_id is not known"),
        f"sellercentral.amazon.com/apps/store/dp/{app}": ("应用商店", "in the Appstore"),
        "sellercentral.amazon.com/home": ("找不到页面", "Page not found"),
    }


def test_pages_speak_the_browsers_language(sandbox: SandboxProcess) -> None:
    """The whole of each page, and its attribute says which one."""
    for address, (chinese, english) in pages(sandbox).items():
        answer = sandbox.call("GET", address, headers=CHINESE)
        page = PageForm(answer.text)
        assert '<html lang="zh-CN">' in answer.text, address
        assert (answer.headers["Content-Language"], answer.headers["Vary"]) == ("zh-CN", "Accept-Language")
        assert chinese in page.text, address
        assert "模拟亚马逊" in page.text
        told = re.sub(r"Sandbox [\w &-]+|\(no manager account\)|400 Bad Request", "", page.text)
        assert not ENGLISH.search(told), (address, told)
        answer = sandbox.call("GET", address)
        assert '<html lang="en">' in answer.text
        assert english in PageForm(answer.text).text, address


@pytest.mark.parametrize(
    ("header", "tag"),
    [
        ("zh-TW,zh;q=0.9", "zh-CN"),
        ("ZH-hans", "zh-CN"),
        ("en-US,en;q=0.9,zh-CN;q=0.8", "en"),
        ("de,zh;q=0.5,en;q=0.3", "zh-CN"),
        ("de", "en"),
        (",;=", "en"),
        ("", "en"),
    ],
)
def test_the_language_named_first_is_spoken(sandbox: SandboxProcess, header: str, tag: str) -> None:
    """English where neither is named."""
    answer = sandbox.call("GET", sandbox.consent_link(), headers={"Accept-Language": header})
    assert f'<html lang="{tag}">' in answer.text


def test_each_code_is_explained_in_chinese(sandbox: SandboxProcess) -> None:
    """Beside the code, which is what people quote."""
    client = sandbox.ready["spapi"]["clientId"]
    for code in CODES:
        sandbox.control("apps", {"clientId": client, "consentError": code})
        page = PageForm(sandbox.call("GET", sandbox.consent_link(), headers=CHINESE).text)
        assert code in page.text
        assert not ENGLISH.search(page.text), page.text


def test_what_was_chosen_is_answered_in_chinese(sandbox: SandboxProcess) -> None:
    """Leaving, and a form that was not understood."""
    for form, words in (({"decision": "cancel"}, "没有授权任何内容"), ({}, "请选择账号")):
        answer = sandbox.call("POST", sandbox.consent_link(), data=form, headers=CHINESE)
        assert words in PageForm(answer.text).text
    answer = sandbox.call("POST", sandbox.ads_link(), data={}, headers=CHINESE)
    assert "请选择账号" in PageForm(answer.text).text


def test_names_are_escaped_in_each_language(sandbox: SandboxProcess) -> None:
    """In the title, the text and the choices; braces in a name are only text."""
    evil = '"><img src=x>{title}'
    sandbox.control("sellers", [{"sellerId": "A0EVIL", "name": evil, "region": "NA"}])
    sandbox.control("apps", {"clientId": sandbox.ready["spapi"]["clientId"], "name": evil})
    for headers in (CHINESE, {}):
        page = PageForm(sandbox.call("GET", sandbox.consent_link(), headers=headers).text)
        assert "img" not in page.tags
        assert page.text.count(evil) >= 3
