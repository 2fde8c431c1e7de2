package ipaddr

import (
	"fmt"
	"math/big"
	"net/netip"
	"strconv"
	"strings"

	"github.com/gdeploy/gdeploy/jinja"
	"github.com/gdeploy/gdeploy/values"
)

// subject is what a query is about.
type subject struct {
	network
	// written is the value as the template had it, slashed whether it named a prefix.
	written values.Value
	slashed bool
}

// read makes a subject of a string or number; ok is false where it is no address.
func read(v values.Value, version int) (s subject, ok bool) {
	if !v.Truthy() || v.Kind() == values.KindBool {
		return s, false
	}
	written := values.Text(v)
	if isDigits(written) {
		n, _ := new(big.Int).SetString(written, 10)
		s.network, ok = fromNumber(n, -1, version)
		s.written = values.String(s.String())
		return s, ok
	}
	s.written, s.slashed = v, strings.Count(written, "/") == 1
	if s.network, ok = parse(written); ok {
		return s, true
	}
	address, prefix, _ := strings.Cut(written, "/")
	n, isNumber := new(big.Int).SetString(strings.TrimSpace(address), 10)
	bits, err := strconv.Atoi(strings.TrimSpace(prefix))
	if !isNumber || err != nil || bits < 0 {
		return s, false
	}
	s.network, ok = fromNumber(n, bits, 0)
	if ok {
		s.written = values.String(s.String())
	}
	return s, ok
}

func isDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

var errNotNetwork = fmt.Errorf("Not a network address") //lint:ignore ST1005 as the collection says it

func str(a netip.Addr) values.Value { return values.String(text(a)) }

// when gives v where a condition holds, else null.
func when(holds bool, v values.Value) (values.Value, error) {
	if holds {
		return v, nil
	}
	return values.Null, nil
}

// always makes a query that never fails.
func always(fn func(s subject) values.Value) query {
	return func(s subject) (values.Value, error) { return fn(s), nil }
}

// ofNetwork makes a query that only what was written with a prefix has, and that gives
// null for a single address.
func ofNetwork(fn func(s subject) (values.Value, error)) query {
	return func(s subject) (values.Value, error) {
		switch {
		case !s.slashed:
			return values.Null, errNotNetwork
		case !s.larger(1):
			return values.Null, nil
		}
		return fn(s)
	}
}

// query computes what {{ value | ipaddr(name) }} is.
type query func(s subject) (values.Value, error)

// queries are all by name.
func queries() map[string]query {
	all := map[string]query{
		"":               plain,
		"6to4":           sixToFour,
		"address":        address,
		"address/prefix": addressPrefix,
		"bool":           always(func(subject) values.Value { return values.True }),
		"broadcast":      func(s subject) (values.Value, error) { return when(s.larger(2), str(s.last())) },
		"cidr":           always(func(s subject) values.Value { return values.String(s.String()) }),
		"first_usable":   ofNetwork(func(s subject) (values.Value, error) { f, _ := s.usable(); return str(f), nil }),
		"host":           host,
		"hostmask":       always(func(s subject) values.Value { return str(s.hostmask()) }),
		"int":            always(asNumber),
		"ip/prefix":      inNetwork(func(s subject) string { return s.String() }),
		"ip_netmask":     inNetwork(func(s subject) string { return text(s.addr) + " " + text(s.netmask()) }),
		"ipv4":           asIPv4,
		"ipv6":           asIPv6,
		"last_usable":    ofNetwork(func(s subject) (values.Value, error) { _, l := s.usable(); return str(l), nil }),
		"link-local":     ranged(linkLocal),
		"loopback":       ranged(loopback),
		"multicast":      ranged(multicast),
		"net": func(s subject) (values.Value, error) {
			return when(s.larger(1) && s.isFirst(), values.String(s.String()))
		},
		"netmask":          always(func(s subject) values.Value { return str(s.netmask()) }),
		"network":          always(func(s subject) values.Value { return str(s.first()) }),
		"network_netmask":  always(func(s subject) values.Value { return values.String(text(s.first()) + " " + text(s.netmask())) }),
		"network_wildcard": always(func(s subject) values.Value { return values.String(text(s.first()) + " " + text(s.hostmask())) }),
		"next_usable":      ofNetwork(func(s subject) (values.Value, error) { return s.away(1) }),
		"peer":             peer,
		"prefix":           always(func(s subject) values.Value { return values.Int(int64(s.bits)) }),
		"previous_usable":  ofNetwork(func(s subject) (values.Value, error) { return s.away(-1) }),
		"private":          ranged(private),
		"public":           func(s subject) (values.Value, error) { return when(isPublic(s.addr), s.written) },
		"range_usable": ofNetwork(func(s subject) (values.Value, error) {
			f, l := s.usable()
			return values.String(text(f) + "-" + text(l)), nil
		}),
		"revdns":      always(func(s subject) values.Value { return values.String(reverse(s.addr)) }),
		"size":        always(func(s subject) values.Value { return values.BigInt(s.size()) }),
		"size_usable": always(sizeUsable),
		"subnet":      always(func(s subject) values.Value { return values.String(s.cidr().String()) }),
		"type":        always(kind),
		"unicast":     func(s subject) (values.Value, error) { return when(!isIn(s.addr, multicast), s.written) },
		"version":     always(func(s subject) values.Value { return values.Int(int64(s.version())) }),
		"wrap":        always(wrapped),
	}
	for name, of := range map[string]string{
		"gateway": "address/prefix", "gw": "address/prefix", "host/prefix": "address/prefix", "hostnet": "address/prefix", "router": "address/prefix",
		"ip": "address", "lo": "loopback", "network_id": "network", "network/prefix": "subnet", "v4": "ipv4", "v6": "ipv6", "wildcard": "hostmask",
	} {
		all[name] = all[of]
	}
	return all
}

