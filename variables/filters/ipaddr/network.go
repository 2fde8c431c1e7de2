// Package ipaddr has the filters and tests of networks and addresses that the collection
// ansible.utils brings. They read and print addresses as Python's netaddr does.
package ipaddr

import (
	"fmt"
	"math/big"
	"math/bits"
	"net/netip"
	"strconv"
	"strings"
)

// network is an address with the length of its network's prefix; the bits behind the
// prefix stay.
type network struct {
	addr netip.Addr
	bits int
}

// parse reads an address or network: 10.1.2.3, 10.1/16, 10.0.0.1/255.255.255.0, 2001:db8::1/64.
func parse(text string) (network, bool) {
	address, prefix, sliced := strings.Cut(text, "/")
	addr, ok := parseAddr(address)
	if !ok {
		return network{}, false
	}
	n := network{addr, addr.BitLen()}
	if !sliced {
		return n, true
	}
	if n.bits, ok = prefixBits(prefix, addr); !ok {
		return network{}, false
	}
	return n, true
}

func parseAddr(text string) (netip.Addr, bool) {
	addr, err := netip.ParseAddr(text)
	if err == nil {
		return addr, addr.Zone() == ""
	}
	parts := strings.Split(strings.TrimSuffix(text, "."), ".") // IPv4 without its last numbers
	for len(parts) < 4 {
		parts = append(parts, "0")
	}
	addr, err = netip.ParseAddr(strings.Join(parts, "."))
	return addr, err == nil
}

// prefixBits reads what stands behind the slash: a number, a netmask or a hostmask.
func prefixBits(text string, addr netip.Addr) (int, bool) {
	if n, err := strconv.Atoi(text); err == nil {
		return n, n >= 0 && n <= addr.BitLen()
	}
	mask, err := netip.ParseAddr(text)
	if err != nil || !mask.Is4() || !addr.Is4() {
		return 0, false
	}
	b := mask.As4()
	value := uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
	ones := bits.OnesCount32(value)
	switch value {
	case ^uint32(0) << (32 - ones):
		return ones, true
	case ^uint32(0) >> (32 - ones):
		return 32 - ones, true
	}
	return 0, false
}

// fromNumber gives the address that a number is; IPv4 is tried first unless version is 6.
func fromNumber(n *big.Int, prefix, version int) (network, bool) {
	if version != 6 && n.BitLen() <= 32 && prefix <= 32 {
		return network{addrOf(n, 4), max(prefix, 0)}.wholeIf(prefix < 0), true
	}
	if n.Sign() < 0 || n.BitLen() > 128 || prefix > 128 {
		return network{}, false
	}
	return network{addrOf(n, 6), max(prefix, 0)}.wholeIf(prefix < 0), true
}

// wholeIf makes the network that of one address.
func (n network) wholeIf(whole bool) network {
	if whole {
		n.bits = n.addr.BitLen()
	}
	return n
}

// addrOf makes an address of a number; the zero Addr where there is none such.
func addrOf(n *big.Int, version int) netip.Addr {
	size := 4
	if version == 6 {
		size = 16
	}
	if n.Sign() < 0 || n.BitLen() > size*8 {
		return netip.Addr{}
	}
	addr, _ := netip.AddrFromSlice(n.FillBytes(make([]byte, size)))
	return addr
}

func number(a netip.Addr) *big.Int { return new(big.Int).SetBytes(a.AsSlice()) }

func (n network) version() int {
	if n.addr.Is4() {
		return 4
	}
	return 6
}

func (n network) value() *big.Int { return number(n.addr) }

// size counts the addresses of the network.
func (n network) size() *big.Int {
	return new(big.Int).Lsh(big.NewInt(1), uint(n.addr.BitLen()-n.bits))
}

// larger reports whether the network has more than so many addresses.
func (n network) larger(than int64) bool { return n.size().Cmp(big.NewInt(than)) > 0 }

func (n network) isSize(of int64) bool { return n.size().Cmp(big.NewInt(of)) == 0 }

// cidr is the network without the bits of the host.
func (n network) cidr() network {
	return network{netip.PrefixFrom(n.addr, n.bits).Masked().Addr(), n.bits}
}

// first and last are the ends of the network.
func (n network) first() netip.Addr { return n.cidr().addr }
func (n network) last() netip.Addr {
	end := new(big.Int).Add(number(n.first()), n.size())
	return addrOf(end.Sub(end, big.NewInt(1)), n.version())
}

func (n network) isFirst() bool { return n.addr == n.first() }

// broadcast is the last address; IPv4 networks of one or two addresses have none.
func (n network) broadcast() (netip.Addr, bool) { return n.last(), !n.addr.Is4() || n.larger(2) }

// usable are the first and last address that hosts may have.
func (n network) usable() (first, last netip.Addr) {
	if !n.larger(2) {
		return n.first(), n.last()
	}
	return n.first().Next(), n.last().Prev()
}

func (n network) netmask() netip.Addr {
	ones := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), uint(n.addr.BitLen())), n.size())
	return addrOf(ones, n.version())
}

func (n network) hostmask() netip.Addr {
	return addrOf(new(big.Int).Sub(n.size(), big.NewInt(1)), n.version())
}

// contains reports whether all of other lies in n.
func (n network) contains(other network) bool {
	return n.version() == other.version() && n.first().Compare(other.first()) <= 0 && n.last().Compare(other.last()) >= 0
}

// nth gives the address at an index from the start, or from behind where it is negative.
func (n network) nth(i *big.Int) (netip.Addr, bool) {
	at := new(big.Int).Set(i)
	if at.Sign() < 0 {
		at.Add(at, n.size())
	}
	if at.Sign() < 0 || at.Cmp(n.size()) >= 0 {
		return netip.Addr{}, false
	}
	return addrOf(at.Add(at, number(n.first())), n.version()), true
}

// String writes the address and the prefix.
func (n network) String() string { return text(n.addr) + "/" + strconv.Itoa(n.bits) }

// text writes an address; IPv6 ones that hold an IPv4 one end as it does.
func text(a netip.Addr) string {
	if a.Is6() && !a.Is4In6() {
		if v := number(a); v.BitLen() <= 32 && v.BitLen() > 16 {
			return "::" + addrOf(v, 4).String()
		}
	}
	return a.String()
}

// reverse is the name that asks the DNS for an address.
func reverse(a netip.Addr) string {
	var b strings.Builder
	raw := a.AsSlice()
	for i := len(raw) - 1; i >= 0; i-- {
		if a.Is4() {
			fmt.Fprintf(&b, "%d.", raw[i])
			continue
		}
		fmt.Fprintf(&b, "%x.%x.", raw[i]&0xf, raw[i]>>4)
	}
	if a.Is4() {
		return b.String() + "in-addr.arpa."
	}
	return b.String() + "ip6.arpa."
}

// isIn reports whether an address lies in one of the networks.
func isIn(a netip.Addr, networks []netip.Prefix) bool {
	for _, p := range networks {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

func prefixes(texts ...string) []netip.Prefix {
	list := make([]netip.Prefix, len(texts))
	for i, s := range texts {
		list[i] = netip.MustParsePrefix(s)
	}
	return list
}
