package playbooks

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/gdeploy/gdeploy/values"
)

// route is where the name of a module leads.
type route struct {
	name string
	// deprecated and gone are what its collection says of the name.
	deprecated, gone string
}

// routed follows what plugin_routing in the meta/runtime.yml of collections says of a module.
func (p *parser) routed(name string, at place) route {
	r := route{name: name}
	for range 10 { // more are a circle
		full, entry := p.routing(r.name, at)
		if entry == nil {
			return r
		}
		if text := removal(entry, "tombstone"); text != "" {
			r.gone = full + " has been removed. " + text
			return r
		}
		if text := removal(entry, "deprecation"); text != "" {
			r.deprecated = full + " has been deprecated. " + text
		}
		to, ok := values.Value{}, false
		if to, ok = entry.Get("redirect"); !ok {
			return r
		}
		r.name = values.Text(to)
	}
	return r
}

// routing gives what a collection says of a module, and the module's full name.
func (p *parser) routing(name string, at place) (string, *values.Map) {
	candidates := []string{name}
	if !strings.Contains(name, ".") {
		candidates = nil
		for _, collection := range at.collections() {
			candidates = append(candidates, collection+"."+name)
		}
	}
	for _, full := range candidates {
		parts := strings.SplitN(full, ".", 3)
		if len(parts) < 3 || parts[0] == "ansible" && slices.Contains([]string{"builtin", "legacy"}, parts[1]) {
			continue
		}
		entry, _ := mapIn(mapIn(p.runtime(parts[0], parts[1], at), "plugin_routing"), "modules").Get(parts[2])
		if m, ok := entry.AsMap(); ok && m != nil {
			return full, m
		}
	}
	return "", nil
}

// removal is the text of a deprecation or a tombstone.
func removal(entry *values.Map, name string) string {
	about := mapIn(entry, name)
	if about.Len() == 0 {
		return ""
	}
	text, _ := about.Get("warning_text")
	when := ""
	if version, ok := about.Get("removal_version"); ok {
		when = fmt.Sprintf(" (version %s)", values.Text(version))
	} else if date, ok := about.Get("removal_date"); ok {
		when = fmt.Sprintf(" (%s)", values.Text(date))
	}
	if text.IsNull() {
		return "Look into the collection's documentation." + when
	}
	return values.Text(text) + when
}

var fullPlaybookName = regexp.MustCompile(`^[A-Za-z_]\w*(\.[A-Za-z_]\w*){2,}$`)

// CollectionPlaybook gives the file of a playbook of a collection, which is named
// NAMESPACE.COLLECTION.PLAYBOOK, or "". dirs are those that hold ansible_collections.
func CollectionPlaybook(name string, dirs []string) string {
	return collectionPlaybook(name, dirs, func(path string) bool {
		info, err := os.Stat(path)
		return err == nil && !info.IsDir()
	})
}

func (l *Loader) collectionPlaybook(name string, dirs []string) string {
	return collectionPlaybook(name, dirs, l.files.exists)
}

func collectionPlaybook(name string, dirs []string, exists func(string) bool) string {
	bare := strings.TrimSuffix(strings.TrimSuffix(name, ".yml"), ".yaml")
	if !fullPlaybookName.MatchString(bare) {
		return ""
	}
	parts := strings.Split(bare, ".")
	within := filepath.Join("ansible_collections", parts[0], parts[1], "playbooks", filepath.Join(parts[2:]...))
	for _, dir := range dirs {
		for _, ext := range []string{".yml", ".yaml"} {
			if path := join(dir, within+ext); exists(path) {
				return path
			}
		}
	}
	return ""
}

// collectionOf gives the collection among whose playbooks a file stands, as far as it is one
// of those that are looked through, or "".
func (l *Loader) collectionOf(file string, at place) string {
	full := absolutePath(file)
	for _, dir := range l.collectionDirs(at) {
		below, ok := strings.CutPrefix(full, filepath.Join(absolutePath(dir), "ansible_collections")+"/")
		if parts := strings.Split(below, "/"); ok && len(parts) > 3 && parts[2] == "playbooks" {
			return parts[0] + "." + parts[1]
		}
	}
	return ""
}