// plain gives an address as an address and a network as a network.
func plain(s subject) (values.Value, error) {
	if s.slashed {
		return values.String(s.String()), nil
	}
	return str(s.addr), nil
}

func address(s subject) (values.Value, error) {
	_, hasBroadcast := s.broadcast()
	return when(!s.larger(1) || !s.isFirst() || !hasBroadcast || s.addr.Is6(), str(s.addr))
}

func addressPrefix(s subject) (values.Value, error) {
	if s.larger(2) && (s.isFirst() || s.addr == s.last()) {
		return values.False, nil
	}
	return values.String(s.String()), nil
}

func host(s subject) (values.Value, error) {
	_, hasBroadcast := s.broadcast()
	return when(!s.larger(1) || !s.isFirst() || !hasBroadcast, values.String(s.String()))
}

func asNumber(s subject) values.Value {
	if !s.slashed {
		return values.BigInt(s.value())
	}
	return values.String(s.value().String() + "/" + strconv.Itoa(s.bits))
}

// inNetwork is for addresses that are not the network itself.
func inNetwork(fn func(s subject) string) query {
	return func(s subject) (values.Value, error) {
		return when(s.isSize(2) || s.larger(1) && !s.isFirst(), values.String(fn(s)))
	}
}

// mapped is where IPv4 addresses lie in IPv6.
var mapped = new(big.Int).Lsh(big.NewInt(0xffff), 32)

func asIPv4(s subject) (values.Value, error) {
	if s.version() == 4 {
		return s.written, nil
	}
	v := s.value()
	if v.BitLen() > 32 {
		v.Sub(v, mapped)
	}
	if v.Sign() < 0 || v.BitLen() > 32 || s.bits < 96 {
		return values.False, nil
	}
	return values.String(network{addrOf(v, 4), s.bits - 96}.String()), nil
}

func asIPv6(s subject) (values.Value, error) {
	if s.version() == 6 {
		return s.written, nil
	}
	return values.String(network{addrOf(new(big.Int).Add(s.value(), mapped), 6), s.bits + 96}.String()), nil
}

// away gives the usable address so many further on.
func (s subject) away(steps int64) (values.Value, error) {
	f, l := s.usable()
	n := new(big.Int).Add(s.value(), big.NewInt(steps))
	a := addrOf(n, s.version())
	return when(a.IsValid() && a.Compare(f) >= 0 && a.Compare(l) <= 0, str(a))
}

func peer(s subject) (values.Value, error) {
	if !s.slashed {
		return values.Null, errNotNetwork
	}
	flip := func(bits int64) values.Value {
		return str(addrOf(new(big.Int).Xor(s.value(), big.NewInt(bits)), s.version()))
	}
	switch {
	case s.isSize(2):
		return flip(1), nil
	case !s.isSize(4):
		return values.Null, fmt.Errorf("Not a point-to-point network") //lint:ignore ST1005 as the collection says it
	case s.isFirst():
		return values.Null, fmt.Errorf("Network address of /30 has no peer") //lint:ignore ST1005 as above
	case s.addr == s.last():
		return values.Null, fmt.Errorf("Broadcast address of /30 has no peer") //lint:ignore ST1005 as above
	}
	return flip(3), nil
}

