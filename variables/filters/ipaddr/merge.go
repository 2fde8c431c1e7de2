package ipaddr

import (
	"fmt"
	"slices"

	"github.com/gdeploy/gdeploy/jinja"
	"github.com/gdeploy/gdeploy/values"
)

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
