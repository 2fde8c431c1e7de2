# shellcheck shell=bash
# The network: one switch and the controller in a namespace of their own, each host in its own. Nothing of the
# machine's network is touched, and no packet can leave: there is no route out.

make_network() {
	ip netns add "$controller"
	ip -n "$controller" -batch - <<-END
		link set lo up
		link add br0 address 02:00:c0:a8:38:01 type bridge stp_state 0 mcast_snooping 0
		addr add $network.1/24 dev br0
		link set br0 up
	END
}

hosts_file() {
	printf '127.0.0.1 localhost\n::1 localhost ip6-localhost\n%s controller\n' "$network.1"
	awk '{print $2, $1}' "$state/hosts"
}

plug_in() {
	local host=$1 namespace
	namespace=$(namespace_of "$host")
	ip netns add "$namespace"
	ip -n "$controller" -batch - <<-END
		link add v-$host type veth peer name eth0 netns $namespace
		link set v-$host master br0 up
	END
	ip -n "$namespace" -batch - <<-END
		link set lo up
		addr add $(address_of "$host")/24 dev eth0
		link set eth0 up
	END
}

# Removes whatever namespaces a lab of this name has, known to its state or not.
remove_network() {
	local namespace
	for namespace in $(ip netns list | awk '{print $1}' | grep -xE "$controller(-(n[0-9]+|lb))?"); do
		ip netns delete "$namespace"
	done
}
