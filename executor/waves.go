package executor

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gdeploy/gdeploy/values"
)

// wave is the hosts of a play that go through it before the next wave begins.
type wave struct {
	name  string
	hosts hostSet
}

// waves cuts the play's hosts as waves says: each host is in the first wave that names it.
// Without the keyword there is one wave of all.
func (p *play) waves() ([]wave, error) {
	patterns, err := p.wavePatterns()
	if err != nil || len(patterns) == 0 {
		return []wave{{p.name, p.hosts}}, err
	}
	var all []wave
	left := p.hosts
	for _, pattern := range patterns {
		if known, ok := p.Inventory.(interface{ Unmatched(pattern string) []string }); ok {
			if problems := known.Unmatched(pattern); len(problems) > 0 {
				return nil, fmt.Errorf("waves: %s", strings.Join(problems, "; "))
			}
		}
		names, err := p.Inventory.Select(pattern)
		if err != nil {
			return nil, fmt.Errorf("waves: %w", err)
		}
		if hosts := left.where(func(h *host) bool { return slices.Contains(names, h.name) }); len(hosts) > 0 {
			all = append(all, wave{pattern, hosts})
			left = left.without(hosts)
		}
	}
	if len(left) > 0 {
		return nil, fmt.Errorf("waves: no wave has %s: end the list with all", strings.Join(left.names(), ", "))
	}
	return all, nil
}

// wavePatterns are the patterns of the waves: a list, or a text with commas, as -e gives it.
func (p *play) wavePatterns() ([]string, error) {
	written, err := p.plain().Render(p.src.Waves)
	if err != nil || !isGiven(written) {
		return nil, err
	}
	if written.Kind() != values.KindList {
		return strings.FieldsFunc(values.Text(written), func(r rune) bool { return r == ',' || r == ' ' }), nil
	}
	var patterns []string
	for _, v := range written.Items() {
		pattern := strings.TrimSpace(values.Text(v))
		if pattern == "" {
			return nil, errors.New("waves: an entry is empty: write all where every host is meant")
		}
		patterns = append(patterns, pattern)
	}
	return patterns, nil
}
