package ipaddr

import (
	"fmt"
	"net/netip"

	"github.com/gdeploy/gdeploy/jinja"
	"github.com/gdeploy/gdeploy/values"
)

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
