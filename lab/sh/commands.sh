# shellcheck shell=bash
# The commands of the lab, one function each.

usage() {
	cat <<'END'
lab: real hosts (systemd, OpenSSH, HAProxy) on this machine, in network namespaces of their own

  lab [--name NAME] COMMAND ...          NAME is demo, or $GDEPLOY_LAB inside a lab's shell

  up [-n COUNT] [--with python] [--with servers|tools|oracle] [--fresh]
                                         web nodes n1.. (10), balancer lb, bare machine n11; --fresh replaces a lab that is up
  down                                   take it down and forget it
  status                                 its hosts and how they are;   list: the labs there are
  shell [COMMAND ...]                    a shell, or a command, on the controller: inside the lab's network
  ssh HOST [COMMAND ...]                 OpenSSH to a host with the lab's key
  exec HOST COMMAND ...                  run something inside a host as root, without ssh
  env                                    the variables that the shell sets
  base                                   build the base image, if this machine has none of this recipe

Trouble, and the end of it:
  cut HOST       join HOST               take its network away
  fill HOST [FREE]  unfill HOST          fill its disk, all but FREE (such as 10M)
  kill HOST      boot HOST               power cut, and power on again with the disk it had
  freeze HOST    thaw HOST               TCP is accepted, nobody answers
  rekey HOST                             another host key
END
}

main() {
	local command=""
	choose_lab "${GDEPLOY_LAB:-demo}"
	take_name "$@" && shift 2
	command=${1:-help}
	shift || true
	take_name "$@" && shift 2
	case $command in
	help | -h | --help) usage ;;
	list) list_labs ;;
	env) need_lab && lab_env ;;
	base | up | down | status | shell | ssh | exec) need_root_and_linux && "lab_$command" "$@" ;;
	cut | join | fill | unfill | kill | boot | freeze | thaw | rekey) need_root_and_linux && need_host "${1:-}" && "lab_$command" "$@" ;;
	*) usage >&2 && die "there is no command \"$command\"" ;;
	esac
}

take_name() {
	[ "${1:-}" = --name ] || return 1
	choose_lab "${2:-}"
}

lab_base() { build_image_once; }

lab_up() {
	local count=10 with="" optional fresh="" started
	started=$(date +%s%N)
	while [ $# -gt 0 ]; do
		case $1 in
		-n) count=${2:-} && shift ;;
		--name) choose_lab "${2:-}" && shift ;;
		--with) know_layer "${2:-}" && with+=" $2" && shift ;;
		--fresh) fresh=yes ;;
		*) die "up does not know \"$1\"" ;;
		esac
		shift
	done
	[[ $count =~ ^[0-9]+$ ]] && [ "$count" -ge 1 ] && [ "$count" -le 200 ] || die "-n wants 1 to 200 web nodes, not \"$count\""
	[ -z "$(ip netns identify)" ] || die "this is a shell inside a lab: leave it first"
	need_programs
	build_image_once
	[[ $with != *python* ]] || build_once python base
	optional=$(grep -oE 'servers|tools|oracle' <<<"$with") || true
	[[ $optional != *$'\n'* ]] || die "--with takes one of servers, tools and oracle"
	[ -z "$optional" ] || build_once "$(optional_name "$optional")" managed base
	hold_lock "lab-$lab"
	if [ -z "$fresh" ] && is_up_as "$count" "$with"; then
		say "lab $lab is already up"
		return
	fi
	clean_up
	start_lab "$count" "$with" "$optional"
	say "lab $lab is up in $(seconds_since "$started") s: $(wc -l <"$state/hosts") hosts"
}

know_layer() {
	[[ $1 =~ ^(python|servers|tools|oracle)$ ]] ||
		die "--with knows python (python3), servers (tomcat10, php-fpm), tools (cron, git, subversion, packers) and oracle (tools, and what Ansible needs)"
}

seconds_since() { awk -v a="$1" -v b="$(date +%s%N)" 'BEGIN {printf "%.1f", (b - a) / 1e9}'; }

is_up_as() {
	local host
	[ -f "$state/up" ] && [ "$(cat "$state/up")" = "$1 $2 $image" ] || return 1
	for host in $(host_names); do
		is_running "$host" || return 1
	done
}

