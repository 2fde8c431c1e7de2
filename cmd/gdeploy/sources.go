package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gdeploy/gdeploy/inventory"
	"github.com/gdeploy/gdeploy/jinja/pyre"
	"github.com/gdeploy/gdeploy/playbooks"
	"github.com/gdeploy/gdeploy/values"
)

// onlyThisMachine and noHosts are Ansible's sentences, which scripts look for.
const (
	onlyThisMachine = "No inventory was parsed, only implicit localhost is available"
	noHosts         = "provided hosts list is empty, only localhost is available. Note that the implicit localhost does not match 'all'"
)

// unreadable gives what is told of a source that cannot be read; nil where that is an error.
func (s *session) unreadable() func(string, error) {
	if s.settings.AnyUnparsedFails {
		return nil
	}
	return func(source string, why error) {
		s.warn(values.Position{}, fmt.Sprintf("Unable to parse %s as an inventory source: %s", source, why))
	}
}

// tellUnparsed is for an inventory of which nothing could be read.
func (s *session) tellUnparsed() error {
	if s.settings.UnparsedFails {
		return notParsed(errors.New("no inventory could be read, and the setting inventory_unparsed_is_failed makes that an error: see the warnings above"))
	}
	if s.settings.UnparsedWarning {
		s.warn(values.Position{}, onlyThisMachine)
	}
	return nil
}

// doWithout gives why the playbooks cannot run without an inventory; nil where there is one,
// or where they begin on this machine: they are for it alone, or add the hosts themselves.
func (s *session) doWithout(books []*playbooks.Playbook) error {
	if s.noInventory == nil {
		return nil
	}
	first := slices.IndexFunc(books, func(book *playbooks.Playbook) bool { return len(book.Plays) > 0 })
	if first >= 0 && (s.settings.UnparsedFails || !isThisMachine(s.patternOf(books[first].Plays[0]))) {
		return s.noInventory
	}
	return s.tellUnparsed()
}

// isThisMachine reports that a pattern has names of this machine only.
func isThisMachine(pattern string) bool {
	for part := range strings.SplitSeq(pattern, ",") {
		if part = strings.TrimSpace(part); part == "::1" {
			continue
		}
		for name := range strings.SplitSeq(part, ":") {
			if !slices.Contains([]string{"localhost", "127.0.0.1"}, strings.TrimSpace(name)) {
				return false
			}
		}
	}
	return true
}

// tellNobody warns before playbooks run whose inventory has no hosts.
func (s *session) tellNobody() {
	if s.settings.LocalhostWarning && len(s.inventory.Hosts()) == 0 {
		s.warn(values.Position{}, noHosts)
	}
}

// ignored gives which files of inventory directories are passed over; nil is as usual.
func (s *Settings) ignored() func(string) bool {
	if s.InventoryIgnoreEndings == nil && len(s.InventoryIgnorePatterns) == 0 {
		return nil
	}
	endings := s.InventoryIgnoreEndings
	if endings == nil {
		endings = inventory.IgnoredEndings
	}
	return func(name string) bool {
		return slices.ContainsFunc(endings, func(end string) bool { return strings.HasSuffix(name, end) }) ||
			slices.ContainsFunc(s.InventoryIgnorePatterns, func(pattern string) bool {
				re, err := pyre.Compile(pattern, 0)
				if err != nil {
					return false // checkSources refused it
				}
				found, err := re.Search(name)
				return err == nil && found != nil
			})
	}
}

// checkSources refuses settings of inventory sources that make no sense, and warns of
// formats that there are not.
func (s *Settings) checkSources(refuse func(key, format string, args ...any), warn warning) {
	for _, pattern := range s.InventoryIgnorePatterns {
		if _, err := pyre.Compile(pattern, 0); err != nil {
			refuse("inventory_ignore_patterns", "%q, and must be regular expressions: %s", pattern, err)
		}
	}
	for _, format := range s.InventoryEnabled {
		if short := strings.TrimPrefix(format, "ansible.builtin."); !slices.Contains(inventory.Formats, short) {
			warn(values.Position{}, fmt.Sprintf("inventory_enabled names %q, which gdeploy does not have: it has %s", format, strings.Join(inventory.Formats, ", ")))
		}
	}
}
