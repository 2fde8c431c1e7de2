package ipaddr

import (
	"fmt"
	"math/big"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/gdeploy/gdeploy/jinja"
	"github.com/gdeploy/gdeploy/values"
)

// Filters lists the filters of addresses by their short names.
func Filters() map[string]jinja.Filter {
	return map[string]jinja.Filter{
		"cidr_merge":          cidrMerge,
		"hwaddr":              hwaddr,
		"ip4_hex":             ip4Hex,
		"ipaddr":              filter(0),
		"ipmath":              ipmath,
		"ipsubnet":            ipsubnet,
		"ipv4":                filter(4),
		"ipv6":                filter(6),
		"ipwrap":              ipwrap,
		"macaddr":             hwaddr,
		"network_in_network":  networkIn(network.ends),
		"network_in_usable":   networkIn(network.usable),
		"next_nth_usable":     nthUsable(1),
		"nthhost":             nthhost,
		"previous_nth_usable": nthUsable(-1),
		"reduce_on_network":   reduceOnNetwork,
		"slaac":               slaac,
		"usable_range":        usableRange,
	}
}

// filter is ipaddr, ipv4 or ipv6.
func filter(version int) jinja.Filter {
	return func(c *jinja.Call) (values.Value, error) {
		names := []string{"query"}
		if version == 0 {
			names = []string{"query", "version", "alias"}
		}
		p := c.Params(names...)
		query, wanted, alias := p.Text("query", ""), version, fmt.Sprintf("ipv%d", version)
		if version == 0 {
			alias = p.Text("alias", "ipaddr")
			if v, ok := p.Get("version"); ok && v.Truthy() {
				wanted = p.Int("version", 0)
			}
		}
		if err := wantAddress(c, c.Value); err != nil {
			return values.Null, err
		}
		if p.Err() != nil {
			return values.Null, p.Err()
		}
		return askAll(c.Value, query, wanted, alias)
	}
}

// ipwrap puts brackets around IPv6 addresses and leaves everything else alone.
func ipwrap(c *jinja.Call) (values.Value, error) {
	query := c.Params("query").Text("query", "")
	if err := jinja.Defined(c.Value); err != nil {
		return values.Null, err
	}
	if c.Value.Kind() != values.KindList {
		return wrapOne(c.Value, query), nil
	}
	out := make([]values.Value, len(c.Value.Items()))
	for i, item := range c.Value.Items() {
		out[i] = item
		if answer, err := ask(item, query, 0, "ipwrap"); err == nil && answer.Truthy() {
			out[i] = wrapOne(item, "")
		}
	}
	return values.FromSlice(out), nil
}

func wrapOne(v values.Value, query string) values.Value {
	answer, err := ask(v, query, 0, "ipwrap")
	if err != nil || !answer.Truthy() {
		return v
	}
	if answer, err = ask(answer, "wrap", 0, "ipwrap"); err != nil {
		return v
	}
	return answer
}

// subnetOf reads a value as the network that it is or lies in.
func subnetOf(v values.Value) (network, bool) {
	s, ok := read(v, 0)
	return s.cidr(), ok
}

// ipsubnet splits networks: how many of a size are in one, the one at an index, the place
// of a network in a larger one, or the network around an address.
func ipsubnet(c *jinja.Call) (values.Value, error) {
	p := c.Params("query", "index")
	query := p.Text("query", "")
	index, hasIndex := p.Get("index")
	if err := jinja.Defined(c.Value); err != nil {
		return values.Null, err
	}
	n, ok := subnetOf(c.Value)
	switch {
	case p.Err() != nil:
		return values.Null, p.Err()
	case !ok:
		return values.False, nil
	case query == "":
		return values.String(n.String()), nil
	case !isDigits(query):
		return placeIn(n, query)
	}
	bits, err := strconv.Atoi(query)
	if err != nil || bits > n.addr.BitLen() {
		return values.False, nil
	}
	at, isNumber := jinja.ToInt(index, 10)
	if hasIndex && !index.IsNull() && !isNumber {
		return values.Null, fmt.Errorf("ipsubnet: the index %s is not a number", values.Text(index))
	}
	i, _ := at.AsBig()
	if !hasIndex || index.IsNull() {
		i = nil
	}
	if !n.larger(1) {
		return supernet(n, bits, i)
	}
	return subnet(n, bits, i)
}

// supernet gives a network around an address: the largest of the wanted ones, or the one
// at an index from there.
func supernet(n network, bits int, index *big.Int) (values.Value, error) {
	total := n.addr.BitLen()
	at := 0
	if index != nil {
		at = int(index.Int64())
		if at > total+1-at || at < bits-total {
			return values.False, nil
		}
	}
	if at < 0 {
		at += total - bits
	}
	if at < 0 || bits+at >= total {
		return values.Null, fmt.Errorf("ipsubnet: list index out of range: there is no network number %d from /%d up around %s", at, bits, n)
	}
	return values.String(network{n.addr, bits + at}.cidr().String()), nil
}

