# Starts the helper on a host, and asks for it first where it is not there. It is sent as
# one line within single quotes, for whatever login shell, so it holds no single quote,
# no exclamation mark and no two backslashes. What it says on stdout begins with a NUL and GDEPLOY.
umask 077
u=$(id -u)
case $(uname -sm) in
@CASES@
*) printf "\000GDEPLOY PLATFORM %s\n" "$(uname -sm)"; exit 96 ;;
esac
ours() {
	[ -d "$1" ] || return 1
	if [ -L "$1" ]; then return 1; fi
	set -- $(ls -ldn "$1")
	case $1 in drwx------*) [ "$3" = "$u" ] ;; *) return 1 ;; esac
}
try() {
	ours "$1" && [ -f "$1/$s" ] && [ -x "$1/$s" ] || return 0
	exec "$1/$s" helper serve
}
skip() { printf "\000GDEPLOY SKIP %s\n" "$*"; }
usable() {
	mkdir -p "$1" 2>/dev/null || { skip "$1 cannot be made"; return 1; }
	ours "$1" || { skip "$1 belongs to another user or others may write there"; return 1; }
	t=$1/.up.$$
	printf "#\041/bin/sh\nexit 0\n" 2>/dev/null >"$t" || { skip "$1 cannot be written"; return 1; }
	chmod 700 "$t"
	"$t" 2>/dev/null || { rm -f "$t"; skip "$1 does not let programs run (noexec)"; return 1; }
	rm -f "$t"
	set -- "$1" $(df -Pk "$1" 2>/dev/null | tail -n 1)
	[ "${5:-999999}" -gt $((raw / 512)) ] 2>/dev/null || { skip "$1 is full"; return 1; }
}
sum() {
	if command -v sha256sum >/dev/null 2>&1; then sha256sum <"$1"
	elif command -v openssl >/dev/null 2>&1; then openssl dgst -r -sha256 <"$1"
	else printf "%s\n" "$s"; fi
}
clean() { rm -f "$t"; }
take() {
	usable "$1" || return 0
	trap clean 0
	trap "exit 97" 1 2 15
	if command -v gzip >/dev/null 2>&1; then
		printf "\000GDEPLOY SEND gz $a %s\n" "$1"
		head -c "$gz" | gzip -dc >"$t"
	else
		printf "\000GDEPLOY SEND raw $a %s\n" "$1"
		head -c "$raw" >"$t"
	fi
	n=$(wc -c <"$t")
	[ "$((n))" = "$raw" ] || { printf "\000GDEPLOY FAIL %s\n" "$1 took $((n)) of $raw bytes; it may be full"; exit 97; }
	case $(sum "$t") in
	"$s"*) ;;
	*) printf "\000GDEPLOY FAIL %s\n" "what arrived in $1 is not what was sent"; exit 97 ;;
	esac
	chmod 700 "$t" && mv -f "$t" "$1/$s" && trap - 0 1 2 15 && exec "$1/$s" helper serve
	printf "\000GDEPLOY FAIL %s\n" "$1/$s cannot be started"
	exit 97
}
for step in @STEPS@; do
	for d in @DIRS@; do
		$step "$d"
	done
done
printf "\000GDEPLOY FAIL %s\n" "no directory for the helper"
exit 97
