package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gdeploy/gdeploy/executor"
	"github.com/gdeploy/gdeploy/inventory"
	"github.com/gdeploy/gdeploy/playbooks"
	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/variables"
)

// checkHosts reads what inventory and vars_files say of the hosts of the playbooks, so
// that all mistakes in it are known before a host is touched.
func (s *session) checkHosts(books []*playbooks.Playbook) error {
	var mistakes []error
	first := true
	for _, book := range books {
		for _, play := range book.Plays {
			some, err := s.inventory.Select(s.patternOf(play))
			if err != nil {
				mistakes = append(mistakes, fmt.Errorf("%s: hosts: %w", play.Pos, err))
			}
			mistakes = append(mistakes, s.inventory.WithPlaybookDir(filepath.Dir(play.File)).Check(some))
			mistakes = append(mistakes, s.checkVarsFiles(play, some, first)...)
			mistakes = append(mistakes, s.checkFreezes(play, some)...)
			first = false
		}
	}
	return notParsed(errors.Join(once(append(mistakes, s.twice.all()))...))
}

// checkFreezes reads the freeze windows of a play's hosts, which a play with a lock minds.
func (s *session) checkFreezes(play *playbooks.Play, hosts []*inventory.Host) []error {
	if play.Lock == nil {
		return nil
	}
	var mistakes []error
	for _, h := range hosts {
		for _, source := range s.store.Scope(variables.Context{Host: h.Name, Play: play}).Explain("freeze") {
			if source.Wins {
				mistakes = append(mistakes, executor.CheckFreeze(source.Value, source.Where)...)
			}
		}
	}
	return mistakes
}

// once leaves out what was told already.
func once(mistakes []error) []error {
	told := map[string]bool{}
	return slices.DeleteFunc(mistakes, func(err error) bool {
		again := err == nil || told[err.Error()]
		if err != nil {
			told[err.Error()] = true
		}
		return again
	})
}

// checkVarsFiles reads the vars_files of a play. What a later play lacks, one before it may
// still write.
func (s *session) checkVarsFiles(play *playbooks.Play, hosts []*inventory.Host, first bool) []error {
	return slices.DeleteFunc(s.store.CheckVarsFiles(play, names(hosts)), func(err error) bool {
		var missing *variables.MissingFileError
		return !first && errors.As(err, &missing)
	})
}

func names(hosts []*inventory.Host) []string {
	all := make([]string, len(hosts))
	for i, h := range hosts {
		all[i] = h.Name
	}
	return all
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
	return names(hosts)
}