start_lab() {
	local count=$1 with=$2 optional=$3 host
	mkdir -p "$state/console" "$state/hosts.d"
	chmod 0755 "$labs_dir" "$state"
	echo "$image" >"$state/image"
	[[ $with != *python* ]] || touch "$state/with-python"
	[ -z "$optional" ] || optional_name "$optional" >"$state/with-layer"
	list_hosts "$count" >"$state/hosts"
	ssh-keygen -q -t ed25519 -N '' -C "gdeploy lab $lab" -f "$private_key"
	: >"$known_hosts"
	let_many_systemds_watch_files
	make_network
	make_controller
	for host in $(host_names); do
		plug_in "$host"
		make_disk "$host"
		boot "$host"
	done
	write_ssh_config >"$state/ssh_config"
	# shellcheck disable=SC2046
	wait_for_sshd $(host_names) || die "the lab $lab is not complete; look at $state/console, then: lab down --name $lab"
	echo "$count $with $image" >"$state/up"
}

# All hosts share root's quota of inotify instances; the kernel's 128 are few for twenty systemds.
let_many_systemds_watch_files() {
	local limit=/proc/sys/fs/inotify/max_user_instances
	[ "$(cat $limit)" -ge 1024 ] || echo 1024 >$limit
}

write_ssh_config() {
	local host
	for host in $(host_names); do
		printf 'Host %s\n  HostName %s\n' "$host" "$(address_of "$host")"
		[ "$(role_of "$host")" != bare ] || printf '  User root\n  StrictHostKeyChecking no\n  UserKnownHostsFile /dev/null\n'
	done
	printf 'Host *\n  User deploy\n  IdentityFile %s\n  IdentitiesOnly yes\n  UserKnownHostsFile %s\n  StrictHostKeyChecking yes\n  LogLevel ERROR\n' "$private_key" "$known_hosts"
}

lab_down() {
	[ -z "$(ip netns identify)" ] || die "this is a shell inside a lab: leave it first"
	hold_lock "lab-$lab"
	clean_up
	say "lab $lab is down"
}

# Removes all that a lab of this name has or a killed one left behind; does nothing where there is nothing.
clean_up() {
	cut_power
	remove_disks
	remove_controller
	remove_network
	remove_cgroups
	rm -rf --one-file-system "$state" "/run/systemd/nspawn/propagate/gdeploy-$lab-"{n*,lb}
}

lab_env() {
	printf '%s\n' "GDEPLOY_LAB=$lab" "GDEPLOY_PRIVATE_KEY_FILE=$private_key" "GDEPLOY_KNOWN_HOSTS=$known_hosts" "PATH=$bin_dir:$PATH"
}

lab_shell() {
	need_lab
	local variables
	[ "${1:-}" != -- ] || shift
	mapfile -t variables < <(lab_env)
	echo "[ ! -f ~/.bashrc ] || . ~/.bashrc; PATH=$bin_dir:\$PATH; PS1='(lab $lab) \w\$ '" >"$state/shellrc"
	[ $# -gt 0 ] || set -- bash --rcfile "$state/shellrc"
	exec nsenter --net="/run/netns/$controller" --mount="$state/controller/namespace/mnt" --wdns="$PWD" env "${variables[@]}" "$@"
}

lab_ssh() {
	need_host "${1:-}"
	exec nsenter --net="/run/netns/$controller" --mount="$state/controller/namespace/mnt" ssh -F "$state/ssh_config" "$@"
}

lab_exec() {
	need_host "${1:-}"
	[ $# -gt 1 ] || die "exec HOST COMMAND ..."
	run_in_host "$@"
}

lab_status() {
	local host
	need_lab
	for host in $(host_names); do
		printf '%-4s %-15s %-9s %-9s cpu %6.1f s  disk %s\n' "$host" "$(address_of "$host")" "$(role_of "$host")" "$(condition_of "$host")" \
			"$(awk '$1 == "usage_usec" {print $2 / 1e6}' "$(cgroup_of "$host")/cpu.stat")" "$(df -h --output=used,size "$(home_of "$host")" | awk 'NR == 2 {print $1 " of " $2}')"
	done
}

list_labs() {
	local up
	for up in "$labs_dir"/labs/*/up; do
		[ ! -f "$up" ] || basename "$(dirname "$up")"
	done
}

lab_cut() { cut_line "$1"; }
lab_join() { join_line "$1"; }
lab_fill() { fill_disk "$@"; }
lab_unfill() { unfill_disk "$1"; }
lab_kill() { cut_power "$1" && cut_line "$1"; } # a dead machine does not even refuse
lab_freeze() { freeze_host "$1"; }
lab_thaw() { thaw_host "$1"; }
lab_rekey() { change_host_key "$1"; }

lab_boot() {
	[ -z "$(init_of "$1")" ] || die "$1 is running"
	join_line "$1"
	boot "$1"
	wait_for_sshd "$1"
}
