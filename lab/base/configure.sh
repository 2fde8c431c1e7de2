# Runs in the new base, as root, by /bin/sh -eu: makes it boot fast and quietly as a container.

# Host keys and the machine's id are made per host.
rm -f /etc/ssh/ssh_host_* /etc/machine-id /var/lib/dbus/machine-id /etc/hostname
cat >/etc/ssh/sshd_config.d/lab.conf <<'SSHD'
# MaxSessions and MaxStartups keep their defaults, so that the lab shows whether we cope with them.
HostKey /etc/ssh/ssh_host_ed25519_key
UseDNS no
SSHD
# An sshd that answers must also let people in: pam_nologin refuses them until user sessions are permitted.
mkdir -p /etc/systemd/system/ssh.service.d
printf '[Unit]\nAfter=systemd-user-sessions.service\n' >/etc/systemd/system/ssh.service.d/lab.conf

for unit in console-getty.service getty@.service getty-static.service container-getty@.service serial-getty@.service \
	apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer \
	modprobe@.service systemd-udevd.service systemd-udev-trigger.service systemd-firstboot.service \
	systemd-journal-flush.service systemd-networkd-wait-online.service systemd-pstore.service \
	systemd-update-utmp.service systemd-update-utmp-runlevel.service; do
	ln -sf /dev/null "/etc/systemd/system/$unit"
done
systemctl disable haproxy.service nginx.service # only the balancer starts HAProxy, and a test nginx

: >/etc/resolv.conf
: >/etc/fstab
echo 'LANG=C.UTF-8' >/etc/default/locale
apt-get clean
rm -rf /var/lib/apt/lists/* /var/log/*.log /usr/share/doc/* /usr/share/man/* /usr/share/locale/*
