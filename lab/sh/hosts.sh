# shellcheck shell=bash
# A host: its own disk (a tmpfs) over the shared image, its own cgroup, its own namespaces, a real systemd as PID 1.

# list_hosts COUNT: the web nodes, the balancer, and n11, which is always the bare one.
list_hosts() {
	local made=0 i
	for ((i = 1; made < $1; i++)); do
		[ "$i" = 11 ] && continue
		echo "n$i $network.$((10 + i)) node"
		made=$((made + 1))
	done
	echo "lb $network.10 balancer"
	echo "n11 $network.21 bare"
}

# The cgroup hierarchies in which each host gets a group of its own: cgroup v2, and on hybrid machines systemd's too.
cgroup_hierarchies() {
	if [ -f /sys/fs/cgroup/cgroup.controllers ]; then
		echo /sys/fs/cgroup
		return
	fi
	[ -d /sys/fs/cgroup/unified ] || die "this machine has no cgroup v2 (neither /sys/fs/cgroup nor /sys/fs/cgroup/unified)"
	printf '%s\n' /sys/fs/cgroup/unified /sys/fs/cgroup/systemd
}

cgroup_of() { echo "$(cgroup_hierarchies | head -n 1)/gdeploy-lab/$lab${1:+/$1}"; }

cgroups_of() {
	local hierarchy
	for hierarchy in $(cgroup_hierarchies); do echo "$hierarchy/gdeploy-lab/$lab/$1"; done
}

# Puts the calling process into LEAF below HOST's cgroups: beside its systemd, and gone when the host goes.
enter_cgroups() {
	local group
	for group in $(cgroups_of "$1/$2"); do
		mkdir -p "$group"
		echo $BASHPID >"$group/cgroup.procs"
	done
}

make_disk() {
	local host=$1 home
	home=$(home_of "$host")
	mkdir -p "$home"
	mount -t tmpfs -o "size=$disk_size,mode=0755" "gdeploy-$lab-$host" "$home"
	mkdir "$home/changes" "$home/work" "$home/root"
	write_identity "$host" "$home/changes"
	mount -t overlay "gdeploy-$lab-$host" -o "lowerdir=$(layers_of "$host"),upperdir=$home/changes,workdir=$home/work" "$home/root"
}

# What makes a host itself: name, machine id, host key, who may log in.
write_identity() {
	local host=$1 root=$2
	mkdir -p "$root/etc/ssh"
	echo "$host" >"$root/etc/hostname"
	tr -d - </proc/sys/kernel/random/uuid >"$root/etc/machine-id"
	hosts_file >"$root/etc/hosts"
	ssh-keygen -q -t ed25519 -N '' -C "root@$host" -f "$root/etc/ssh/ssh_host_ed25519_key"
	case $(role_of "$host") in
	bare) return ;;
	balancer) configure_balancer "$root" ;;
	esac
	admit "$root/root" 0
	admit "$root/home/deploy" 1000
	admit "$root/home/sudopw" 1001
	echo "$host,$(address_of "$host") $(cut -d' ' -f1,2 "$root/etc/ssh/ssh_host_ed25519_key.pub")" >>"$known_hosts"
}

admit() {
	install -d -m 0700 -o "$2" -g "$2" "$1" "$1/.ssh"
	install -m 0600 -o "$2" -g "$2" "$private_key.pub" "$1/.ssh/authorized_keys"
}

configure_balancer() {
	mkdir -p "$1/etc/haproxy" "$1/etc/systemd/system/multi-user.target.wants"
	balancer_configuration >"$1/etc/haproxy/haproxy.cfg"
	ln -s /lib/systemd/system/haproxy.service "$1/etc/systemd/system/multi-user.target.wants/haproxy.service"
}

balancer_configuration() {
	cat "$here/lb/haproxy.cfg"
	awk '$3 == "node" {print "    server", $1, $2 ":8080"}' "$state/hosts"
}

boot() {
	local host=$1 home
	home=$(home_of "$host")
	(
		enter_cgroups "$host" power
		HOST_CGROUPS=$(cgroups_of "$host")
		export HOST_CGROUPS SYSTEMD_NSPAWN_LOCK=0 SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1
		exec setsid "$here/sh/keep-running" systemd-nspawn --quiet --boot --register=no --keep-unit --directory="$home/root" \
			--machine="gdeploy-$lab-$host" --hostname="$host" --network-namespace-path="/run/netns/$(namespace_of "$host")" \
			--resolv-conf=off --timezone=off --link-journal=no --console=read-only
	) </dev/null >>"$state/console/$host" 2>&1 9>&- &
}

is_running() { [ -n "$(init_of "$1")" ] && grep -qs . "$(cgroup_of "$1")/power/cgroup.procs"; }

# Waits until the sshd of each host given answers; names those that do not.
wait_for_sshd() {
	local host late=0
	for host in "$@"; do
		in_controller timeout "$boot_deadline" bash -c 'until { exec 3<>"/dev/tcp/$0/22" && read -r -t 2 <&3; } 2>/dev/null; do sleep 0.05; done' "$(address_of "$host")" && continue
		late=1
		say "$host did not come up within $boot_deadline s; the end of its console:"
		tail -n 15 "$state/console/$host" >&2
	done
	[ "$late" = 0 ]
}

# The PID, seen from here, of HOST's systemd; empty when it is not running.
init_of() {
	local procs
	procs=$(find "$(cgroup_of "$1")" -path '*/init.scope/cgroup.procs' 2>/dev/null | head -n 1)
	[ -z "$procs" ] || head -n 1 "$procs"
}

# Runs a command in HOST as root, without ssh, in the host's cgroup so that it goes when the host goes.
run_in_host() {
	local host=$1 init
	shift
	init=$(init_of "$host")
	[ -n "$init" ] || die "$host is not running: lab boot $host"
	enter_cgroups "$host" exec
	exec nsenter --target "$init" --mount --uts --ipc --net --pid --cgroup --root --wd \
		env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 TERM="${TERM:-dumb}" "$@"
}

# Power off at once: a SIGKILL to nspawn alone would leave the host alive, its cgroup takes everything.
cut_power() {
	local group tries
	group=$(cgroup_of "${1:-}")
	[ -d "$group" ] || return 0
	echo 0 >"$group/cgroup.freeze"
	echo 1 >"$group/cgroup.kill"
	for ((tries = 0; tries < 200; tries++)); do
		grep -q 'populated 0' "$group/cgroup.events" && return
		sleep 0.05
	done
	die "processes in $group do not end"
}

remove_cgroups() {
	local hierarchy
	for hierarchy in $(cgroup_hierarchies); do
		find "$hierarchy/gdeploy-lab/$lab" -depth -type d -exec rmdir {} \; 2>/dev/null || true
		rmdir "$hierarchy/gdeploy-lab" 2>/dev/null || true
	done
}

# Unmounts everything below the lab's state, the newest first.
remove_disks() {
	local mounted
	for mounted in $(awk -v under="$state/" 'index($2, under) == 1 {print $2}' /proc/self/mounts | tac); do
		umount "$mounted" 2>/dev/null || umount --lazy "$mounted"
	done
}
