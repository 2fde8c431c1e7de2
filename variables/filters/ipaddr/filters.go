package ipaddr

import (
	"fmt"
	"math/big"
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
