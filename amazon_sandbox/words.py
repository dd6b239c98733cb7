"""The words of the pages that a browser sees, in English and Chinese; `{…}` is filled in when said."""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

from amazon_sandbox.http_messages import Request
from amazon_sandbox.known_answers import CONSENT_ERRORS

UNKNOWN_CLIENT = "StegoRuntimeOAuth2ClientManager:getClientDefinition"  # what Amazon shows

_ENGLISH = {
    "title": "{title} (stand-in Amazon)",
    "note": "This is a stand-in for Amazon, made for trying things out. Nothing here reaches Amazon, and no "
    "real account is involved.",
    "not_found": "Page not found",
    "not_found_text": "There is no such page here.",
    "wrong": "Sorry, something went wrong",
    "sorry": "We're sorry",
    "left": "Nothing was authorized",
    "left_text": "You left without authorizing. Nothing was granted. You can close this page.",
    "authorize": "Authorize {app}",
    "seller": "{app} asks for access to a seller account of the region {region}.",
    "vendor": "{app} asks for access to a vendor account of the region {region}.",
    "draft": "It is a draft.",
    "who": "Who are you?",
    "other": "Another:",
    "permissions": "Permissions that it asks for",
    "confirm": "Confirm",
    "cancel": "Cancel",
    "appstore": "{app} in the Appstore",
    "login": "You are then sent to its Login URI.",
    "login_uri": "Login URI of the application (on this machine):",
    "authorize_now": "Authorize now",
    "ads": "Allow {app} to access your advertising account?",
    "ads_scope": "{app} asks for:",
    "advertiser": "{name} ({profiles} profiles)",
    "allow": "Allow",
}
_CHINESE = {
    "title": "{title}（模拟亚马逊）",
    "note": "这是用于试用的模拟亚马逊。这里的操作不会到达亚马逊，也不涉及任何真实账号。",
    "not_found": "找不到页面",
    "not_found_text": "这里没有这个页面。",
    "wrong": "抱歉，出错了",
    "sorry": "很抱歉",
    "left": "未授权",
    "left_text": "您已离开，没有授权任何内容。可以关闭此页面。",
    "authorize": "授权 {app}",
    "seller": "{app} 申请访问 {region} 区域的一个卖家账号。",
    "vendor": "{app} 申请访问 {region} 区域的一个 VC 账号。",
    "draft": "此应用还是草稿。",
    "who": "选择账号",
    "other": "其他：",
    "permissions": "申请的权限",
    "confirm": "确认",
    "cancel": "取消",
    "appstore": "应用商店中的 {app}",
    "login": "随后会转到该应用的登录地址（Login URI）。",
    "login_uri": "应用的登录地址（Login URI，在本机上）：",
    "authorize_now": "立即授权",
    "ads": "是否允许 {app} 访问您的广告账户？",
    "ads_scope": "{app} 申请：",
    "advertiser": "{name}（{profiles} 个广告站点）",
    "allow": "允许",
}

_ENGLISH_ERRORS = {
    **CONSENT_ERRORS,
    "unknown application": "There is no application with this application_id.",
    "missing parameter": "The address has no state.",
    "invalid_scope": "An unknown scope was requested",
    "not understood": "Choose an account (of letters and digits), and press a button.",
    "amazon_state": "The amazon_state is unknown, used or over.",
    UNKNOWN_CLIENT: "The client_id is not known.",
    "invalid redirect_uri": "The redirect_uri is not one of the client's.",
    "unsupported_response_type": "The response_type must be code.",
}
_CHINESE_ERRORS = {
    "MD1000": "应用还是草稿，授权链接没有带 version=beta。",
    "MD4100": "亚马逊找不到这个应用。",
    "MD5100": "应用没有生效的地址。",
    "MD5101": "redirect_uri 与已登记的回调地址不一致。",
    "MD5110": "redirect_uri 含有“#”。",
    "MD9010": "应用在此区域没有开发者 ID。",
    "MD9100": "应用没有登记登录地址（Login URI）或回调地址。",
    "SPDC8143": "当前登录的不是主账号。",
    "SPSA0404": "不支持此企业主体。",
    "SPSA2043": "该 VC 账号组没有 SPDS-VC-MYA 角色。",
    "CONSENT_LIMIT_REACHED": "未上架的公开应用已达到 25 个授权的上限。",
    "unknown application": "没有这个 application_id 对应的应用。",
    "missing parameter": "地址缺少 state。",
    "invalid_scope": "申请了不存在的权限（scope）。",
    "not understood": "请选择账号（由字母和数字组成），再点击按钮。",
    "amazon_state": "amazon_state 不存在、已使用或已过期。",
    UNKNOWN_CLIENT: "client_id 不存在。",
    "invalid redirect_uri": "redirect_uri 不是该客户端登记的地址。",
    "unsupported_response_type": "response_type 只能是 code。",
}


@dataclass(frozen=True)
class Language:
    """The words of one language; `errors` by the code that a page shows."""

    tag: str
    words: Mapping[str, str]
    errors: Mapping[str, str]

    def say(self, name: str, /, **values: object) -> str:
        """Return a text as HTML; the values are escaped with it."""
        return escape(self.words[name].format(**values))

    def error(self, code: str) -> str:
        """Return what the code of an error means, as HTML."""
        return escape(self.errors.get(code) or ENGLISH.errors[code])


ENGLISH = Language("en", _ENGLISH, _ENGLISH_ERRORS)
CHINESE = Language("zh-CN", _CHINESE, _CHINESE_ERRORS)


def language_of(request: Request) -> Language:
    """Return Chinese where the browser names it before English (browsers name first what they prefer)."""
    for part in request.headers.get("accept-language", "").lower().split(","):
        code = part.partition(";")[0].strip().partition("-")[0]
        if code in ("zh", "en"):
            return CHINESE if code == "zh" else ENGLISH
    return ENGLISH
