"""What Chinese texts of the product have in common: the trade's terms, and the punctuation of the script."""

import re

# What nobody in the trade says, or says otherwise, and the term that the product has for it.
FOREIGN = {
    "广告账号": "广告账户",
    "配置文件": "广告站点",
    "移除": "解绑",
    "管理账户": "经理账户",
    "卖家平台": "卖家后台",
    "供应商": "VC",
    "授予访问": "确认授权",
    "撤销": "取消授权",
}
# Punctuation of the other script beside a Chinese character, or a blank before Chinese punctuation.
HALF_WIDTH = re.compile(
    r"[\u4e00-\u9fff][,;:?!()\"]|[,;:?!()\"][\u4e00-\u9fff]|\s[，。；：？！、（）]|[\u4e00-\u9fff]\."
)
