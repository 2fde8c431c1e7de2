# Runs in the chroot of the layer for nodes and balancer: users that an operator already has there.
printf 'PermitRootLogin prohibit-password\nPasswordAuthentication no\n' >/etc/ssh/sshd_config.d/users.conf

useradd --uid 1000 --create-home --shell /bin/bash deploy
echo 'deploy ALL=(ALL:ALL) NOPASSWD: ALL' >/etc/sudoers.d/deploy

# For tests of -K: sudo wants the password.
useradd --uid 1001 --create-home --shell /bin/bash sudopw
echo 'sudopw:lab-sudo' | chpasswd
echo 'sudopw ALL=(ALL:ALL) ALL' >/etc/sudoers.d/sudopw

chmod 0440 /etc/sudoers.d/deploy /etc/sudoers.d/sudopw
for home in /root /home/deploy /home/sudopw; do
	install -d -m 0700 -o "$(stat -c %u $home)" -g "$(stat -c %g $home)" $home/.ssh
done
