package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/gdeploy/gdeploy/jinja"
	"github.com/gdeploy/gdeploy/values"
)

// ansibleSettings are what ansible.cfg and ANSIBLE_* say of the settings that gdeploy has.
type ansibleSettings struct {
	file  string
	given map[string]ansibleValue // by gdeploy's key
}

// ansibleValue is a setting in Ansible's words.
type ansibleValue struct {
	value any
	// from names its place: file:line:col and key, or a variable.
	from string
}

// readAnsible reads ansible.cfg and the environment, which wins over it. What gdeploy does
// not have is a warning.
func readAnsible(warn warning) (ansibleSettings, error) {
	a := ansibleSettings{file: findAnsibleCfg(warn), given: map[string]ansibleValue{}}
	var entries []cfgEntry
	if a.file != "" {
		var err error
		if entries, err = readAnsibleCfg(a.file); err != nil {
			return a, err
		}
	}
	var mistakes []error
	cfg := map[string]cfgEntry{}
	for _, e := range entries {
		cfg[e.name] = e
		if err := refusal("cfg", e.name, e.value, e.pos.String()+": "+e.name); err != nil {
			mistakes = append(mistakes, err)
			continue
		}
		if !isSetting("cfg", e.name) {
			tellStranger(warn, e)
		}
	}
	tellForeignVariables(os.Environ(), warn)
	mistakes = append(mistakes, refusedVariables(os.Environ())...)
	for _, key := range settingKeys() {
		mistakes = append(mistakes, a.take(key, cfg, warn))
	}
	return a, errors.Join(mistakes...)
}

// take reads one setting: the last of its names in the file, or else of its variables.
func (a ansibleSettings) take(key string, cfg map[string]cfgEntry, warn warning) (err error) {
	for _, name := range strings.Fields(tagOf(key, "cfg")) {
		if e, ok := cfg[name]; ok {
			err = errors.Join(err, a.put(key, e.value, e.pos.String()+": "+name, filepath.Dir(a.file), warn))
		}
	}
	for _, name := range strings.Fields(tagOf(key, "env")) {
		if text := os.Getenv(name); text != "" {
			err = errors.Join(err, a.put(key, text, name, workingDir(), warn))
		}
	}
	return err
}

func (a ansibleSettings) put(key, text, from, dir string, warn warning) error {
	value, err := ansibleWord(key, unquoted(text), dir)
	if err != nil {
		return fmt.Errorf("%s is %q, and must be %w", from, text, err)
	}
	if key == "host_key_checking" {
		value = hostKeysOf(value, from, warn)
	}
	a.given[key] = ansibleValue{value, from}
	return nil
}

// hostKeysOf gives Ansible's yes or no as gdeploy means it: an unknown key may be taken, a
// changed one never.
func hostKeysOf(value any, from string, warn warning) string {
	if text := fmt.Sprint(value); text == "accept-new" || truth(text) {
		return map[bool]string{true: text, false: "yes"}[text == "accept-new"]
	}
	warn(values.Position{}, from+" is off: gdeploy then takes the keys of hosts that it sees for the first time, and still refuses changed ones")
	return "accept-new"
}

// ansibleWord reads a text as Ansible does for a setting of that kind.
func ansibleWord(key, text, dir string) (any, error) {
	kind := settingByKey()[key].Type
	for kind.Kind() == reflect.Pointer {
		kind = kind.Elem()
	}
	switch {
	case kind.Kind() == reflect.Bool:
		return truth(text), nil
	case kind.Kind() == reflect.Int:
		n, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil {
			return nil, errors.New("a whole number")
		}
		return n, nil
	case kind.Kind() == reflect.Slice:
		return ansibleList(tagOf(key, "is"), text, dir), nil
	case tagOf(key, "is") == "path":
		return ansiblePath(text, dir), nil
	}
	return text, nil
}

