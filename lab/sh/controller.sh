# shellcheck shell=bash
# The controller: the machine's own programs and files, in the lab's network, but with /etc and /deploy of its own, so that the
# users and directories that playbooks make on localhost never touch the machine.

make_controller() {
	local own=$state/controller
	mkdir -p "$own/etc" "$own/work" "$own/deploy" "$own/namespace" /deploy
	hosts_file >"$own/etc/hosts"
	: >"$own/etc/resolv.conf" # no name is looked up outside
	# A namespace can only be kept on a mount that is not shared.
	mount --bind "$own/namespace" "$own/namespace"
	mount --make-private "$own/namespace"
	touch "$own/namespace/mnt"
	unshare --mount="$own/namespace/mnt" --propagation slave bash -euc '
		mount -t overlay gdeploy-controller -o "lowerdir=/etc,upperdir=$0/etc,workdir=$0/work" /etc
		mount --bind "$0/deploy" /deploy' "$own"
}

remove_controller() {
	local namespace=$state/controller/namespace
	[ -d "$namespace" ] || return 0
	umount "$namespace/mnt" 2>/dev/null || true
	umount "$namespace" 2>/dev/null || true
}

in_controller() {
	nsenter --net="/run/netns/$controller" --mount="$state/controller/namespace/mnt" --wdns="$PWD" "$@"
}
