package executor

import (
	"sort"
	"sync"

	"github.com/gdeploy/gdeploy/values"
)

// stats counts how tasks ended, by host.
type stats struct {
	mu     sync.Mutex
	byHost map[string]*HostStats
	// custom are the figures of set_stats, by owner.
	custom *values.Map
}

func newStats() *stats { return &stats{byHost: map[string]*HostStats{}} }

func (s *stats) change(host string, do func(*HostStats)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.byHost[host]
	if one == nil {
		one = &HostStats{Host: host}
		s.byHost[host] = one
	}
	do(one)
}

// of gives the counts of a host, set puts them back.
func (s *stats) of(host string) HostStats {
	var now HostStats
	s.change(host, func(one *HostStats) { now = *one })
	return now
}

func (s *stats) set(host string, to HostStats) {
	s.change(host, func(one *HostStats) { *one = to })
}

// list gives the counts in the order of the hosts' names, as the recap has them.
func (s *stats) list() []HostStats {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]HostStats, 0, len(s.byHost))
	for _, one := range s.byHost {
		all = append(all, *one)
	}
	sort.Slice(all, func(i, j int) bool { return all[i].Host < all[j].Host })
	return all
}
