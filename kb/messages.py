"""What the checks of an import say, in the words of the one who imports."""

from __future__ import annotations

from collections.abc import Mapping

from kb import batch_messages, file_messages
from kb.articles import Problem
from kb.store.articles import Obstacle

# code → (English, 繁體中文, 简体中文)
TEXTS: Mapping[str, tuple[str, str, str]] = {
    "attachment_form": (
        "{value}: an attachment is a path beside the file, or an object with `name` and `content_base64`",
        "{value}：附件應為檔案旁的路徑，或含 `name` 與 `content_base64` 的物件",
        "{value}：附件应为文件旁的路径，或含 `name` 与 `content_base64` 的对象",
    ),
    "attachment_name": (
        "{value!r} cannot be a file's name; 1 to 150 characters, none of / \\ < > : \" | ? *",
        '{value!r} 不能作為檔名；須 1 到 150 個字元，且不含 / \\ < > : " | ? *',
        '{value!r} 不能作为文件名；须 1 到 150 个字符，且不含 / \\ < > : " | ? *',
    ),
    "attachment_twice": (
        "two attachments are named {value}; names differ by more than case",
        "有兩個附件名為 {value}；檔名不可只有大小寫不同",
        "有两个附件名为 {value}；文件名不可只有大小写不同",
    ),
    "body_missing": ("the article has no text", "文章沒有內文", "文章没有正文"),
    "body_too_long": (
        "the text has {length} characters; the limit is {limit}",
        "內文有 {length} 個字元，上限為 {limit}",
        "正文有 {length} 个字符，上限为 {limit}",
    ),
    "cells_count": (
        "the row has {found} cells, the header {expected}; quote a cell that has commas in it",
        "此列有 {found} 格，標題列有 {expected} 格；含逗號的儲存格要加引號",
        "此行有 {found} 格，标题行有 {expected} 格；含逗号的单元格要加引号",
    ),
    "characters_left_out": (
        "control characters were replaced by spaces",
        "控制字元已換成空格",
        "控制字符已换成空格",
    ),
    "columns_missing": (
        "the first row must name the columns {missing}; it has {found}",
        "第一列必須有欄位 {missing}；目前是 {found}",
        "第一行必须有列 {missing}；目前是 {found}",
    ),
    "columns_twice": ("the column {twice} is there twice", "欄位 {twice} 重複", "列 {twice} 重复"),
    "exported_sections": (
        "`sections` names {wanted} parts, but the text has {found}; a line {mark} parts each from the next",
        "`sections`列出 {wanted} 個部分，但內文有 {found} 個；各部分之間須有一行 {mark}",
        "`sections` 列出 {wanted} 个部分，但正文有 {found} 个；各部分之间须有一行 {mark}",
    ),
    "exported_wrong": (
        "{value}: this is not what an export writes here",
        "{value}：匯出檔的此處不會是這個值",
        "{value}：导出文件的此处不会是这个值",
    ),
    "file_missing": ("{value}: there is no such file", "{value}：沒有這個檔案", "{value}：没有这个文件"),
    "file_outside": (
        "{value} is outside of the folder that is imported",
        "{value} 不在匯入的資料夾內",
        "{value} 不在导入的文件夹内",
    ),
    "file_too_large": (
        "{value} is larger than {limit_mb} MB",
        "{value} 大於 {limit_mb} MB",
        "{value} 大于 {limit_mb} MB",
    ),
    "file_unreadable": ("cannot be read: {detail}", "無法讀取：{detail}", "无法读取：{detail}"),
    "forbidden_character": (
        "the character {character} cannot be stored",
        "無法儲存字元 {character}",
        "无法存储字符 {character}",
    ),
    "front_matter_anchor": (
        "anchors and aliases (& and *) are not taken in front matter; quote the value if it begins with one",
        "front matter 不接受錨點與別名（& 與 *）；值以這些符號開頭時請加引號",
        "front matter 不接受锚点与别名（& 与 *）；值以这些符号开头时请加引号",
    ),
    "front_matter_key_twice": ("the key {key} is there twice", "鍵 {key} 重複", "键 {key} 重复"),
    "front_matter_missing": (
        "the file does not begin with front matter: a line ---, the keys, a line ---",
        "檔案開頭沒有 front matter：一行 ---、各個鍵、一行 ---",
        "文件开头没有 front matter：一行 ---、各个键、一行 ---",
    ),
    "front_matter_no_keys": (
        "the front matter is not a list of `key: value` lines",
        "front matter 不是一行一個「鍵: 值」",
        "front matter 不是一行一个“键: 值”",
    ),
    "front_matter_tag": (
        "the tag {tag} is not taken in front matter; quote the value if it begins with !",
        "front matter 不接受標籤 {tag}；值以 ! 開頭時請加引號",
        "front matter 不接受标签 {tag}；值以 ! 开头时请加引号",
    ),
    "front_matter_too_deep": (
        "a value is a text or a list of texts, nothing nested deeper",
        "值只能是文字或文字清單，不能再有巢狀結構",
        "值只能是文本或文本列表，不能再嵌套",
    ),
    "front_matter_too_long": (
        "the front matter is longer than {limit} characters",
        "front matter 超過 {limit} 個字元",
        "front matter 超过 {limit} 个字符",
    ),
    "front_matter_unclosed": (
        "the front matter has no line --- at its end",
        "front matter 結尾沒有 --- 這一行",
        "front matter 结尾没有 --- 这一行",
    ),
    "front_matter_wrong": (
        "the front matter is not YAML: {detail}; quote a value that has a colon or # in it",
        "front matter 不是有效的 YAML：{detail}；值中有冒號或 # 時請加引號",
        "front matter 不是有效的 YAML：{detail}；值中有冒号或 # 时请加引号",
    ),
    "grant_unknown": (
        "{value} is no grant: public, staff, or product:right with a known product and right",
        "{value} 不是授權：須為 public、staff，或已知產品與權利的「產品:權利」",
        "{value} 不是授权：须为 public、staff，或已知产品与权利的“产品:权利”",
    ),
    "header_missing": (
        "the first row must name the columns; at least {needed}",
        "第一列必須是欄位名稱，至少要有 {needed}",
        "第一行必须是列名，至少要有 {needed}",
    ),
    "id_length": (
        "an id has 1 to {limit} characters",
        "id 須為 1 到 {limit} 個字元",
        "id 须为 1 到 {limit} 个字符",
    ),
    "id_twice": (
        "the id {value} is there twice; the first is at {first}",
        "id {value} 重複；第一個在 {first}",
        "id {value} 重复；第一个在 {first}",
    ),
    "import_absent": (
        "{value}: there is no such file or folder",
        "{value}：沒有這個檔案或資料夾",
        "{value}：没有这个文件或文件夹",
    ),
    "import_broken": (
        "something went wrong on our side, nothing was written; whoever runs this knowledge base finds it in the log",
        "系統發生錯誤，沒有寫入任何內容；管理者可在記錄檔中查看原因",
        "系统发生错误，没有写入任何内容；管理员可在日志中查看原因",
    ),
    "import_died": (
        "the import ended the program that worked on it {times} times; nothing was written",
        "處理此匯入的程式中斷了 {times} 次；沒有寫入任何內容",
        "处理此导入的程序中断了 {times} 次；没有写入任何内容",
    ),
    "import_empty": ("{value} is empty", "{value} 是空檔案", "{value} 是空文件"),
    "import_sources": (
        "this export holds several sources, to be imported one by one: {sources}. Export one alone, or use kb import",
        "此匯出檔含多個來源，須逐一匯入：{sources}。請只匯出其中一個，或使用 kb import",
        "此导出文件含多个来源，须逐一导入：{sources}。请只导出其中一个，或使用 kb import",
    ),
    "import_unnamed": (
        "no file was sent, or one without a name",
        "沒有選擇檔案，或檔案沒有名稱",
        "没有选择文件，或文件没有名称",
    ),
    "source_changed": (
        "another import of this source was faster; what would change was looked at anew",
        "同一來源已有另一次匯入先完成；已重新檢查會有哪些變更",
        "同一来源已有另一次导入先完成；已重新检查会有哪些变更",
    ),
    "import_grants": (
        "{value!r} is no right to read: a grant is public, staff, or product:right with one of the rights {rights}",
        "{value!r} 不能作為閱讀權限：權限為 public、staff，或 產品:權利，權利為 {rights} 之一",
        "{value!r} 不能作为阅读权限：权限为 public、staff，或 产品:权利，权利为 {rights} 之一",
    ),
    "import_kind": (
        "{value}: not a kind of file that can be imported; these can: a folder or .zip of Markdown, .md, .jsonl, "
        ".csv, and the last two also as .gz or .xz",
        "{value}：無法匯入這種檔案；可以匯入的有：Markdown 資料夾或 .zip、.md、.jsonl、.csv，後兩者也可為 .gz 或 .xz",
        "{value}：无法导入这种文件；可以导入的有：Markdown 文件夹或 .zip、.md、.jsonl、.csv，后两者也可为 .gz 或 .xz",
    ),
    "import_source": (
        "a source has a name of 1 to 100 printable characters",
        "來源名稱須為 1 到 100 個可顯示的字元",
        "来源名称须为 1 到 100 个可显示的字符",
    ),
    "key_missing": ("the row must have this key", "此列必須有這個鍵", "此行必须有这个键"),
    "line_too_long": ("the line is longer than {limit_mb} MB", "此行超過 {limit_mb} MB", "此行超过 {limit_mb} MB"),
    "link_missing": (
        "the link {value} leads to no file of the import; it loses its address",
        "連結 {value} 在匯入的檔案中找不到；該連結將失去網址",
        "链接 {value} 在导入的文件中找不到；该链接将失去地址",
    ),
    "link_outside": (
        "the link {value} leads out of the folder that is imported; it loses its address",
        "連結 {value} 指向匯入資料夾之外；該連結將失去網址",
        "链接 {value} 指向导入文件夹之外；该链接将失去地址",
    ),
    "nobody_reads": (
        "no grants: nobody can read it. Name some in the row, or for all rows with --grants",
        "沒有授權：沒有人能閱讀。請在該列註明，或以 --grants 為全部指定",
        "没有授权：没有人能阅读。请在该行注明，或用 --grants 为全部指定",
    ),
    "not_base64": (
        "{value}: `content_base64` is not base64",
        "{value}：`content_base64` 不是 base64",
        "{value}：`content_base64` 不是 base64",
    ),
    "not_csv": ("not CSV: {detail}", "不是有效的 CSV：{detail}", "不是有效的 CSV：{detail}"),
    "not_json": ("not JSON: {detail}", "不是有效的 JSON：{detail}", "不是有效的 JSON：{detail}"),
    "not_object": (
        "a line is a JSON object, not {value}",
        "一行須為一個 JSON 物件，而不是 {value}",
        "一行须为一个 JSON 对象，而不是 {value}",
    ),
    "not_one_of": (
        "{value!r} is none of {allowed}",
        "{value!r} 不是下列之一：{allowed}",
        "{value!r} 不是下列之一：{allowed}",
    ),
    "not_utf8": ("not UTF-8", "不是 UTF-8", "不是 UTF-8"),
    "not_licensed": (
        "this takes the licence of a {value}",
        "這需要 {value} 授權",
        "这需要 {value} 授权",
    ),
    "number_form": (
        "{value!r} is no article number: KB and six to nine digits",
        "{value!r} 不是文章編號：KB 加六到九位數字",
        "{value!r} 不是文章编号：KB 加六到九位数字",
    ),
    "number_taken": (
        "the number {value} belongs to an article of the source {source}",
        "編號 {value} 已屬於來源 {source} 的文章",
        "编号 {value} 已属于来源 {source} 的文章",
    ),
    "number_twice": (
        "the number {value} is brought by {id} too",
        "編號 {value} 也由 {id} 使用",
        "编号 {value} 也由 {id} 使用",
    ),
    "marker_shown": (
        "line {line} of the text: {value!r} is no marker of ours and is shown as it is",
        "內文第 {line} 行：{value!r} 不是本系統的標記，會照原樣顯示",
        "正文第 {line} 行：{value!r} 不是本系统的标记，会照原样显示",
    ),
    "merge_into": (
        "{value!r} is not the number of another article that is not archived",
        "{value!r} 不是另一篇未封存文章的編號",
        "{value!r} 不是另一篇未归档文章的编号",
    ),
    "moment_past": (
        "{value} is past; choose a later time, or publish now",
        "{value} 已過；請選擇之後的時間，或立即發布",
        "{value} 已过；请选择之后的时间，或立即发布",
    ),
    "nested_too_deep": (
        "lists and objects are nested deeper than {limit} levels",
        "清單與物件的巢狀超過 {limit} 層",
        "列表与对象的嵌套超过 {limit} 层",
    ),
    "packed_too_far": (
        "the file unpacks to more than {ratio} times its size; what follows was not read",
        "檔案解壓縮後超過原大小的 {ratio} 倍；其後的內容未讀取",
        "文件解压后超过原大小的 {ratio} 倍；其后的内容未读取",
    ),
    "packed_broken": ("cannot be unpacked: {detail}", "無法解壓縮：{detail}", "无法解压缩：{detail}"),
    "overtaken": (
        "the article was changed since the draft began; look at what changed, then publish again",
        "草稿開始後，文章已有變更；請先看過變更，再重新發布",
        "草稿开始后，文章已有变更；请先看过变更，再重新发布",
    ),
    "owner_form": (
        "{value!r} is not an e-mail address",
        "{value!r} 不是電子郵件地址",
        "{value!r} 不是电子邮件地址",
    ),
    "product_form": (
        "{value!r} is no product's identifier: small letters, digits, . _ -",
        "{value!r} 不是產品代號：須為小寫字母、數字、. _ -",
        "{value!r} 不是产品代号：须为小写字母、数字、. _ -",
    ),
    "product_unknown": (
        "there is no product {value!r}; known are: {known}. To add it, allow new products (--new-products)",
        "沒有產品 {value!r}；現有：{known}。要新增請允許加入新產品（--new-products）",
        "没有产品 {value!r}；现有：{known}。要新增请允许添加新产品（--new-products）",
    ),
    "products_wrong": ("{detail}", "{detail}", "{detail}"),
    "quote_unclosed": (
        "a quoted cell is not closed before the end of the file",
        "有加引號的儲存格到檔尾都沒有結束",
        "有加引号的单元格到文件末尾都没有结束",
    ),
    "render_depth": (
        "the Markdown is nested too deeply",
        "Markdown 巢狀層數過深",
        "Markdown 嵌套层数过深",
    ),
    "render_died": (
        "rendering the Markdown ended abnormally ({detail})",
        "Markdown 轉換異常終止（{detail}）",
        "Markdown 转换异常终止（{detail}）",
    ),
    "render_error": (
        "the Markdown cannot be rendered: {detail}",
        "Markdown 無法轉換：{detail}",
        "Markdown 无法转换：{detail}",
    ),
    "render_memory": (
        "rendering the Markdown takes more than {memory_mb} MB; see KB_RENDER_MEMORY_MB",
        "轉換 Markdown 所需記憶體超過 {memory_mb} MB；見 KB_RENDER_MEMORY_MB",
        "转换 Markdown 所需内存超过 {memory_mb} MB；见 KB_RENDER_MEMORY_MB",
    ),
    "render_time": (
        "rendering the Markdown takes longer than {seconds} seconds; see KB_RENDER_SECONDS",
        "轉換 Markdown 超過 {seconds} 秒；見 KB_RENDER_SECONDS",
        "转换 Markdown 超过 {seconds} 秒；见 KB_RENDER_SECONDS",
    ),
    "section_grants_missing": (
        "line {line} of the text: `:::grants` names no grant",
        "內文第 {line} 行：`:::grants` 沒有註明授權",
        "正文第 {line} 行：`:::grants` 没有注明授权",
    ),
    "section_end_alone": (
        "line {line} of the text: `:::` ends no section; each ends one that a line `:::grants …` began",
        "內文第 {line} 行：`:::` 前沒有可結束的段落；每個 `:::` 須結束一個以 `:::grants …` 開始的段落",
        "正文第 {line} 行：`:::` 前没有可结束的段落；每个 `:::` 须结束一个以 `:::grants …` 开始的段落",
    ),
    "section_in_doubt": (
        "line {line} of the text: whether this marker is code cannot be told, for the fence in line {fence} is not "
        "closed as it should be: by a line of the very same marks alone, with at most a language after the first ones; "
        "if it begins no code, begin its line with something else",
        "內文第 {line} 行：無法確定此段落標記是否為程式碼，因為第 {fence} 行的程式碼圍欄沒有正確結束："
        "須以完全相同的符號獨立一行結束，開頭的符號後最多只寫語言；若不是程式碼，請勿以這些符號開頭",
        "正文第 {line} 行：无法确定此段落标记是否为代码，因为第 {fence} 行的代码围栏没有正确结束："
        "须以完全相同的符号独立一行结束，开头的符号后最多只写语言；若不是代码，请勿以这些符号开头",
    ),
    "section_marker": (
        "line {line} of the text: {value!r} is no marker, and everyone would read what it is to keep from some; "
        "a section begins with `:::grants` and its grants, in these letters and from the first column, "
        "and ends with `:::`; an example of one stands between fences of code",
        "內文第 {line} 行：{value!r} 不是有效的段落標記，應限制的內容會對所有讀者顯示；"
        "段落須以半形小寫的 `:::grants` 加授權頂格開始，以 `:::` 結束；範例請放在程式碼圍欄內",
        "正文第 {line} 行：{value!r} 不是有效的段落标记，应限制的内容会对所有读者显示；"
        "段落须以半角小写的 `:::grants` 加授权顶格开始，以 `:::` 结束；示例请放在代码围栏内",
    ),
    "section_unclosed": (
        "a `:::grants` section has no line `:::` at its end",
        "`:::grants` 段落結尾沒有 `:::` 這一行",
        "`:::grants` 段落结尾没有 `:::` 这一行",
    ),
    "sections_nested": (
        "line {line} of the text: a `:::grants` section begins within another",
        "內文第 {line} 行：`:::grants` 段落內不能再有一個",
        "正文第 {line} 行：`:::grants` 段落内不能再有一个",
    ),
    "title_made": (
        "empty: the article is called by its first words",
        "空白：以文章開頭的文字為標題",
        "空白：以文章开头的文字为标题",
    ),
    "title_missing": ("the article has no title", "文章沒有標題", "文章没有标题"),
    "title_too_long": (
        "the title has {length} characters; the limit is {limit}",
        "標題有 {length} 個字元，上限為 {limit}",
        "标题有 {length} 个字符，上限为 {limit}",
    ),
    "too_many_files": (
        "an article has at most {limit} files",
        "一篇文章最多 {limit} 個檔案",
        "一篇文章最多 {limit} 个文件",
    ),
    "too_many_section_grants": (
        "the sections have {count} different sets of grants; the limit is {limit}",
        "各段落共有 {count} 組不同的授權，上限為 {limit}",
        "各段落共有 {count} 组不同的授权，上限为 {limit}",
    ),
    "unknown_key": (
        "not a key of ours: kept with the article, not shown",
        "不是本系統的鍵：隨文章保存，但不顯示",
        "不是本系统的键：随文章保存，但不显示",
    ),
    "wrong_date": (
        "{value!r} is no date; write it like 2026-10-03",
        "{value!r} 不是日期；請寫成 2026-10-03",
        "{value!r} 不是日期；请写成 2026-10-03",
    ),
    "wrong_moment": (
        "{value!r} is no time; write it like 2026-10-03 18:00",
        "{value!r} 不是時間；請寫成 2026-10-03 18:00",
        "{value!r} 不是时间；请写成 2026-10-03 18:00",
    ),
    "wrong_kind": ("{value} is not a {kind}", "{value} 的型別不對，應為 {kind}", "{value} 的类型不对，应为 {kind}"),
    **file_messages.TEXTS,
    **batch_messages.TEXTS,
}
# Why a batch cannot be taken back: code of kb.store.articles.Obstacle → the same three.
OBSTACLES: Mapping[str, tuple[str, str, str]] = {
    "gone": ("was deleted since", "之後已刪除", "之后已删除"),
    "changed_since": (
        "was changed since, by batch {detail}; take that back first",
        "之後又由批次 {detail} 更改；請先還原該批次",
        "之后又由批次 {detail} 更改；请先还原该批次",
    ),
    "linked": (
        "is linked in case {detail}, which would lose its answer",
        "已連結到案件 {detail}，還原後該案件會失去答案",
        "已链接到案件 {detail}，还原后该案件会失去答案",
    ),
    "number_taken": (
        "of {detail} has a number now that an article of the batch had before",
        "（來源 {detail}）現在使用批次中文章原有的編號",
        "（来源 {detail}）现在使用批次中文章原有的编号",
    ),
}
LANGS = ("en", "zh-Hant", "zh-Hans")
LANGUAGE_NAMES: Mapping[str, tuple[str, str, str]] = {
    "zh-Hant": ("Traditional Chinese", "繁體中文", "繁体中文"),
    "zh-Hans": ("Simplified Chinese", "簡體中文", "简体中文"),
    "en": ("English", "英文", "英文"),
}


def told(problem: Problem, lang: str = "en") -> str:
    """The problem in words, its field first when it has one."""
    values = {"detail": "", **problem.values}
    if problem.code == "translation_missing":
        codes = str(values["value"]).split(", ")
        names = (LANGUAGE_NAMES[code][LANGS.index(lang)] for code in codes)
        values["value"] = (", " if lang == "en" else "、").join(names)
    text = TEXTS[problem.code][LANGS.index(lang)].format(**values)
    return f"{problem.field}: {text}" if problem.field else text


def obstacle_told(obstacle: Obstacle, lang: str = "en") -> str:
    """What stands in the way of taking a batch back, in words that follow the article's number and title."""
    return OBSTACLES[obstacle.code][LANGS.index(lang)].format(detail=obstacle.detail)
