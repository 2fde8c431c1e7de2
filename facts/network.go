package facts

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"path"
	"sort"
	"strconv"
	"strings"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/values"
)

// Numbers of the kernel: ARPHRD_* of if_arp.h and IFF_PROMISC.
const (
	etherType      = "1"
	infinibandType = "32"
	tunnelType     = "512"
	loopbackType   = "772"
	promiscuous    = 0x100
)

// network tells the interfaces, their addresses, and which ones lead outside.
func network(h *host) {
	n := &interfaces{host: h, facts: map[string]*values.Map{}}
	for _, name := range h.names("/sys/class/net") {
		if h.exists(path.Join("/sys/class/net", name, "address")) {
			n.add(name)
		}
	}
	n.addAddresses()
	h.set("interfaces", values.Strings(n.names...))
	for _, name := range n.names {
		h.set(strings.ReplaceAll(name, ":", "_"), values.FromMap(n.facts[name]))
	}
	h.set("all_ipv4_addresses", values.Strings(n.all4...))
	h.set("all_ipv6_addresses", values.Strings(n.all6...))
	h.set("default_ipv4", n.defaultRoute("udp4", "8.8.8.8:53"))
	h.set("default_ipv6", n.defaultRoute("udp6", "[2404:6800:400a:800::1012]:53"))
}

// interfaces gathers what is known of each.
type interfaces struct {
	*host
	names      []string
	facts      map[string]*values.Map
	all4, all6 []string
	// places are the interface and details of each address.
	places map[string]place
}

// place is where an address is.
type place struct {
	address modules.Address
	// ip are its facts.
	ip *values.Map
}

func (n *interfaces) get(name string) *values.Map {
	if n.facts[name] == nil {
		n.names = append(n.names, name)
		n.facts[name] = values.NewMap(12)
	}
	return n.facts[name]
}

// add tells what /sys has of an interface.
func (n *interfaces) add(name string) {
	facts := n.get(name)
	dir := path.Join("/sys/class/net", name)
	read := func(file string) string { return n.line(path.Join(dir, file)) }
	facts.Set("device", values.String(name))
	if mac := read("address"); mac != "" && mac != "00:00:00:00:00:00" {
		facts.Set("macaddress", values.String(mac))
	}
	if mtu := read("mtu"); mtu != "" {
		facts.Set("mtu", number(mtu))
	}
	if state := read("operstate"); state != "" {
		facts.Set("active", values.Bool(state != "down"))
	}
	if module := n.link(path.Join(dir, "device/driver/module")); module != "" {
		facts.Set("module", values.String(module))
	}
	if kind := n.kind(dir, read("type")); kind != "" {
		facts.Set("type", values.String(kind))
	}
	n.addBridge(facts, dir)
	n.addBond(facts, dir)
	if device := n.link(path.Join(dir, "device")); device != "" {
		facts.Set("pciid", values.String(device))
	}
	if speed := read("speed"); speed != "" {
		facts.Set("speed", number(speed))
	}
	if flags, err := strconv.ParseInt(read("flags"), 0, 64); err == nil {
		facts.Set("promisc", values.Bool(flags&promiscuous != 0))
	}
}

func (n *interfaces) kind(dir, number string) string {
	switch {
	case n.exists(path.Join(dir, "bridge")):
		return "bridge"
	case n.exists(path.Join(dir, "bonding")):
		return "bonding"
	}
	return map[string]string{etherType: "ether", infinibandType: "infiniband", tunnelType: "tunnel", loopbackType: "loopback"}[number]
}

func (n *interfaces) addBridge(facts *values.Map, dir string) {
	if !n.exists(path.Join(dir, "bridge")) {
		return
	}
	facts.Set("interfaces", values.Strings(n.host.names(path.Join(dir, "brif"))...))
	if id := n.line(path.Join(dir, "bridge/bridge_id")); id != "" {
		facts.Set("id", values.String(id))
	}
	if stp := n.line(path.Join(dir, "bridge/stp_state")); stp != "" {
		facts.Set("stp", values.Bool(stp == "1"))
	}
}

func (n *interfaces) addBond(facts *values.Map, dir string) {
	read := func(file string) string { return n.line(path.Join(dir, "bonding", file)) }
	if !n.exists(path.Join(dir, "bonding")) {
		return
	}
	first := func(text string) values.Value {
		word, _, _ := strings.Cut(text, " ")
		return values.String(word)
	}
	facts.Set("slaves", values.Strings(strings.Fields(read("slaves"))...))
	facts.Set("mode", first(read("mode")))
	facts.Set("miimon", first(read("miimon")))
	facts.Set("lacp_rate", first(read("lacp_rate")))
	if primary := read("primary"); primary != "" {
		facts.Set("primary", values.String(primary))
		facts.Set("all_slaves_active", values.Bool(read("all_slaves_active") == "1"))
	}
}

