package ipaddr

import (
	"net/netip"
	"regexp"
	"strings"

	"github.com/gdeploy/gdeploy/jinja"
	"github.com/gdeploy/gdeploy/values"
)

// Tests lists the tests of addresses by their short names.
func Tests() map[string]jinja.Test {
	return map[string]jinja.Test{
		"in_any_network":   inNetworks(func(hits int) bool { return hits > 0 }),
		"in_network":       pair("network", func(a, b network) bool { return b.contains(a) }),
		"in_one_network":   inNetworks(func(hits int) bool { return hits == 1 }),
		"ip":               ofNetworks(func(network) bool { return true }),
		"ip_address":       ofAddress(func(netip.Addr) bool { return true }),
		"ipv4":             ofNetworks(func(n network) bool { return n.version() == 4 }),
		"ipv4_address":     ofAddress(netip.Addr.Is4),
		"ipv4_hostmask":    ofText(func(s string) bool { return isMaskText(s, network.hostmask) }),
		"ipv4_netmask":     ofText(func(s string) bool { return isMaskText(s, network.netmask) }),
		"ipv6":             ofNetworks(func(n network) bool { return n.version() == 6 }),
		"ipv6_address":     ofAddress(func(a netip.Addr) bool { return !a.Is4() }),
		"ipv6_ipv4_mapped": ofAddress(netip.Addr.Is4In6),
		"ipv6_sixtofour":   ofAddress(func(a netip.Addr) bool { return isIn(a, prefixes("2002::/16")) }),
		"ipv6_teredo":      ofAddress(func(a netip.Addr) bool { return isIn(a, prefixes("2001::/32")) }),
		"loopback":         ofAddress(func(a netip.Addr) bool { return isIn(a, loopback) }),
		"mac":              ofText(func(s string) bool { return macForm.MatchString(s) }),
		"multicast":        ofAddress(func(a netip.Addr) bool { return isIn(a, multicast) }),
		"private":          ofAddress(isPrivate),
		"public":           ofAddress(func(a netip.Addr) bool { return !isPrivate(a) && !isIn(a, prefixes("100.64.0.0/10")) }),
		"reserved":         ofAddress(func(a netip.Addr) bool { return isIn(a, reserved) }),
		"subnet_of":        pair("network_b", func(a, b network) bool { return b.contains(a) }),
		"supernet_of":      pair("network_b", func(a, b network) bool { return a.contains(b) }),
		"unspecified":      ofAddress(netip.Addr.IsUnspecified),
	}
}

// strict reads an address or network as Python's ipaddress: whole addresses only, and
// networks without bits of a host.
func strict(text string) (network, bool) {
	address, _, _ := strings.Cut(text, "/")
	a, err := netip.ParseAddr(address)
	if err != nil {
		return network{}, false
	}
	if zone := a.Zone(); zone != "" {
		text = strings.Replace(text, "%"+zone, "", 1)
	}
	n, ok := parse(text)
	return n, ok && n.isFirst()
}

func ofText(holds func(s string) bool) jinja.Test {
	return func(c *jinja.Call) (bool, error) {
		text, err := c.Text()
		return holds(text), firstError(err, c.Params().Err())
	}
}

func ofNetworks(holds func(n network) bool) jinja.Test {
	return ofText(func(text string) bool {
		n, ok := strict(text)
		return ok && holds(n)
	})
}

func ofAddress(holds func(a netip.Addr) bool) jinja.Test {
	return ofText(func(text string) bool {
		a, err := netip.ParseAddr(text)
		return err == nil && holds(a.WithZone(""))
	})
}

// pair compares two networks.
func pair(name string, holds func(a, b network) bool) jinja.Test {
	return func(c *jinja.Call) (bool, error) {
		p := c.Params(name)
		p.Need(name)
		text, err := c.Text()
		if err := firstError(err, p.Err()); err != nil {
			return false, err
		}
		a, ok1 := strict(text)
		b, ok2 := strict(p.Text(name, ""))
		return ok1 && ok2 && holds(a, b), nil
	}
}

// inNetworks counts in how many of a list of networks the value lies.
func inNetworks(enough func(hits int) bool) jinja.Test {
	return func(c *jinja.Call) (bool, error) {
		p := c.Params("networks")
		networks := p.Need("networks")
		text, err := c.Text()
		if err := firstError(err, p.Err()); err != nil {
			return false, err
		}
		hits := 0
		a, ok := strict(text)
		for _, item := range networks.Items() {
			if b, isOne := strict(values.Text(item)); ok && isOne && b.contains(a) {
				hits++
			}
		}
		return enough(hits), nil
	}
}

// isMaskText tells a netmask or hostmask by its spelling.
func isMaskText(s string, mask func(network) netip.Addr) bool {
	if isDigits(s) {
		return false
	}
	n, ok := parse("0.0.0.0/" + s)
	return ok && text(mask(n)) == s
}

var macForm = regexp.MustCompile(`(?i)^(([0-9a-f]{2}[:-]){5}[0-9a-f]{2}|[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}|[0-9a-f]{12})$`)

func isPrivate(a netip.Addr) bool {
	if a.Is4In6() {
		a = a.Unmap()
	}
	return isIn(a, local)
}

// local and reserved are the networks that Python's ipaddress calls private and reserved.
var (
	local = prefixes("0.0.0.0/8", "10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/29", "192.0.0.170/31",
		"192.0.2.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
		"::1/128", "::/128", "::ffff:0:0/96", "100::/64", "2001::/23", "2001:db8::/32", "fc00::/7", "fe80::/10")
	reserved = prefixes("240.0.0.0/4", "::/8", "100::/8", "200::/7", "400::/6", "800::/5", "1000::/4", "4000::/3", "6000::/3",
		"8000::/3", "a000::/3", "c000::/3", "e000::/4", "f000::/5", "f800::/6", "fe00::/9")
)
