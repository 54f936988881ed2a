#!/usr/bin/env bash
# 連續擷取 MethodServer 的執行緒傾印，並記錄每個執行緒的 CPU 用量。
# Take several thread dumps of a MethodServer, with per-thread CPU usage.
#
#   用法 / Usage:  ./collect-threads.sh PID [COUNT] [SECONDS] [OUTPUT_DIR]
#   範例 / Example: ./collect-threads.sh 23417 5 10 /tmp/threads
#
# 請以執行 Windchill 的同一個作業系統帳號執行。
# Run it as the operating-system account that runs Windchill.
set -euo pipefail

pid=${1:?用法: $0 PID [COUNT] [SECONDS] [OUTPUT_DIR]}
count=${2:-5}
seconds=${3:-10}
out=${4:-./threads-$pid-$(date +%Y%m%d-%H%M%S)}

kill -0 "$pid" 2>/dev/null || { echo "無法存取處理程序 $pid（不存在，或帳號不符）" >&2; exit 1; }
command -v jcmd >/dev/null || { echo "找不到 jcmd：請先執行 windchill shell，或將 JDK 的 bin 加入 PATH" >&2; exit 1; }

mkdir -p "$out"
jcmd "$pid" VM.version      > "$out/vm-version.txt"
jcmd "$pid" VM.command_line > "$out/vm-command-line.txt"
# 命令列可能含有密碼；送出前先遮蔽。 Mask passwords before the file leaves the host.
sed -i -E 's/([Pp]ass(word)?=)[^ ]+/\1********/g' "$out/vm-command-line.txt"

for ((i = 1; i <= count; i++)); do
    stamp=$(date +%Y%m%d-%H%M%S)
    echo "[$i/$count] $stamp"
    jcmd "$pid" Thread.print -l > "$out/threads-$i-$stamp.txt"
    # TID 為十進位；傾印中的 nid 為十六進位。 TID is decimal, nid in the dump is hexadecimal.
    top -H -b -n 1 -p "$pid" | head -60 > "$out/top-$i-$stamp.txt" || true
    jstat -gcutil "$pid" >> "$out/gcutil.txt" || true
    if ((i < count)); then sleep "$seconds"; fi
done

tar -czf "$out.tar.gz" -C "$(dirname "$out")" "$(basename "$out")"
echo "完成：$out.tar.gz"
