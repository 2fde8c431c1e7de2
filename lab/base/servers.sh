# Runs in the chroot of the layer of servers, above the users of nodes: what the tests deploy to besides systemd's own services.
# Nothing of it starts by itself, nor does it listen anywhere until somebody sets it up.
printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
chmod 0755 /usr/sbin/policy-rc.d
apt-get update
apt-get install -y --no-install-recommends php-fpm tomcat10
systemctl disable tomcat10.service 'php*-fpm.service'
rm /usr/sbin/policy-rc.d
apt-get clean
rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/*.log /var/log/apt /usr/share/doc/* /usr/share/man/* /usr/share/locale/*
