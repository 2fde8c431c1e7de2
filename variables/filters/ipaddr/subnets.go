package ipaddr

import (
	"fmt"
	"math/big"
	"strconv"

	"github.com/gdeploy/gdeploy/jinja"
	"github.com/gdeploy/gdeploy/values"
)

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
