"""What is said of files on their way in: archives, encodings, other systems' formats. Part of `kb.messages`."""

from __future__ import annotations

from collections.abc import Mapping

# code → (English, 繁體中文, 简体中文)
TEXTS: Mapping[str, tuple[str, str, str]] = {
    "columns_too_many": (
        "the first row has {count} columns; the limit is {limit}",
        "第一列有 {count} 個欄位，上限為 {limit}",
        "第一行有 {count} 列，上限为 {limit}",
    ),
    "convert_depth": (
        "the document is nested too deeply",
        "文件巢狀層數過深",
        "文档嵌套层数过深",
    ),
    "convert_died": (
        "converting the document ended abnormally ({detail})",
        "文件轉換異常終止（{detail}）",
        "文档转换异常终止（{detail}）",
    ),
    "convert_error": (
        "the document cannot be converted: {detail}",
        "文件無法轉換：{detail}",
        "文档无法转换：{detail}",
    ),
    "convert_memory": (
        "converting the document takes more memory than KB_RENDER_MEMORY_MB allows",
        "轉換文件所需記憶體超過 KB_RENDER_MEMORY_MB",
        "转换文档所需内存超过 KB_RENDER_MEMORY_MB",
    ),
    "convert_time": (
        "converting the document takes longer than KB_RENDER_SECONDS allows",
        "轉換文件的時間超過 KB_RENDER_SECONDS",
        "转换文档的时间超过 KB_RENDER_SECONDS",
    ),
    "embed_left_out": (
        "{value}: a player or frame, which articles do not have, was left out",
        "{value}：影片或內嵌框架，文章不支援，已略去",
        "{value}：视频或内嵌框架，文章不支持，已略去",
    ),
    "encoding_doubtful": (
        "not UTF-8, and what it is cannot be told; it could be {candidates}. Save it as UTF-8, or name the encoding "
        "(--encoding)",
        "不是 UTF-8，也無法確定是哪一種編碼；可能是 {candidates}。請另存為 UTF-8，或指定編碼（--encoding）",
        "不是 UTF-8，也无法确定是哪一种编码；可能是 {candidates}。请另存为 UTF-8，或指定编码（--encoding）",
    ),
    "encoding_found": (
        "not UTF-8 and without a declaration: read as {encoding}",
        "不是 UTF-8 也沒有宣告編碼：以 {encoding} 讀取",
        "不是 UTF-8 也没有声明编码：按 {encoding} 读取",
    ),
    "file_unread_encoding": (
        "{value} is in no encoding that can be told: search will not know what it says; save it as UTF-8",
        "{value} 編碼不明，內容將搜尋不到；請存成 UTF-8",
        "{value} 编码不明，内容将搜索不到；请存成 UTF-8",
    ),
    "file_unread_encrypted": (
        "{value} has a password: search will not know what it says; save it without one",
        "{value} 有密碼，內容將搜尋不到；請不設密碼另存",
        "{value} 有密码，内容将搜索不到；请不设密码另存",
    ),
    "file_unread_error": (
        "{value} cannot be read: search will not know what it says; see whether it opens",
        "{value} 無法讀取，內容將搜尋不到；請檢查檔案能否開啟",
        "{value} 无法读取，内容将搜索不到；请检查文件能否打开",
    ),
    "file_unread_no_text": (
        "{value} has no text (a scan, perhaps): search will not know what it says",
        "{value} 沒有文字（可能是掃描檔），內容將搜尋不到",
        "{value} 没有文字（可能是扫描件），内容将搜索不到",
    ),
    "file_unread_too_long": (
        "{value} is too long: search will know its first 4,000,000 characters",
        "{value} 文字太長，只有前 4,000,000 字搜尋得到",
        "{value} 文字太长，只有前 4,000,000 字搜索得到",
    ),
    "image_missing": (
        "the picture {value} is not in the import; its description takes its place",
        "圖片 {value} 不在匯入的檔案中；將以其說明文字代替",
        "图片 {value} 不在导入的文件中；将以其说明文字代替",
    ),
    "picture_broken": (
        "{value} is no picture that can be shown: PNG, JPEG, GIF or WebP of up to 50 million dots, and whole",
        "{value} 不是可以顯示的圖片：須為完整的 PNG、JPEG、GIF 或 WebP，且不超過五千萬像素",
        "{value} 不是可以显示的图片：须为完整的 PNG、JPEG、GIF 或 WebP，且不超过五千万像素",
    ),
    "product_needed": (
        "the article does not say which product it is about; name one for all of them (--product)",
        "文章沒有註明產品；請為全部文章指定一個產品（--product）",
        "文章没有注明产品；请为全部文章指定一个产品（--product）",
    ),
    "restricted_there": (
        "was kept to fewer readers where it comes from; here its readers are those of the import",
        "在原系統僅限部分讀者閱讀；匯入後的讀者以此次匯入的設定為準",
        "在原系统仅限部分读者阅读；导入后的读者以此次导入的设置为准",
    ),
    "too_many_refused": (
        "{limit} rows were refused; what follows was not read",
        "已有 {limit} 列無法匯入；其後的內容未讀取",
        "已有 {limit} 行无法导入；其后的内容未读取",
    ),
    "zip_absolute": (
        "the name begins with / or a drive: an entry's name is relative to the archive",
        "檔名以 / 或磁碟代號開頭：ZIP 內的檔名須為相對路徑",
        "文件名以 / 或盘符开头：ZIP 内的文件名须为相对路径",
    ),
    "zip_broken": ("the ZIP cannot be read: {detail}", "無法讀取 ZIP：{detail}", "无法读取 ZIP：{detail}"),
    "zip_depth": (
        "more than {limit} folders deep; see KB_ZIP_DEPTH",
        "資料夾超過 {limit} 層；見 KB_ZIP_DEPTH",
        "文件夹超过 {limit} 层；见 KB_ZIP_DEPTH",
    ),
    "zip_encrypted": (
        "the entry is encrypted; pack it without a password",
        "此檔案有加密；請不設密碼重新壓縮",
        "此文件有加密；请不设密码重新压缩",
    ),
    "zip_entries": (
        "the ZIP has more than {limit} entries, nothing of it was read; see KB_ZIP_ENTRIES",
        "ZIP 內的檔案超過 {limit} 個，全部未讀取；見 KB_ZIP_ENTRIES",
        "ZIP 内的文件超过 {limit} 个，全部未读取；见 KB_ZIP_ENTRIES",
    ),
    "zip_entry_broken": (
        "{value} cannot be unpacked: {detail}",
        "{value} 無法解壓縮：{detail}",
        "{value} 无法解压缩：{detail}",
    ),
    "zip_entry_size": (
        "{size} MB unpacked; the limit is {limit}, see KB_ZIP_ENTRY_MB",
        "解壓縮後 {size} MB，上限為 {limit}，見 KB_ZIP_ENTRY_MB",
        "解压缩后 {size} MB，上限为 {limit}，见 KB_ZIP_ENTRY_MB",
    ),
    "zip_method": (
        "packed by the method {method}, which is not taken; stored, deflate, bzip2 and LZMA are",
        "壓縮方式 {method} 無法讀取；可以的有 stored、deflate、bzip2、LZMA",
        "压缩方式 {method} 无法读取；可以的有 stored、deflate、bzip2、LZMA",
    ),
    "zip_name": (
        "{value!r} cannot be a file's name: controls, < > : \" | ? * and parts of more than 255 bytes are not taken",
        '{value!r} 不能作為檔名：不接受控制字元、< > : " | ? * 與超過 255 位元組的部分',
        '{value!r} 不能作为文件名：不接受控制字符、< > : " | ? * 与超过 255 字节的部分',
    ),
    "zip_name_reserved": (
        "{value!r} is a name that Windows reserves, or ends in a dot or a space",
        "{value!r} 是 Windows 保留的名稱，或以句點、空格結尾",
        "{value!r} 是 Windows 保留的名称，或以句点、空格结尾",
    ),
    "zip_name_twice": (
        "{value} is in the ZIP twice; the first is taken",
        "ZIP 內有兩個 {value}；採用第一個",
        "ZIP 内有两个 {value}；采用第一个",
    ),
    "zip_names_collide": (
        "{value} and {other} differ in case alone; the first is taken",
        "{value} 與 {other} 只有大小寫不同；採用第一個",
        "{value} 与 {other} 只有大小写不同；采用第一个",
    ),
    "zip_nested": (
        "an archive within the archive is not opened: it is a file like others, for an article to attach",
        "ZIP 內的壓縮檔不會開啟：只當作一般檔案，可作為文章附件",
        "ZIP 内的压缩文件不会打开：只当作一般文件，可作为文章附件",
    ),
    "zip_overlap": (
        "the entry shares its bytes with another one",
        "此檔案的資料與另一個檔案重疊",
        "此文件的数据与另一个文件重叠",
    ),
    "zip_ratio": (
        "unpacks to {ratio} times its size; the limit is {limit}, see KB_ZIP_RATIO",
        "解壓縮後為原大小的 {ratio} 倍，上限為 {limit}，見 KB_ZIP_RATIO",
        "解压缩后为原大小的 {ratio} 倍，上限为 {limit}，见 KB_ZIP_RATIO",
    ),
    "zip_slip": (
        "the name leads out of the archive (..)",
        "檔名指向 ZIP 之外（..）",
        "文件名指向 ZIP 之外（..）",
    ),
    "zip_special": (
        "the entry is a {kind}, not a file",
        "此項目是 {kind}，不是檔案",
        "此项目是 {kind}，不是文件",
    ),
    "zip_total": (
        "what the ZIP unpacks to is more than {limit} MB with it; see KB_ZIP_MB",
        "加上此檔案後，ZIP 解壓縮超過 {limit} MB；見 KB_ZIP_MB",
        "加上此文件后，ZIP 解压缩超过 {limit} MB；见 KB_ZIP_MB",
    ),
}
