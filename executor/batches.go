package executor

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"github.com/gdeploy/gdeploy/values"
)

// batches cuts hosts as serial says. The last size repeats until no host is left.
func (p *play) batches(hosts hostSet) ([]hostSet, error) {
	sizes, err := p.sizes(len(hosts))
	if err != nil || len(sizes) == 0 {
		return []hostSet{hosts}, err
	}
	var all []hostSet
	left := hosts
	for i := 0; len(left) > 0; i++ {
		size := sizes[min(i, len(sizes)-1)]
		if size <= 0 || size > len(left) {
			size = len(left)
		}
		all = append(all, left[:size:size])
		left = left[size:]
	}
	return all, nil
}

func (p *play) sizes(hosts int) ([]int, error) {
	serial, err := p.plain().Render(p.src.Serial)
	if err != nil || serial.IsNull() || serial.IsOmit() {
		return nil, err
	}
	list := serial.Items()
	if serial.Kind() != values.KindList {
		list = []values.Value{serial}
	}
	sizes := make([]int, len(list))
	for i, v := range list {
		if sizes[i], err = batchSize(values.Text(v), hosts); err != nil {
			return nil, err
		}
	}
	return sizes, nil
}

// batchSize reads "3" or "30%"; a share of the hosts is one at least.
func batchSize(text string, hosts int) (int, error) {
	text = strings.TrimSpace(text)
	if share, ok := strings.CutSuffix(text, "%"); ok {
		percent, err := strconv.ParseFloat(strings.TrimSpace(share), 64)
		if err != nil {
			return 0, fmt.Errorf("serial: %q is no percentage", text)
		}
		return max(1, int(percent/100*float64(hosts))), nil
	}
	size, err := strconv.Atoi(text)
	if err != nil {
		return 0, fmt.Errorf("serial: %q is neither a number nor a percentage", text)
	}
	return size, nil
}

// ordered puts the names of the play's hosts into the order that the play asks for.
func ordered(names []string, order string) ([]string, error) {
	names = slices.Clone(names)
	switch order {
	case "", "inventory":
	case "sorted":
		slices.Sort(names)
	case "reverse_sorted":
		slices.Sort(names)
		slices.Reverse(names)
	case "reverse_inventory":
		slices.Reverse(names)
	case "shuffle":
		rand.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	default:
		return nil, fmt.Errorf("order: %q is none of inventory, sorted, reverse_sorted, reverse_inventory, shuffle", order)
	}
	return names, nil
}
