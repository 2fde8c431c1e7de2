# Runs in the chroot of the layer for n11: a machine as it comes from a provider, with a root password and nothing else.
printf 'PermitRootLogin yes\nPasswordAuthentication yes\n' >/etc/ssh/sshd_config.d/users.conf
echo 'root:lab-root' | chpasswd
