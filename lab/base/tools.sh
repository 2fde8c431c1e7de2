# Runs in the chroot of the layer of tools, above the users of nodes: what modules call on the machines of operators.
printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
chmod 0755 /usr/sbin/policy-rc.d
apt-get update
apt-get install -y --no-install-recommends bzip2 cron git subversion unzip xz-utils zstd
rm /usr/sbin/policy-rc.d
apt-get clean
rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/*.log /var/log/apt /usr/share/doc/* /usr/share/man/* /usr/share/locale/*