// truth is what Ansible takes for true; all else is false.
func truth(text string) bool {
	return slices.Contains([]string{"y", "yes", "on", "1", "true", "t", "1.0"}, strings.ToLower(strings.TrimSpace(text)))
}

func ansibleList(is, text, dir string) []string {
	separator := ","
	if is == "paths" {
		separator = ":"
	}
	if is == "inventory" {
		return ansibleInventory(text, dir)
	}
	list := []string{}
	for part := range strings.SplitSeq(text, separator) {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		if is == "paths" {
			part = ansiblePath(part, dir)
		}
		list = append(list, part)
	}
	return list
}

// ansibleInventory takes "a.ini,b.ini" apart. A list of hosts ends with a comma.
func ansibleInventory(text, dir string) []string {
	if strings.HasSuffix(strings.TrimSpace(text), ",") {
		return []string{strings.TrimSpace(text)}
	}
	var list []string
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			list = append(list, ansiblePath(part, dir))
		}
	}
	return list
}

// ansiblePath fills in variables, the home and {{CWD}}; a relative path starts at dir.
func ansiblePath(path, dir string) string {
	path = expand(os.ExpandEnv(strings.ReplaceAll(path, "{{CWD}}", workingDir())))
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// unquoted takes the quotes off a text that stands in them.
func unquoted(text string) string {
	if n := len(text); n > 1 && (text[0] == '"' || text[0] == '\'') && text[n-1] == text[0] && text[n-2] != '\\' {
		return text[1 : n-1]
	}
	return text
}

// isSetting reports that a setting of gdeploy's has this name in Ansible, which the tag
// cfg or env lists.
func isSetting(tag, name string) bool {
	return slices.ContainsFunc(settingKeys(), func(key string) bool {
		return slices.Contains(strings.Fields(tagOf(key, tag)), name)
	})
}

// tellStranger warns of a line of ansible.cfg that is no setting of gdeploy's.
func tellStranger(warn warning, e cfgEntry) {
	if without := withoutEffect("cfg", e.name, e.value); without != "" {
		warn(e.pos, e.name+without)
		return
	}
	if isForeign("cfg", e.name) {
		return
	}
	near := didYouMean(e.name, ansibleNames("cfg"))
	warn(e.pos, e.name+" is no setting that gdeploy knows, and has no effect"+near)
}

// refusedVariables gives the variables of the environment that are mistakes.
func refusedVariables(environment []string) []error {
	var mistakes []error
	for _, entry := range slices.Sorted(slices.Values(environment)) {
		name, value, _ := strings.Cut(entry, "=")
		mistakes = append(mistakes, refusal("env", name, value, name))
	}
	return mistakes
}

// tellForeignVariables warns of variables of the environment that gdeploy cannot heed, and of
// those whose names look misspelt.
func tellForeignVariables(environment []string, warn warning) {
	for _, entry := range slices.Sorted(slices.Values(environment)) {
		name, value, _ := strings.Cut(entry, "=")
		if refusal("env", name, value, name) != nil {
			continue
		}
		if !strings.HasPrefix(name, "ANSIBLE_") || value == "" || name == "ANSIBLE_CONFIG" || isSetting("env", name) {
			continue
		}
		if without := withoutEffect("env", name, value); without != "" {
			warn(values.Position{}, name+without)
			continue
		}
		if near := jinja.Nearest(name, ansibleNames("env")); near != "" && !isForeign("env", name) {
			warn(values.Position{}, fmt.Sprintf("the variable %s is no setting: did you mean %s?", name, near))
		}
	}
}

// ansibleNames are all names of settings that Ansible has, in its file or the environment.
func ansibleNames(tag string) []string {
	var names []string
	for _, key := range settingKeys() {
		names = append(names, strings.Fields(tagOf(key, tag))...)
	}
	for _, f := range foreign {
		names = append(names, strings.Fields(cmp.Or(map[string]string{"cfg": f.cfg, "env": f.env}[tag], ""))...)
	}
	return names
}
