# Runs in the chroot of the Python layer, for the tools that need Python on a host and that gdeploy is compared with.
apt-get update
apt-get install -y --no-install-recommends python3
apt-get clean
rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/*.log /var/log/apt /usr/share/doc/*
