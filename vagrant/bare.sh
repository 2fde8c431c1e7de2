#!/bin/sh
# Makes a virtual machine what lab/base/bare.sh makes n11: root with a password, and nothing else.
set -eu
echo 'root:lab-root' | chpasswd
printf 'PermitRootLogin yes\nPasswordAuthentication yes\n' >/etc/ssh/sshd_config.d/users.conf
systemctl reload ssh
