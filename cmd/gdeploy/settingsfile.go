package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/go-viper/mapstructure/v2"

	"github.com/gdeploy/gdeploy/jinja"
	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/values/yaml"
)

// findSettings looks where $GDEPLOY_CONFIG says, in the working directory, in the home
// and in /etc. As in Ansible, a working directory that anybody can write to does not count.
func findSettings(warn warning) (string, error) {
	if named := os.Getenv("GDEPLOY_CONFIG"); named != "" {
		if _, err := os.Stat(named); err != nil {
			return "", fmt.Errorf("GDEPLOY_CONFIG: %w", err)
		}
		return named, nil
	}
	places := []string{"gdeploy.yaml"}
	if dir, err := os.UserConfigDir(); err == nil {
		places = append(places, filepath.Join(dir, "gdeploy", "gdeploy.yaml"))
	}
	for _, place := range append(places, "/etc/gdeploy/gdeploy.yaml") {
		switch _, err := os.Stat(place); {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return "", fmt.Errorf("read settings: %w", err)
		case place == "gdeploy.yaml" && anybodyWrites("."):
			warn(values.Position{}, "gdeploy.yaml is left out: anybody may write to this directory. Take that right away, or name the file in GDEPLOY_CONFIG")
		default:
			return place, nil
		}
	}
	return "", nil
}

func anybodyWrites(dir string) bool {
	st, err := os.Stat(dir)
	return err == nil && st.Mode()&0o002 != 0
}

// settingsFile is what gdeploy.yaml says.
type settingsFile struct {
	values *values.Map
	plain  map[string]any // the known settings, as viper takes them
}

// readSettings reads a file of settings; the name may be empty.
func readSettings(file string) (settingsFile, error) {
	s := settingsFile{values: values.NewMap(0), plain: map[string]any{}}
	if file == "" {
		return s, nil
	}
	v, _, err := yaml.LoadFile(file)
	if err != nil {
		return s, fmt.Errorf("read settings: %w", err)
	}
	m, ok := v.AsMap()
	if !ok && !v.IsNull() {
		return s, fmt.Errorf("%s: settings are a mapping of names to values, not a %s", file, v.Kind())
	}
	if !ok {
		return s, nil
	}
	s.values = m
	for _, key := range settingKeys() {
		value, ok := m.Get(key)
		if !ok || value.IsNull() {
			continue
		}
		var plain any
		if err := json.Unmarshal(values.JSON(value), &plain); err != nil {
			return s, fmt.Errorf("%s: %s: %w", value.Pos(), key, err)
		}
		s.plain[key] = plain
	}
	return s, nil
}

func (s settingsFile) has(key string) bool { return s.values.Has(key) }

func (s settingsFile) pos(key string) values.Position {
	v, _ := s.values.Get(key)
	return v.Pos()
}

// strangers refuses what is no setting.
func (s settingsFile) strangers() error {
	var mistakes []error
	for key := range s.values.All() {
		name := values.Text(key)
		if !slices.Contains(settingKeys(), name) {
			mistakes = append(mistakes, fmt.Errorf("%s: there is no setting %q%s", key.Pos(), name, cmp.Or(didYouMean(name, settingKeys()), "; the settings are "+strings.Join(settingKeys(), ", "))))
		}
	}
	return errors.Join(mistakes...)
}

// warnOfStrangers warns of variables that look like a setting and are none.
func warnOfStrangers(environment []string, warn warning) {
	for _, entry := range environment {
		name, _, _ := strings.Cut(entry, "=")
		key := strings.ToLower(strings.TrimPrefix(name, "GDEPLOY_"))
		if !strings.HasPrefix(name, "GDEPLOY_") || key == "config" || slices.Contains(settingKeys(), key) {
			continue
		}
		if near := jinja.Nearest(key, settingKeys()); near != "" {
			warn(values.Position{}, fmt.Sprintf("the variable %s is no setting: did you mean %s?", name, variableOf(near)))
		}
	}
}

// wordsOf reads what a person writes for a setting: yes for true, and lists as one text
// whose parts stand between colons, or for inventories between commas.
func wordsOf(key string) mapstructure.DecodeHookFuncValue {
	return func(from, to reflect.Value) (any, error) {
		for from.Kind() == reflect.Interface {
			from = from.Elem()
		}
		switch {
		case from.Kind() == reflect.String && to.Kind() == reflect.Bool:
			return yesOrNo(from.String())
		case from.Kind() == reflect.Bool && to.Kind() == reflect.String:
			return map[bool]string{true: "yes", false: "no"}[from.Bool()], nil
		case from.Kind() == reflect.String && to.Kind() == reflect.Slice:
			return partsOf(key, from.String()), nil
		case to.Kind() == reflect.Int && from.Kind() == reflect.Float64 && from.Float() != float64(int64(from.Float())):
			return nil, errors.New("a fraction")
		case to.Kind() == reflect.Int && from.Kind() == reflect.Bool:
			return nil, errors.New("a truth value")
		}
		return from.Interface(), nil
	}
}

// partsOf takes a list apart that is written as one text.
func partsOf(key, text string) []string {
	switch is := tagOf(key, "is"); {
	case is == "inventory":
		return splitInventory(text)
	case strings.Contains(is, "paths"):
		return strings.Split(text, string(filepath.ListSeparator))
	}
	var parts []string
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			parts = append(parts, part)
		}
	}
	return parts
}

func yesOrNo(word string) (bool, error) {
	switch strings.ToLower(word) {
	case "yes", "on", "true", "1", "y", "t":
		return true, nil
	case "no", "off", "false", "0", "n", "f":
		return false, nil
	}
	return false, errors.New("neither yes nor no")
}

// splitInventory takes "a.ini,b.ini" apart where all parts are files; otherwise the text is
// one inventory, such as the list of hosts "a,b,".
func splitInventory(text string) []string {
	parts := strings.Split(text, ",")
	for _, part := range parts {
		if _, err := os.Stat(expand(part)); err != nil {
			return []string{text}
		}
	}
	return parts
}

// wanted says in words what a setting holds.
func wanted(t reflect.Type) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.Int:
		return "a whole number"
	case reflect.Bool:
		return "yes or no"
	case reflect.Slice:
		return "a list"
	}
	return "a text"
}