func subnet(n network, bits int, index *big.Int) (values.Value, error) {
	if bits < n.bits {
		if index != nil && index.Sign() == 0 {
			return values.String(network{n.addr, bits}.String()), nil
		}
		if index != nil {
			return values.False, nil
		}
		return values.Null, fmt.Errorf("Requested subnet size of %d is invalid", bits) //lint:ignore ST1005 as the collection says it
	}
	count := new(big.Int).Lsh(big.NewInt(1), uint(bits-n.bits))
	if index == nil {
		return values.String(count.String()), nil
	}
	at := new(big.Int).Set(index)
	if at.Sign() < 0 {
		at.Add(at, count)
	}
	if at.Sign() < 0 || at.Cmp(count) >= 0 {
		return values.False, nil
	}
	at.Lsh(at, uint(n.addr.BitLen()-bits))
	return values.String(network{addrOf(at.Add(at, n.value()), n.version()), bits}.String()), nil
}

// placeIn counts which subnet of the larger network n is, from 1.
func placeIn(n network, query string) (values.Value, error) {
	around, ok := subnetOf(values.String(query))
	if !ok {
		return values.Null, fmt.Errorf("You must pass a valid subnet or IP address; %s is invalid", query) //lint:ignore ST1005 as the collection says it
	}
	if around.bits > n.bits || !around.contains(n) {
		return values.Null, fmt.Errorf("%s is not in the subnet %s", n, around)
	}
	rank := new(big.Int).Sub(n.value(), around.value())
	rank.Rsh(rank, uint(n.addr.BitLen()-n.bits))
	return values.String(rank.Add(rank, big.NewInt(1)).String()), nil
}

