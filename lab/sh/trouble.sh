# shellcheck shell=bash
# Trouble, as it really comes: a cut line, a full disk, a host that is dead, that hangs, or that is not who it was.

cut_line() { ip -n "$controller" link set "v-$1" down; }
join_line() { ip -n "$controller" link set "v-$1" up; }
is_cut() { ip -n "$controller" -br link show "v-$1" | grep -q DOWN; }

# Leaves FREE bytes (default none) on HOST's disk by shrinking it to what is used: real ENOSPC at no cost in memory. A disk
# that is written to meanwhile may have become larger than that; then it is looked at again.
fill_disk() {
	local home used_kb free_kb try
	home=$(home_of "$1")
	free_kb=$(($(numfmt --from=iec "${2:-0}") / 1024))
	for try in {1..20}; do
		used_kb=$(df --output=used -k "$home" | tail -n 1)
		mount -o "remount,size=$((used_kb + free_kb))k" "$home" 2>/dev/null && return
	done
	die "the disk of $1 could not be filled in $try tries"
}
unfill_disk() { mount -o "remount,size=$disk_size" "$(home_of "$1")"; }

# A frozen host's kernel still accepts TCP; its sshd never says a word.
freeze_host() { echo 1 >"$(cgroup_of "$1")/cgroup.freeze"; }
thaw_host() { echo 0 >"$(cgroup_of "$1")/cgroup.freeze"; }

# The host comes back with another host key; known_hosts keeps the old one.
change_host_key() {
	local key
	key=$(home_of "$1")/root/etc/ssh/ssh_host_ed25519_key
	rm -f "$key" "$key.pub"
	ssh-keygen -q -t ed25519 -N '' -C "root@$1" -f "$key"
	(run_in_host "$1" systemctl restart ssh)
}

condition_of() {
	local group
	group=$(cgroup_of "$1")
	[ -n "$(init_of "$1")" ] || { echo off; return; }
	grep -q 'frozen 1' "$group/cgroup.events" && { echo frozen; return; }
	is_cut "$1" && { echo cut; return; }
	(run_in_host "$1" systemctl is-system-running 2>/dev/null) || true
}
