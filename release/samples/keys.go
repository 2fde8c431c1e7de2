// Package samples compares the keys of a sample configuration, as the source of an
// application brings it, with those of the configuration that is to be deployed.
package samples

import (
	"bufio"
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/values/yaml"
)

// Keys gives the keys of a configuration file, in the order in which they stand. The name's
// ending tells the form: .yml, .yaml and .json are read as such; .env and .properties have
// no sections; everything else is ini, where [section] and key become section.key. Keys of
// nested maps are joined by dots; what lists hold is not looked at.
func Keys(name string, content []byte) ([]string, error) {
	switch strings.ToLower(path.Ext(name)) {
	case ".yml", ".yaml", ".json":
		v, _, err := yaml.Load(content, name)
		if err != nil {
			return nil, err
		}
		return ofMap("", v), nil
	case ".env", ".properties":
		return ofLines(content, false)
	}
	if first := bytes.TrimSpace(content); len(first) > 0 && first[0] == '{' {
		return Keys(name+".json", content)
	}
	return ofLines(content, true)
}

func ofMap(prefix string, v values.Value) []string {
	var keys []string
	m, ok := v.AsMap()
	if !ok {
		return nil
	}
	for k, inner := range m.All() {
		key := prefix + values.Text(k)
		keys = append(keys, key)
		keys = append(keys, ofMap(key+".", inner)...)
	}
	return keys
}

// ofLines reads "key = value", "key: value" and "key value"; # ; ! and // begin comments, a
// line that ends in \ goes on in the next one, and an indented line goes on with the value.
func ofLines(content []byte, sections bool) ([]string, error) {
	var keys []string
	section, goesOn := "", false
	lines := bufio.NewScanner(bytes.NewReader(content))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := lines.Text()
		text := strings.TrimSpace(line)
		skip := goesOn || text == "" || strings.ContainsAny(text[:1], "#;!") || strings.HasPrefix(text, "//")
		goesOn = strings.HasSuffix(text, `\`)
		switch {
		case skip:
		case sections && text[0] == '[' && strings.Contains(text, "]"):
			section = text[1:strings.Index(text, "]")] + "."
		case len(keys) > 0 && (line[0] == ' ' || line[0] == '\t') && !strings.ContainsAny(text, "=:"):
		default:
			keys = append(keys, section+keyOf(text))
		}
	}
	return keys, lines.Err()
}

func keyOf(text string) string {
	text = strings.TrimPrefix(text, "export ")
	end := strings.IndexAny(text, "=:")
	if end < 0 {
		end = strings.IndexAny(text+" ", " \t")
	}
	return strings.TrimSpace(text[:end])
}

// File is a file of a configuration.
type File struct {
	Name    string
	Content []byte
}

// Missing compares a sample with the files that are to be deployed, and gives a sentence for
// each key that they lack. Of a file with the sample's own name, less ".sample", only that
// one counts; without such a file, or one that is says it stands for, all of them together.
func Missing(sample File, is string, config []File) ([]string, error) {
	wanted, err := Keys(plain(sample.Name), sample.Content)
	if err != nil {
		return nil, fmt.Errorf("read the keys of %s: %w", sample.Name, err)
	}
	meant := counterpart(sample.Name, is, config)
	if is != "" && len(meant) == 0 {
		return []string{fmt.Sprintf("%s stands for %s, which neither the configuration nor the code has", sample.Name, is)}, nil
	}
	have := map[string]bool{}
	var names []string
	for _, f := range meant {
		keys, err := Keys(f.Name, f.Content)
		if err != nil && len(meant) == 1 {
			return nil, fmt.Errorf("read the keys of %s: %w", f.Name, err)
		}
		for _, k := range keys {
			have[k] = true
		}
		names = append(names, f.Name)
	}
	var missing []string
	for _, k := range wanted {
		if !have[k] {
			missing = append(missing, fmt.Sprintf("%s has the key %s, and %s has not", sample.Name, k, list(names)))
		}
	}
	return missing, nil
}

// counterpart is the file that a sample stands for, or else all.
func counterpart(sample, is string, config []File) []File {
	name := is
	if name == "" {
		name = plain(sample)
	}
	if i := slices.IndexFunc(config, func(f File) bool { return f.Name == name }); i >= 0 {
		return config[i : i+1]
	}
	if is != "" {
		return nil
	}
	return config
}

// plain is a sample's name without ".sample".
func plain(name string) string { return strings.Replace(name, ".sample", "", 1) }

func list(names []string) string {
	if len(names) == 0 {
		return "the configuration, which is empty,"
	}
	return strings.Join(names, ", ")
}