func ipmath(c *jinja.Call) (values.Value, error) {
	p := c.Params("amount")
	amount := p.Need("amount")
	address, err := c.Text()
	if err := firstError(p.Err(), err); err != nil {
		return values.Null, err
	}
	n, ok := parse(address)
	if s, isOne := read(values.String(address), 0); isDigits(address) {
		n, ok = s.network, isOne
	}
	if !ok {
		return values.Null, fmt.Errorf("You must pass a valid IP address; %s is invalid", address) //lint:ignore ST1005 as the collection says it
	}
	by, isInt := jinja.ToInt(amount, 10)
	i, _ := by.AsBig()
	if !isInt || amount.Kind() == values.KindFloat || i == nil {
		return values.Null, fmt.Errorf("You must pass an integer for arithmetic; %s is not a valid integer", values.Text(amount)) //lint:ignore ST1005 as above
	}
	a := addrOf(new(big.Int).Add(n.value(), i), n.version())
	if !a.IsValid() {
		return values.Null, fmt.Errorf("result outside valid IP address boundary!")
	}
	return str(a), nil
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func nthhost(c *jinja.Call) (values.Value, error) {
	p := c.Params("query")
	v := p.Value("query", values.String(""))
	if err := firstError(p.Err(), jinja.Defined(c.Value)); err != nil {
		return values.Null, err
	}
	n, ok := subnetOf(c.Value)
	i, isInt := jinja.ToInt(v, 10)
	if !ok || !v.Truthy() || !isInt {
		return values.False, nil
	}
	at, _ := i.AsBig()
	if n.size().Cmp(at) <= 0 {
		return values.False, nil
	}
	a, ok := n.nth(at)
	if !ok {
		return values.Null, fmt.Errorf("nthhost: %s has no address number %s", n, at)
	}
	return str(a), nil
}

// nthUsable gives the usable address so many further on in a network, or further back.
func nthUsable(sign int64) jinja.Filter {
	return func(c *jinja.Call) (values.Value, error) {
		p := c.Params("offset")
		p.Need("offset")
		offset := p.Int("offset", 0)
		if err := firstError(p.Err(), jinja.Defined(c.Value)); err != nil {
			return values.Null, err
		}
		s, ok := read(c.Value, 0)
		switch {
		case !ok:
			return values.False, nil
		case s.larger(1) && s.isFirst():
			s.network = s.cidr()
		case !s.larger(1):
			return values.Null, nil
		}
		return s.away(sign * int64(offset))
	}
}

// ends are the first and last address, as the filters on networks compare them.
func (n network) ends() (first, last netip.Addr) {
	if !n.larger(2) {
		return n.first(), n.first()
	}
	return n.first(), n.last()
}

// networkIn tells whether a network lies in the value, between what ends gives.
func networkIn(ends func(network) (first, last netip.Addr)) jinja.Filter {
	return func(c *jinja.Call) (values.Value, error) {
		p := c.Params("test")
		test := p.Need("test")
		if err := firstError(p.Err(), jinja.Defined(c.Value)); err != nil {
			return values.Null, err
		}
		outer, ok1 := subnetOf(c.Value)
		inner, ok2 := subnetOf(test)
		if !ok1 || !ok2 {
			return values.False, nil
		}
		first, last := ends(outer)
		return values.Bool(within(inner, first, last)), nil
	}
}

// within compares as numbers, whatever the version.
func within(inner network, first, last netip.Addr) bool {
	low, high := inner.ends()
	return number(first).Cmp(number(low)) <= 0 && number(low).Cmp(number(last)) <= 0 &&
		number(first).Cmp(number(high)) <= 0 && number(high).Cmp(number(last)) <= 0
}

func reduceOnNetwork(c *jinja.Call) (values.Value, error) {
	p := c.Params("network")
	around := p.Need("network")
	items, err := c.Items()
	if err := firstError(p.Err(), err); err != nil {
		return values.Null, err
	}
	kept := []values.Value{}
	outer, ok := subnetOf(around)
	for _, item := range items {
		if err := jinja.Defined(item); err != nil {
			return values.Null, err
		}
		first, last := outer.ends()
		if inner, isOne := subnetOf(item); ok && isOne && within(inner, first, last) {
			kept = append(kept, item)
		}
	}
	return values.FromSlice(kept), nil
}

// cidrMerge gives the fewest networks that hold exactly the same addresses, or with
// action=span the smallest one that holds them all.
func cidrMerge(c *jinja.Call) (values.Value, error) {
	p := c.Params("action")
	action := p.String("action", "merge")
	items, err := c.Items()
	if err := firstError(p.Err(), err); err != nil {
		return values.Null, err
	}
	networks := make([]network, len(items))
	for i, item := range items {
		n, ok := parse(values.Text(item))
		if !ok {
			return values.Null, fmt.Errorf("cidr_merge: invalid IPNetwork %s", values.Text(item))
		}
		networks[i] = n
	}
	switch action {
	case "merge":
		return values.Strings(merge(networks)...), nil
	case "span":
		return span(networks)
	}
	return values.Null, fmt.Errorf("cidr_merge: invalid action '%s'", action)
}

// merge joins neighbours until nothing more can be joined.
func merge(networks []network) []string {
	list := make([]network, len(networks))
	for i, n := range networks {
		list[i] = n.cidr()
	}
	slices.SortFunc(list, func(a, b network) int {
		if c := a.addr.Compare(b.addr); c != 0 {
			return c
		}
		return a.bits - b.bits
	})
	var kept []network
	for _, n := range list {
		if len(kept) > 0 && kept[len(kept)-1].contains(n) {
			continue
		}
		kept = joinLast(append(kept, n))
	}
	texts := make([]string, len(kept))
	for i, n := range kept {
		texts[i] = n.String()
	}
	return texts
}

// joinLast makes one network of the last two while they are the halves of one.
func joinLast(list []network) []network {
	for len(list) > 1 {
		a, b := list[len(list)-2], list[len(list)-1]
		around := network{a.addr, a.bits - 1}
		if a.bits != b.bits || a.bits == 0 || a.version() != b.version() || around.cidr().addr != a.addr || !around.contains(b) {
			return list
		}
		list = append(list[:len(list)-2], around)
	}
	return list
}

func span(networks []network) (values.Value, error) {
	switch len(networks) {
	case 0:
		return values.Null, nil
	case 1:
		return values.String(networks[0].String()), nil
	}
	around := networks[0].cidr()
	for _, n := range networks[1:] {
		if n.version() != around.version() {
			return values.Null, fmt.Errorf("cidr_merge: IP versions in sequence do not match")
		}
		for !around.contains(n) {
			around = network{around.addr, around.bits - 1}.cidr()
		}
	}
	return values.String(around.String()), nil
}

func ip4Hex(c *jinja.Call) (values.Value, error) {
	p := c.Params("delimiter")
	delimiter := p.Text("delimiter", "")
	address, err := c.Text()
	if err := firstError(p.Err(), err); err != nil {
		return values.Null, err
	}
	parts := strings.Split(address, ".")
	if len(parts) < 4 {
		return values.Null, fmt.Errorf("ip4_hex needs an IPv4 address, not %q", address)
	}
	digits := make([]string, 4)
	for i := range digits {
		n, err := strconv.Atoi(parts[i])
		if err != nil {
			return values.Null, fmt.Errorf("ip4_hex needs an IPv4 address, not %q", address)
		}
		digits[i] = fmt.Sprintf("%02x", n)
	}
	return values.String(strings.Join(digits, delimiter)), nil
}

// usableRange lists all addresses of a network.
func usableRange(c *jinja.Call) (values.Value, error) {
	address, err := c.Text()
	if err := firstError(c.Params().Err(), err); err != nil {
		return values.Null, err
	}
	n, ok := strict(address)
	if !ok {
		return values.Null, fmt.Errorf("Error while using plugin 'usable_range': '%s' does not appear to be an IPv4 or IPv6 network, or has host bits set", address) //lint:ignore ST1005 as the collection says it
	}
	if !n.size().IsInt64() || n.size().Int64() > 1<<24 {
		return values.Null, fmt.Errorf("usable_range: %s has %s addresses: that is too much to list", address, n.size())
	}
	if err := c.Spend(int(n.size().Int64())); err != nil {
		return values.Null, err
	}
	var list []values.Value
	for a := n.first(); n.contains(network{a, a.BitLen()}); a = a.Next() {
		if list = append(list, str(a)); a == n.last() {
			break
		}
	}
	return values.MapOf("usable_ips", values.FromSlice(list), "number_of_ips", values.BigInt(n.size())), nil
}
