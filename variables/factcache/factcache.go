// Package factcache keeps the facts of hosts in files, one for each host, from run to
// run, in the forms of Ansible's cache plugins jsonfile and yaml, so that both programs
// can work with one cache.
package factcache

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/values/yaml"
)

// Directory is a cache. It is safe for concurrent use by several programs: files are
// replaced in one step.
type Directory struct {
	// Path is made when the first facts are kept.
	Path string
	// Prefix starts the names of the files; the host's name ends them.
	Prefix string
	// Timeout is the age from which on facts do not count; 0 is never.
	Timeout time.Duration
	// YAML writes YAML in place of JSON. Either is read.
	YAML bool
	// Now is the clock; time.Now where nil.
	Now func() time.Time
}

// gathered is the mark by which Ansible knows, with gathering: smart, that a host's facts
// were collected.
const gathered = "_ansible_facts_gathered"

// Load gives the facts of a host, nil where there are none or they are too old. A file
// that cannot be read as facts is an error that says so, and is removed.
func (d *Directory) Load(host string) (*values.Map, error) {
	path, err := d.file(host)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	if err != nil || d.Timeout > 0 && d.now().Sub(info.ModTime()) > d.Timeout {
		return nil, nil // there are none that count
	}
	src, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the cached facts of %s: %w", host, err)
	}
	v, _, err := yaml.Load(src, path)
	facts, ok := v.AsMap()
	if err != nil || !ok {
		return nil, errors.Join(fmt.Errorf("the cached facts of %s in %s are damaged, and are collected anew", host, path), os.Remove(path))
	}
	facts.Delete(values.String(gathered))
	return facts, nil
}

// Save keeps the facts of a host. Those that are secret are left out.
func (d *Directory) Save(host string, facts *values.Map) error {
	path, err := d.file(host)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(d.Path, 0o755); err != nil {
		return fmt.Errorf("keep the facts of %s: %w", host, err)
	}
	kept := public(facts)
	if kept.Has("module_setup") {
		kept.Set(gathered, values.True)
	}
	text := indented(values.FromMap(kept))
	if d.YAML {
		text = yaml.Marshal(values.FromMap(kept))
	}
	if err := replace(path, text); err != nil {
		return fmt.Errorf("keep the facts of %s: %w", host, err)
	}
	return nil
}

// Forget removes what is kept of a host.
func (d *Directory) Forget(host string) error {
	path, err := d.file(host)
	if err != nil {
		return err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("forget the facts of %s: %w", host, err)
	}
	return nil
}

func (d *Directory) file(host string) (string, error) {
	name := d.Prefix + host
	if name != filepath.Base(name) || name == "." || name == ".." {
		return "", fmt.Errorf("the facts of %q cannot be kept in a file of that name", host)
	}
	return filepath.Join(d.Path, name), nil
}

func (d *Directory) now() time.Time {
	if d.Now != nil {
		return d.Now()
	}
	return time.Now()
}

// replace writes a file in one step, for its owner alone.
func replace(path string, text []byte) error {
	next, err := os.CreateTemp(filepath.Dir(path), ".gdeploy-facts-*")
	if err != nil {
		return err
	}
	_, err = next.Write(text)
	if err = errors.Join(err, next.Close()); err == nil {
		err = os.Rename(next.Name(), path)
	}
	if err != nil {
		_ = os.Remove(next.Name()) // it may be gone
	}
	return err
}

// public leaves out what is secret.
func public(facts *values.Map) *values.Map {
	kept := values.NewMap(facts.Len())
	for key, v := range facts.All() {
		if !v.Secret() {
			kept.SetKey(key, v)
		}
	}
	return kept
}

// indented writes JSON as Python does with an indentation of four, sorted keys, and
// nothing but ASCII.
func indented(v values.Value) []byte {
	var out bytes.Buffer
	if err := json.Indent(&out, values.JSON(sorted(v)), "", "    "); err != nil {
		panic(err) // values.JSON writes JSON
	}
	return ascii(out.String())
}

func sorted(v values.Value) values.Value {
	if m, ok := v.AsMap(); ok {
		ordered := values.NewMap(m.Len())
		for _, key := range yaml.SortedKeys(m) {
			item, _ := m.GetKey(key)
			ordered.SetKey(key, sorted(item))
		}
		return values.FromMap(ordered)
	}
	if v.Kind() != values.KindList {
		return v
	}
	items := make([]values.Value, len(v.Items()))
	for i, item := range v.Items() {
		items[i] = sorted(item)
	}
	return values.FromSlice(items)
}

func ascii(text string) []byte {
	var out bytes.Buffer
	for _, r := range text {
		switch {
		case r < utf8.RuneSelf:
			out.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&out, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&out, `\u%04x`, r)
		}
	}
	return out.Bytes()
}

// Known are the names of cache plugins that gdeploy has: memory keeps facts for the run.
var Known = []string{"memory", "jsonfile", "yaml"}

// ShortName takes the collection off the name of a plugin.
func ShortName(plugin string) string {
	for _, collection := range []string{"ansible.builtin.", "ansible.legacy.", "community.general."} {
		if short, ok := strings.CutPrefix(plugin, collection); ok {
			return short
		}
	}
	return plugin
}
