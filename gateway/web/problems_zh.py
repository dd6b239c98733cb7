"""What went wrong and what to do, in Chinese: of each row of references/errors.json.

The first text of a row ends without a full stop, which the pages add.
"""

PROBLEMS: dict[str, tuple[str, str]] = {
    "bad_parameter": ("缺少参数，或参数有误", "请更正后重试。"),
    "unsupported_grant_type": (
        "网关的令牌接口只接受授权类型 refresh_token",
        "请发送 grant_type=refresh_token，并在 refresh_token 中填写句柄。",
    ),
    "unknown_handle": (
        "refresh_token 中填写的不是本网关的句柄",
        "请填写 store:sellerId:region、profile:profileId 或 account:authRecordId，其值见店铺和广告账户列表。",
    ),
    "body_too_large": ("请求内容过大，网关不接收", "请缩小请求内容。"),
    "headers_too_large": (
        "请求地址和请求头超过网关接收的 64 KB",
        "请缩短地址和请求头，长内容放在请求体中。",
    ),
    "request_timeout": (
        "网关没有在等待时间内收到完整的请求",
        "请重试；仍然出现时，请检查到网关的网络。",
    ),
    "gateway_stopping": (
        "网关正在停止或重启，未等待本次调用完成",
        "请稍后重试；若调用可能已发往亚马逊，请先确认亚马逊是否已执行。",
    ),
    "gateway_busy": ("网关的连接数已满", "请稍后重试；仍然出现时，请联系网关管理员。"),
    "host_not_allowed": (
        "网关不接受此域名的访问",
        "请用本机地址、网关的 GATEWAY_PUBLIC_URL，或运维人员在 GATEWAY_ALLOWED_HOSTS 中列出的域名访问。",
    ),
    "origin_not_allowed": ("请求来自其他网站的页面", "请使用网关自己的页面，或由程序调用。"),
    # Signing in, forms, and addresses
    "unauthorized": ("API Key 未填写、不存在或已失效", "请用有效的 API Key 登录。"),
    "stand_in_ended": (
        "替身令牌已过期、其 API Key 已失效、其店铺或广告账户已解绑，或不是本网关签发的",
        "请用以 proxy: 开头的句柄调用 POST /auth/o2/token 换取新的令牌。",
    ),
    "key_lacks_right": ("当前 API Key 没有所需的权限", "请换用有该权限的 Key。"),
    "too_many_failures": ("您所在的网络多次输错 API Key", "请等待一分钟，再用有效的 Key 登录。"),
    "out_of_credit": ("托管网关的积分不足或套餐已到期", "请到 https://os.linkfox.com/ 充值后重试。"),
    "form_refused": (
        "页面已过期，或不是从本网关打开的",
        "请刷新后重试；浏览器需允许本网关的 Cookie。",
    ),
    "appstore_refused": (
        "请求不是来自亚马逊应用商店，或内容不完整",
        "请到亚马逊应用商店的应用页面重新操作。",
    ),
    "unknown_path": ("没有这个页面", "请检查地址，或前往总览。"),
    "method_not_allowed": ("此地址不能在浏览器中打开", "请前往总览操作。"),
    "not_found": ("找不到该授权，或您无权查看", "请在总览中查看您已授权的店铺和广告账户。"),
    "not_allowed": ("不允许访问此接口路径或广告站点", "请使用列表中的 ID，以及文档中列出的接口路径。"),
    "ambiguous": ("符合条件的授权不止一个", "请指明其中一个；如果是店铺，请同时指明区域。"),
    # The gateway
    "internal": ("网关出现意外错误", "请重试；仍然出错时，请凭请求 ID 查看网关日志。"),
    "vault_unavailable": (
        "网关的数据库暂时无法使用",
        "请稍后重试；仍然出错时，请凭请求 ID 查看网关日志。",
    ),
    "vault_failed": ("网关的数据库无法读写", "请凭请求 ID 查看网关日志，其中写有原因和处理办法。"),
    "tokens_damaged": ("网关保存的令牌已损坏", "请重新授权该店铺或广告账户。"),
    "not_stored": (
        "亚马逊返回了新令牌，但网关的数据库无法写入",
        "请为网关的磁盘腾出空间，或解除数据库锁定，再重试。",
    ),
    "completion_delayed": (
        "网关的数据库暂时无法使用；亚马逊返回的内容已保留，数据库恢复后会自动保存",
        "无需重复操作，稍后查看列表即可；授权码失效后仍没有时，再重新授权或导入。",
    ),
    # The application
    "app_not_configured": (
        "网关尚未配置用于授权的亚马逊应用",
        "请为网关设置 SPAPI_APP_ID、SPAPI_CLIENT_ID 和 SPAPI_CLIENT_SECRET（店铺），"
        "或 ADS_CLIENT_ID 和 ADS_CLIENT_SECRET（广告）。",
    ),
    "suspended_app": (
        "亚马逊拒绝了网关应用的客户端 ID 或密钥；与店铺无关，授权都还在",
        "请更换或更正应用的客户端密钥（有效期 180 天），之后网关会自动恢复。",
    ),
    "app_credentials": (
        "换取令牌时，亚马逊拒绝了网关应用的客户端 ID 或密钥",
        "请更正网关的客户端 ID 和密钥，再重新生成链接。",
    ),
    "app_changed": ("生成链接后，网关的应用或回调地址有变动", "请重新生成链接。"),
    "role_missing": ("应用没有此接口所需的角色权限", "请在开发者后台为应用添加该角色，再重新授权店铺。"),
    "scope_refused": ("亚马逊不授予所申请的某项权限", "请只申请文档中列出的权限，再重新生成链接。"),
    # Amazon's answers
    "store_revoked": (
        "授权已失效：已被取消或已到期，亚马逊不再接受此刷新令牌",
        "请重新授权该店铺或广告账户。",
    ),
    "grant_of_another_client": ("此刷新令牌属于另一个亚马逊应用", "请用本网关的应用重新授权。"),
    "amazon_failed": ("亚马逊没有响应，或返回的内容无法识别", "请一分钟后重试。"),
    "amazon_throttled": ("亚马逊要求降低调用频率", "请稍后重试。"),
    "amazon_rejected": ("亚马逊拒绝了此请求", "请查看亚马逊返回的说明。"),
    "request_refused": (
        "亚马逊认为请求格式有误，或缺少参数",
        "请检查网关与亚马逊之间是否有改动请求的设备，并更新网关。",
    ),
    "token_refused": ("亚马逊拒绝了访问令牌：已过期，或授权已取消", "请刷新令牌；仍然失败时，请重新授权。"),
    "refusal_in_doubt": (
        "亚马逊拒绝了刷新令牌，但网关的另一个进程可能已取得新令牌，尚未保存",
        "请稍后重试；仍然被拒绝时，请重新授权。",
    ),
    "too_many_refreshes": ("强制刷新令牌的次数过多", "请稍后重试，或直接获取令牌，网关会按需刷新。"),
    "wrong_region": ("该店铺不属于授权时选择的区域", "请按店铺站点所在的区域重新授权。"),
    "answer_too_large": (
        "亚马逊返回的内容过大，网关无法转发",
        "请缩小查询范围，如减少每页条数。",
    ),
    # Coming back from Amazon
    "state_unknown": (
        "授权链接无效：缺少 state，或不是本网关生成的",
        "请重新生成链接，不要使用旧链接。",
    ),
    "state_used": ("此授权已完成或已取消，链接只能使用一次", "如需再次授权，请重新生成链接。"),
    "code_taken": (
        "此授权码已由另一个浏览器带回，只在那里有效",
        "请在那个浏览器的页面上继续；如果没有这样的页面，请重新生成链接并授权。",
    ),
    "too_many_codes": ("同一个链接带回的授权码过多", "请重新生成链接，并只授权一次。"),
    "expired": ("链接已过有效期", "请重新生成链接，并及时完成授权。"),
    "access_denied": ("您在亚马逊页面上取消了授权", "如需授权，请重新生成链接。"),
    "code_missing": ("亚马逊没有返回授权码", "请重新生成链接，并在亚马逊页面上完成授权。"),
    "consent_failed": ("亚马逊的授权页面返回了错误", "请查看亚马逊返回的说明，再重新生成链接。"),
    "seller_missing": ("亚马逊没有返回卖家 ID", "请重新生成链接，并在亚马逊页面上完成授权。"),
    "code_refused": (
        "亚马逊拒绝了授权码：已过期、已使用，或属于其他应用或回调地址",
        "请重新生成链接，并在五分钟内完成。",
    ),
    "wrong_seller": (
        "您登录的不是要重新授权的店铺",
        "请重新生成链接，并在该店铺平时登录用的浏览器环境（如紫鸟浏览器）中打开。",
    ),
    "connected_elsewhere": (
        "该店铺或广告账户已为其他客户连接，保持不变",
        "请回到您来自的应用并联系其客服：只有对方能确认它归谁所有并进行转移。",
    ),
    "removed_meanwhile": ("要重新授权的店铺或广告账户已解绑", "如需重新添加，请重新生成链接。"),
    "exchange_failed": ("亚马逊没有响应，或暂时不接受，未能换取令牌", "请一分钟后重新生成链接。"),
    "interrupted": ("授权完成之前，网关被停止了", "请重新生成链接。"),
    # The confirmation page
    "not_confirmed": ("您在确认页面上点了取消", "如需授权，请重新生成链接并确认。"),
    "confirmation_ended": ("没有在五分钟内确认", "请重新生成链接，授权后立即确认。"),
    "confirmation_elsewhere": (
        "完成亚马逊授权的是另一个浏览器，或此浏览器没有保存 Cookie",
        "请回到完成授权的浏览器中确认；如果就是此浏览器，请允许本网关的 Cookie，再重新生成链接。",
    ),
    "confirmation_forged": ("页面已过期，或不是从本网关打开的", "请刷新确认页面，再点击其中的按钮。"),
    # The sites of an ads account
    "profile_sync_incomplete": (
        "账户已授权，但亚马逊暂未返回部分区域的广告站点",
        "无需重新授权，网关会定期自动重试；如需马上获取，请让助手刷新广告站点。",
    ),
    "profile_sync_unanswered": (
        "账户已授权，但亚马逊暂未响应广告站点的查询",
        "无需重新授权，网关会定期自动重试；如需马上获取，请让助手刷新广告站点。",
    ),
    "profile_sync_failed": (
        "账户已授权，但亚马逊在各区域都没有返回广告站点",
        "请登录亚马逊广告后台，在“经理账户（Manager accounts）”中关联广告账户，再让助手刷新广告站点；"
        "仍未获取到时，再重新授权。",
    ),
    # Imports
    "import_refused": ("亚马逊不接受此刷新令牌，未导入", "请在亚马逊后台重新生成刷新令牌，并完整导入。"),
    "import_wrong_region": ("此刷新令牌属于其他区域的店铺，未导入", "请按店铺站点所在的区域导入。"),
    "import_of_another_client": (
        "此刷新令牌属于另一个亚马逊应用，未导入",
        "请导入本网关的应用的刷新令牌。",
    ),
}
