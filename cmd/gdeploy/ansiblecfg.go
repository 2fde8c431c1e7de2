package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/gdeploy/gdeploy/values"
)

// findAnsibleCfg looks for ansible.cfg where Ansible does: where $ANSIBLE_CONFIG says, in
// the working directory unless anybody may write to it, in the home, and in /etc. The first
// one that can be read counts.
func findAnsibleCfg(warn warning) string {
	var places []string
	if named := expand(os.ExpandEnv(os.Getenv("ANSIBLE_CONFIG"))); named != "" {
		if info, err := os.Stat(named); err == nil && info.IsDir() {
			named = filepath.Join(named, "ansible.cfg")
		}
		places = append(places, named)
	}
	places = append(places, filepath.Join(workingDir(), "ansible.cfg"), expand("~/.ansible.cfg"), "/etc/ansible/ansible.cfg")
	for i, place := range places {
		file, err := os.Open(place)
		if err != nil {
			continue
		}
		file.Close()
		if i == len(places)-3 && anybodyWrites(".") {
			warn(values.Position{}, "ansible.cfg is left out: anybody may write to this directory. Take that right away, or name the file in ANSIBLE_CONFIG")
			continue
		}
		return place
	}
	return ""
}

// cfgEntry is a line of ansible.cfg.
type cfgEntry struct {
	name  string // section.key, the key in small letters
	value string
	pos   values.Position
}

var (
	cfgSection = regexp.MustCompile(`^\[(.+)\]`)
	cfgKey     = regexp.MustCompile(`^(.*?)\s*[=:]\s*(.*)$`)
	cfgComment = regexp.MustCompile(`(?:^|\s);.*`)
)

// readAnsibleCfg reads a file as Python's configparser does: # and ; begin comments at the
// start of a line, ; behind white space too, and indented lines go on with the value above.
func readAnsibleCfg(file string) ([]cfgEntry, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read settings: %w", err)
	}
	r := cfgReader{file: file, known: map[string]int{}}
	for number, line := range strings.Split(string(bytes.TrimPrefix(data, []byte("\ufeff"))), "\n") {
		r.line(number+1, strings.TrimRight(line, "\r"))
	}
	return r.entries, errors.Join(r.mistakes...)
}

type cfgReader struct {
	file, section string
	entries       []cfgEntry
	known         map[string]int // the lines of keys
	open          bool           // an indented line goes on with the last entry
	mistakes      []error
}

func (r *cfgReader) line(number int, line string) {
	pos := values.Position{File: r.file, Line: number, Col: 1}
	trimmed := strings.TrimSpace(line)
	if trimmed == "" || trimmed[0] == '#' || trimmed[0] == ';' {
		return
	}
	trimmed = strings.TrimSpace(cfgComment.ReplaceAllString(trimmed, ""))
	if r.open && (line[0] == ' ' || line[0] == '\t') {
		last := &r.entries[len(r.entries)-1]
		last.value = strings.TrimPrefix(last.value+"\n"+trimmed, "\n")
		return
	}
	if found := cfgSection.FindStringSubmatch(trimmed); found != nil {
		r.section, r.open = found[1], false
		return
	}
	found := cfgKey.FindStringSubmatch(trimmed)
	switch {
	case r.section == "":
		r.mistakes = append(r.mistakes, fmt.Errorf("%s: a [section] must stand above the first setting", pos))
	case found == nil || found[1] == "":
		r.mistakes = append(r.mistakes, fmt.Errorf("%s: %q is neither a [section] nor key = value", pos, trimmed))
	default:
		r.entry(cfgEntry{r.section + "." + strings.ToLower(found[1]), found[2], pos})
	}
}

func (r *cfgReader) entry(e cfgEntry) {
	if line, again := r.known[e.name]; again {
		r.mistakes = append(r.mistakes, fmt.Errorf("%s: %s is in line %d already", e.pos, e.name, line))
	}
	r.known[e.name] = e.pos.Line
	r.entries = append(r.entries, e)
	r.open = true
}
