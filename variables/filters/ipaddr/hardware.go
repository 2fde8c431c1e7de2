package ipaddr

import (
	"fmt"
	"math/big"
	"regexp"
	"strconv"
	"strings"

	"github.com/gdeploy/gdeploy/jinja"
	"github.com/gdeploy/gdeploy/values"
)

// hardwareForms are the ways to write a hardware address of 48 bits, then of 64: how
// many bits each group of digits has.
var hardwareForms = []struct {
	form  *regexp.Regexp
	group int
	bits  int
}{
	{form(`([0-9A-F]{1,2})`, `:`, 6), 8, 48},
	{form(`([0-9A-F]{1,2})`, `-`, 6), 8, 48},
	{form(`([0-9A-F]{1,4})`, `:`, 3), 16, 48},
	{form(`([0-9A-F]{1,4})`, `-`, 3), 16, 48},
	{form(`([0-9A-F]{1,4})`, `\.`, 3), 16, 48},
	{form(`([0-9A-F]{5,6})`, `-`, 2), 24, 48},
	{form(`([0-9A-F]{5,6})`, `:`, 2), 24, 48},
	{form(`([0-9A-F]{11,12})`, ``, 1), 48, 48},
	{form(`([0-9A-F]{1,2})`, `:`, 8), 8, 64},
	{form(`([0-9A-F]{1,2})`, `-`, 8), 8, 64},
	{form(`([0-9A-F]{1,4})`, `:`, 4), 16, 64},
	{form(`([0-9A-F]{1,4})`, `-`, 4), 16, 64},
	{form(`([0-9A-F]{1,4})`, `\.`, 4), 16, 64},
	{form(`([0-9A-F]{16})`, ``, 1), 64, 64},
}

func form(group, separator string, n int) *regexp.Regexp {
	return regexp.MustCompile(`(?i)^` + strings.Repeat(group+separator, n-1) + group + `$`)
}

// hardware is a hardware address of 48 or 64 bits.
type hardware struct {
	n    uint64
	bits int
}

func parseHardware(text string) (hardware, bool) {
	for _, f := range hardwareForms {
		groups := f.form.FindStringSubmatch(text)
		if groups == nil {
			continue
		}
		h := hardware{bits: f.bits}
		for _, digits := range groups[1:] {
			n, err := strconv.ParseUint(digits, 16, 64)
			if err != nil {
				return h, false
			}
			h.n = h.n<<(f.group%64) | n
			if f.group == 64 {
				h.n = n
			}
		}
		return h, true
	}
	return hardware{}, false
}

// readHardware reads a string, or a number.
func readHardware(v values.Value) (hardware, bool) {
	if i, ok := v.AsInt(); ok && i >= 0 {
		if i < 1<<48 {
			return hardware{uint64(i), 48}, true
		}
		return hardware{uint64(i), 64}, true
	}
	text, ok := v.AsString()
	if !ok {
		return hardware{}, false
	}
	return parseHardware(text)
}

// write gives the digits in groups of so many bits.
func (h hardware) write(group int, format, separator string) values.Value {
	var parts []string
	for at := h.bits - group; at >= 0; at -= group {
		parts = append(parts, fmt.Sprintf(format, h.n>>at&(1<<group-1)))
	}
	return values.String(strings.Join(parts, separator))
}

// hardwareForm writes an address in one of the forms that hwaddr knows.
func (h hardware) as(name string) (values.Value, bool) {
	switch name {
	case "bool":
		return values.True, true
	case "int":
		return values.BigInt(new(big.Int).SetUint64(h.n)), true
	case "bare":
		return h.write(h.bits, "%0"+strconv.Itoa(h.bits/4)+"X", ""), true
	case "cisco":
		return h.write(16, "%04x", "."), true
	case "eui48", "win":
		return h.write(8, "%02X", "-"), true
	case "linux":
		return h.write(8, "%02x", ":"), true
	case "pgsql", "postgresql", "psql":
		return h.write(24, "%06x", ":"), true
	case "unix":
		return h.write(8, "%x", ":"), true
	}
	return values.Null, false
}

// hwaddr is the filters hwaddr and macaddr.
func hwaddr(c *jinja.Call) (values.Value, error) {
	p := c.Params("query", "alias")
	query := p.Text("query", "")
	name := c.Name[strings.LastIndexByte(c.Name, '.')+1:]
	if err := firstError(p.Err(), jinja.Defined(c.Value)); err != nil {
		return values.Null, err
	}
	h, ok := readHardware(c.Value)
	_, known := h.as(query)
	switch {
	case !known && query != "":
		return values.Null, fmt.Errorf("%s: unknown filter type: %s", name, query)
	case !ok && query != "" && query != "bool":
		return values.Null, fmt.Errorf("%s: not a hardware address: %s", name, values.Text(c.Value))
	case !ok:
		return values.Null, nil
	case query == "":
		return c.Value, nil
	}
	if h.bits == 64 && query != "bool" && query != "int" {
		return values.Null, fmt.Errorf("%s: %s has 64 bits: only those of 48 can be written as %s", name, values.Text(c.Value), query)
	}
	answer, _ := h.as(query)
	return answer, nil
}

// slaac makes the IPv6 address that a host with a hardware address gives itself.
func slaac(c *jinja.Call) (values.Value, error) {
	p := c.Params("query")
	query := p.Value("query", values.String(""))
	if err := firstError(p.Err(), jinja.Defined(c.Value)); err != nil {
		return values.Null, err
	}
	n, ok := subnetOf(c.Value)
	h, isHardware := readHardware(query)
	if !ok || n.version() != 6 || !isHardware {
		return values.False, nil
	}
	id := h.n
	if h.bits == 48 {
		id = h.n>>24<<40 | 0xfffe<<24 | h.n&0xffffff
	}
	id ^= 1 << 57 // an address given by the maker becomes one that counts everywhere
	sum := new(big.Int).Add(number(n.first()), new(big.Int).SetUint64(id))
	return str(addrOf(sum, 6)), nil
}
