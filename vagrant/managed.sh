#!/bin/sh
# Makes a virtual machine what lab/base/managed.sh makes a host of the lab.
set -eu
[ -n "$PUBLIC_KEY" ] || { echo "there is no key yet: run ./make-key, then vagrant provision" >&2; exit 1; }
id deploy >/dev/null 2>&1 || useradd --create-home --shell /bin/bash deploy
id sudopw >/dev/null 2>&1 || useradd --create-home --shell /bin/bash sudopw
echo 'sudopw:lab-sudo' | chpasswd
echo 'deploy ALL=(ALL:ALL) NOPASSWD: ALL' >/etc/sudoers.d/deploy
echo 'sudopw ALL=(ALL:ALL) ALL' >/etc/sudoers.d/sudopw
chmod 0440 /etc/sudoers.d/deploy /etc/sudoers.d/sudopw

for user in root deploy sudopw; do
	home=$(getent passwd $user | cut -d: -f6)
	install -d -m 0700 -o $user -g $user "$home/.ssh"
	echo "$PUBLIC_KEY" >"$home/.ssh/authorized_keys"
	chown $user: "$home/.ssh/authorized_keys"
	chmod 0600 "$home/.ssh/authorized_keys"
done
echo "$HOSTS" | while read -r line; do grep -qxF "$line" /etc/hosts || echo "$line" >>/etc/hosts; done
