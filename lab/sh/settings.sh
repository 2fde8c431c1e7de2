# shellcheck shell=bash
# What every part of the lab needs to know: where things are, how they are called, how the lab speaks.

labs_dir=${GDEPLOY_LAB_DIR:-/var/lib/gdeploy-lab}
images_dir=$labs_dir/images
disk_size=${GDEPLOY_LAB_DISK:-2G}  # of each host's own disk, a tmpfs
boot_deadline=${GDEPLOY_LAB_BOOT_SECONDS:-60}
bin_dir=$(readlink -m "$here/../bin") # where `make build` puts gdeploy
network=192.168.56                    # the same as in vagrant/

say() { printf '%s\n' "$*" >&2; }
die() {
	say "lab: $*"
	exit 1
}

choose_lab() {
	lab=$1
	[[ $lab =~ ^[a-z][a-z0-9-]{0,19}$ ]] || die "a lab's name is 1 to 20 of a-z, 0-9 and -, and starts with a letter: \"$lab\" is not"
	state=$labs_dir/labs/$lab
	controller=gdeploy-$lab # the network namespace of switch and controller
	private_key=$state/id_ed25519
	known_hosts=$state/known_hosts
}

# One line per host in $state/hosts: name, address, role (node, balancer or bare).
host_names() { cut -d' ' -f1 "$state/hosts"; }
address_of() { awk -v h="$1" '$1 == h {print $2}' "$state/hosts"; }
role_of() { awk -v h="$1" '$1 == h {print $3}' "$state/hosts"; }
namespace_of() { echo "gdeploy-$lab-$1"; }
home_of() { echo "$state/hosts.d/$1"; }

need_root_and_linux() {
	[ "$(uname -s)" = Linux ] || die "the lab needs Linux: its hosts are made of Linux namespaces. On another system use vagrant/"
	[ "$(id -u)" = 0 ] || die "the lab needs root (namespaces, overlayfs and systemd-nspawn have no full form without it): run it with sudo"
}

need_programs() {
	local program
	for program in debootstrap systemd-nspawn ip ssh-keygen nsenter flock; do
		command -v "$program" >/dev/null || die "$program is missing: run lab/install-packages, or apt-get install debootstrap systemd-container iproute2 openssh-client util-linux"
	done
}

need_lab() { [ -f "$state/up" ] || die "no lab named $lab is up: lab up --name $lab"; }

need_host() {
	need_lab
	[ -n "${1:-}" ] || die "which host? One of: $(host_names | tr '\n' ' ')"
	[ -n "$(address_of "$1")" ] || die "the lab $lab has no host \"$1\"; it has: $(host_names | tr '\n' ' ')"
}

# Runs the rest of this process under a lock that no host inherits (hosts are started with descriptor 9 closed).
hold_lock() {
	mkdir -p "$labs_dir"
	exec 9>"$labs_dir/$1.lock"
	flock -n 9 && return
	say "waiting for another lab command to finish ($1)"
	flock 9
}
