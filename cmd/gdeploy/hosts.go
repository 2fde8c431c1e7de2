package main

import (
	"fmt"
	"strings"

	"github.com/gdeploy/gdeploy/inventory"
	"github.com/gdeploy/gdeploy/playbooks"
	"github.com/gdeploy/gdeploy/values"
)

// checkHosts reads everything that the inventory says of the hosts of the playbooks, so
// that all mistakes in it are known before a host is touched.
func (s *session) checkHosts(books []*playbooks.Playbook) error {
	var hosts []*inventory.Host
	for _, book := range books {
		for _, play := range book.Plays {
			some, err := s.inventory.Select(s.patternOf(play))
			if err != nil {
				return notParsed(fmt.Errorf("%s: hosts: %w", play.Pos, err))
			}
			hosts = append(hosts, some...)
		}
	}
	return notParsed(s.inventory.Check(hosts))
}

// patternOf is what chooses the hosts of a play.
func (s *session) patternOf(p *playbooks.Play) string {
	pattern := s.evaluateFor(p, p.Hosts)
	items := pattern.Items()
	if items == nil {
		return values.Text(pattern)
	}
	parts := make([]string, len(items))
	for i, item := range items {
		parts[i] = values.Text(item)
	}
	return strings.Join(parts, ",")
}

// hostsOf names the hosts of a play, and warns of what names none.
func (s *session) hostsOf(p *playbooks.Play) []string {
	pattern := s.patternOf(p)
	for _, w := range s.inventory.Unmatched(pattern) {
		s.warn(w.Pos, w.Msg)
	}
	hosts, err := s.inventory.Select(pattern)
	if err != nil {
		s.warn(p.Pos, err.Error())
	}
	names := make([]string, len(hosts))
	for i, h := range hosts {
		names[i] = h.Name
	}
	return names
}