func sizeUsable(s subject) values.Value {
	switch {
	case !s.larger(1):
		return values.Int(0)
	case s.isSize(2):
		return values.Int(2)
	}
	return values.BigInt(new(big.Int).Sub(s.size(), big.NewInt(2)))
}

func kind(s subject) values.Value {
	if s.larger(1) && s.isFirst() {
		return values.String("network")
	}
	return values.String("address")
}

func wrapped(s subject) values.Value {
	switch {
	case s.version() == 4:
		return s.written
	case s.slashed:
		return values.String("[" + text(s.addr) + "]/" + strconv.Itoa(s.bits))
	}
	return values.String("[" + text(s.addr) + "]")
}

func sixToFour(s subject) (values.Value, error) {
	if s.version() == 4 {
		if s.larger(1) && s.isFirst() {
			return values.False, nil
		}
		if !isPublic(s.addr) && !isIn(s.addr, private) {
			return values.False, nil
		}
		b := s.addr.As4()
		return values.String(fmt.Sprintf("2002:%02x%02x:%02x%02x::1/48", b[0], b[1], b[2], b[3])), nil
	}
	if (!s.slashed || !s.isFirst()) && netip.MustParsePrefix("2002::/16").Contains(s.addr) {
		return s.written, nil
	}
	return values.False, nil
}

// ranged gives the value where its address lies in one of the networks.
func ranged(networks []netip.Prefix) query {
	return func(s subject) (values.Value, error) { return when(isIn(s.addr, networks), s.written) }
}

var (
	linkLocal = prefixes("169.254.0.0/16", "fe80::/10")
	loopback  = prefixes("127.0.0.0/8", "::1/128")
	multicast = prefixes("224.0.0.0/4", "ff00::/8")
	private   = prefixes("10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.0.0.0/24", "192.168.0.0/16", "198.18.0.0/15", "239.0.0.0/8",
		"fc00::/7", "fec0::/10", "169.254.0.0/16", "fe80::/10")
)

func isPublic(a netip.Addr) bool {
	return !isIn(a, multicast) && !isIn(a, private) && !isIn(a, loopback) && !isMask(a)
}

// isMask tells addresses that are a netmask or a hostmask.
func isMask(a netip.Addr) bool {
	v := number(a)
	ones := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), uint(a.BitLen())), big.NewInt(1))
	return powerOfTwo(new(big.Int).Add(v, big.NewInt(1))) || powerOfTwo(new(big.Int).Add(new(big.Int).Xor(v, ones), big.NewInt(1)))
}

func powerOfTwo(n *big.Int) bool {
	return new(big.Int).And(n, new(big.Int).Sub(n, big.NewInt(1))).Sign() == 0
}

// ask answers a query for one value; version is 4, 6 or 0 for both.
func ask(v values.Value, name string, version int, filter string) (values.Value, error) {
	s, ok := read(v, version)
	if !ok || version != 0 && s.version() != version {
		return values.False, nil
	}
	if answer, known := queries()[name]; known {
		return answer(s)
	}
	if within, ok := parse(name); ok && !isDigits(name) && within.larger(0) {
		if within.contains(s.network) {
			return s.written, nil
		}
		return values.Null, nil
	}
	n, isNumber := new(big.Int).SetString(strings.TrimSpace(name), 10)
	switch {
	case !isNumber:
		return values.Null, fmt.Errorf("%s: unknown filter type: %s", filter, name)
	case !s.larger(1):
		return plain(s)
	}
	a, ok := s.nth(n)
	if !ok {
		return values.False, nil
	}
	return values.String(network{a, s.bits}.String()), nil
}

// askAll answers for one value, or for each of a list, of which those remain that have
// an answer.
func askAll(v values.Value, name string, version int, filter string) (values.Value, error) {
	if v.Kind() != values.KindList {
		return ask(v, name, version, filter)
	}
	answers := []values.Value{}
	for _, item := range v.Items() {
		answer, err := askAll(item, name, version, filter)
		if err != nil {
			return values.Null, err
		}
		if answer.Truthy() {
			answers = append(answers, answer)
		}
	}
	return values.FromSlice(answers), nil
}

// wantAddress refuses values that no filter of addresses reads.
func wantAddress(c *jinja.Call, v values.Value) error {
	switch v.Kind() {
	case values.KindString, values.KindInt, values.KindBool:
		return nil
	case values.KindList:
		return jinja.Defined(v)
	}
	if err := jinja.Defined(v); err != nil {
		return err
	}
	return fmt.Errorf("Unrecognized type <%s> for %s filter <value>", jinja.TypeName(v), c.Name) //lint:ignore ST1005 as the collection says it
}