func (n *interfaces) addAddresses() {
	n.places = map[string]place{}
	if n.inspect == nil {
		return
	}
	list, err := n.inspect.Addresses()
	if err != nil {
		n.warn(fmt.Sprintf("the addresses of the network interfaces are not known: %v", err))
	}
	sort.SliceStable(list, func(i, j int) bool { return list[i].Interface < list[j].Interface })
	for _, a := range list {
		ip, ok := netip.AddrFromSlice(a.IP)
		if !ok || a.Interface == "" {
			continue
		}
		if ip.Is4() {
			n.addIPv4(a, ip)
		} else {
			n.addIPv6(a, ip)
		}
	}
}

func (n *interfaces) addIPv4(a modules.Address, ip netip.Addr) {
	broadcast := ""
	if b, ok := netip.AddrFromSlice(a.Broadcast); ok {
		broadcast = b.String()
	}
	facts := values.MapOf(
		"address", values.String(ip.String()), "broadcast", values.String(broadcast),
		"netmask", values.String(netmask(a.Prefix)), "network", values.String(netip.PrefixFrom(ip, a.Prefix).Masked().Addr().String()),
		"prefix", values.String(fmt.Sprint(a.Prefix)))
	of := n.get(a.Label)
	if a.Secondary && of.Has("ipv4") {
		add(of, "ipv4_secondaries", facts)
	} else {
		of.Set("ipv4", facts)
	}
	if a.Secondary && a.Label != a.Interface {
		add(n.get(a.Interface), "ipv4_secondaries", facts)
	}
	m, _ := facts.AsMap()
	n.places[ip.String()] = place{a, m}
	if !ip.IsLoopback() {
		n.all4 = append(n.all4, ip.String())
	}
}

func (n *interfaces) addIPv6(a modules.Address, ip netip.Addr) {
	facts := values.MapOf("address", values.String(ip.String()), "prefix", values.String(fmt.Sprint(a.Prefix)), "scope", values.String(a.Scope))
	add(n.get(a.Interface), "ipv6", facts)
	m, _ := facts.AsMap()
	n.places[ip.String()] = place{a, m}
	if !ip.IsLoopback() {
		n.all6 = append(n.all6, ip.String())
	}
}

// add appends to a list of facts.
func add(facts *values.Map, name string, v values.Value) {
	list, _ := facts.Get(name)
	facts.Set(name, values.FromSlice(append(list.Items(), v)))
}

func netmask(prefix int) string {
	mask, err := netip.MustParseAddr("255.255.255.255").Prefix(prefix)
	if err != nil {
		return ""
	}
	return mask.Addr().String()
}

// defaultRoute describes the address that this host would send from to target. A
// connected UDP socket tells it; nothing is sent.
func (n *interfaces) defaultRoute(network, target string) values.Value {
	route := values.NewMap(12)
	conn, err := n.sys.Dial(n.ctx, network, target)
	if err != nil {
		return values.FromMap(route)
	}
	defer conn.Close()
	local, err := netip.ParseAddrPort(conn.LocalAddr().String())
	here, ok := n.places[local.Addr().WithZone("").String()]
	if err != nil || !ok {
		return values.FromMap(route)
	}
	name := here.address.Interface
	for key, v := range here.ip.All() {
		route.SetKey(key, v)
	}
	route.Set("interface", values.String(name))
	if gateway := n.gateway(network, name); gateway != "" {
		route.Set("gateway", values.String(gateway))
	}
	if network == "udp4" {
		route.Set("alias", values.String(here.address.Label))
	}
	for _, key := range []string{"macaddress", "mtu", "type"} {
		if v, ok := n.facts[name].Get(key); ok {
			route.Set(key, v)
		}
	}
	return values.FromMap(route)
}

// gateway is that of the default route by an interface.
func (n *interfaces) gateway(network, name string) string {
	if network == "udp4" {
		for _, line := range n.lines("/proc/net/route") {
			fields := strings.Fields(line)
			if len(fields) > 7 && fields[0] == name && fields[1] == "00000000" && fields[7] == "00000000" {
				return kernelIPv4(fields[2])
			}
		}
		return ""
	}
	const none = "00000000000000000000000000000000"
	for _, line := range n.lines("/proc/net/ipv6_route") {
		fields := strings.Fields(line)
		if len(fields) > 9 && fields[9] == name && fields[0] == none && fields[1] == "00" && fields[4] != none {
			return kernelIPv6(fields[4])
		}
	}
	return ""
}

// kernelIPv4 reads an address as /proc/net/route has it: as a number of the host's byte order.
func kernelIPv4(text string) string {
	n, err := strconv.ParseUint(text, 16, 32)
	if err != nil {
		return ""
	}
	return netip.AddrFrom4([4]byte{byte(n), byte(n >> 8), byte(n >> 16), byte(n >> 24)}).String()
}

func kernelIPv6(text string) string {
	bytes, err := hex.DecodeString(text)
	address, ok := netip.AddrFromSlice(bytes)
	if err != nil || !ok {
		return ""
	}
	return address.String()
}

func sorted(list []string) []string {
	sort.Strings(list)
	return list
}
