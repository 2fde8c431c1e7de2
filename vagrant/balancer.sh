#!/bin/sh
# Installs the balancer with the configuration that the lab's has.
set -eu
export DEBIAN_FRONTEND=noninteractive
dpkg -s haproxy >/dev/null 2>&1 || { apt-get update -qq && apt-get install -y -qq --no-install-recommends haproxy; }
echo "$HAPROXY_CFG" >/etc/haproxy/haproxy.cfg
systemctl restart haproxy
