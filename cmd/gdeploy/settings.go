package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	"github.com/spf13/viper"

	"github.com/gdeploy/gdeploy/variables/factcache"
)

// loadSettings reads the settings of the working directory. All that is wrong with them is
// told at once.
func loadSettings(flags *pflag.FlagSet, warn warning) (Settings, error) {
	file, err := findSettings(warn)
	if err != nil {
		return Settings{}, badOption(err)
	}
	written, err := readSettings(file)
	if err != nil {
		return Settings{}, badOption(err)
	}
	warnOfStrangers(os.Environ(), warn)
	ansible, err := readAnsible(warn)
	mistakes := []error{err, written.strangers()}
	s := Settings{file: file, ansible: ansible.file}
	sources := newSources(written, ansible, flags)
	for i, key := range settingKeys() {
		mistakes = append(mistakes, sources.into(key, reflect.ValueOf(&s).Elem().Field(i)))
	}
	if err := errors.Join(mistakes...); err != nil {
		return s, badOption(err)
	}
	s.resolve(sources)
	if err := s.check(sources, warn); err != nil {
		return s, badOption(err)
	}
	return s, nil
}

// sources are the places that settings come from.
type sources struct {
	viper   *viper.Viper
	written settingsFile
	ansible ansibleSettings
	flags   *pflag.FlagSet
}

func newSources(written settingsFile, ansible ansibleSettings, flags *pflag.FlagSet) sources {
	v := viper.NewWithOptions(viper.KeyDelimiter("\x00"))
	return sources{viper: v, written: written, ansible: ansible, flags: flags}
}

// into reads a setting from the strongest place that has it.
func (s sources) into(key string, field reflect.Value) error {
	s.viper.SetDefault(key, s.weakest(key))
	if err := s.viper.BindEnv(key, variableOf(key)); err != nil {
		return err
	}
	if f := s.flag(key); f != nil {
		if err := s.viper.BindPFlag(key, f); err != nil {
			return err
		}
	}
	if err := s.viper.UnmarshalKey(key, field.Addr().Interface(), viper.DecodeHook(wordsOf(key))); err != nil {
		return fmt.Errorf("%s is %q, and must be %s", s.name(key), fmt.Sprint(s.viper.Get(key)), wanted(field.Type()))
	}
	return nil
}

// weakest is what a setting is where neither the environment nor a flag says: as the file
// has it, else as Ansible's places have it, else its default.
func (s sources) weakest(key string) any {
	if value, ok := s.written.plain[key]; ok {
		return value
	}
	if given, ok := s.ansible.given[key]; ok {
		return given.value
	}
	return settingDefaults[key]
}

// name is what a setting is called where it comes from: a flag, a variable, or a key with
// its place in a file.
func (s sources) name(key string) string {
	if f := s.flag(key); f != nil {
		return "--" + f.Name
	}
	if os.Getenv(variableOf(key)) != "" {
		return variableOf(key)
	}
	if given, ok := s.ansible.given[key]; ok && !s.written.has(key) {
		return given.from
	}
	return s.written.pos(key).String() + ": " + key
}

// fromFile reports that the file has the last word on a setting.
func (s sources) fromFile(key string) bool {
	return s.flag(key) == nil && os.Getenv(variableOf(key)) == "" && s.written.has(key)
}

// flag is the flag of a setting, where it was given.
func (s sources) flag(key string) *pflag.Flag {
	if f := s.flags.Lookup(tagOf(key, "flag")); f != nil && f.Changed {
		return f
	}
	return nil
}

// resolve makes the paths that a settings file names start at its directory, and ~ the home.
func (s *Settings) resolve(from sources) {
	s.Library = strings.FieldsFunc(strings.Join(s.Library, ":"), func(r rune) bool { return r == ':' }) // -M a:b
	fields := reflect.ValueOf(s).Elem()
	for i, key := range settingKeys() {
		relative := from.fromFile(key)
		switch p := fields.Field(i).Addr().Interface().(type) {
		case *string:
			if tagOf(key, "is") == "path" {
				*p = pathFrom(filepath.Dir(s.file), *p, relative)
			}
		case *[]string:
			if is := tagOf(key, "is"); is == "paths" || is == "inventory" {
				*p = pathsFrom(filepath.Dir(s.file), *p, relative)
			}
		}
	}
}

func pathsFrom(dir string, paths []string, relative bool) []string {
	all := make([]string, len(paths))
	for i, p := range paths {
		if all[i] = p; !strings.Contains(p, ",") { // a list of hosts is no path
			all[i] = pathFrom(dir, p, relative)
		}
	}
	return all
}

func pathFrom(dir, p string, relative bool) string {
	p = expand(p)
	if !relative || p == "" || filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(dir, p)
}

// expand replaces a leading ~ by the home.
func expand(p string) string {
	rest, ok := strings.CutPrefix(p, "~")
	if !ok || rest != "" && rest[0] != '/' {
		return p
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return p
	}
	return home + rest
}

// check refuses values that make no sense.
func (s *Settings) check(from sources, warn warning) error {
	var mistakes []error
	refuse := func(key, format string, args ...any) {
		mistakes = append(mistakes, fmt.Errorf("%s is %s", from.name(key), fmt.Sprintf(format, args...)))
	}
	if s.HostKeyChecking != "yes" && s.HostKeyChecking != "accept-new" {
		refuse("host_key_checking", "%q, and must be yes or accept-new: a host whose key changed is never talked to", s.HostKeyChecking)
	}
	if plugin := factcache.ShortName(s.FactCaching); !slices.Contains(factcache.Known, plugin) {
		refuse("fact_caching", "%q, and must be one of %s", s.FactCaching, strings.Join(factcache.Known, ", "))
	} else if plugin != "memory" && s.FactCachingConnection == "" {
		refuse("fact_caching", "%s, and fact_caching_connection must say in which directory", plugin)
	}
	if s.FactCachingTimeout < 0 {
		refuse("fact_caching_timeout", "%d, and must be a number of seconds, or 0 for ever", s.FactCachingTimeout)
	}
	for _, key := range settingKeys() {
		words := strings.Fields(tagOf(key, "choices"))
		if text := fmt.Sprint(from.viper.Get(key)); len(words) > 0 && !slices.Contains(words, text) {
			refuse(key, "%q, and must be one of %s", text, strings.Join(words, ", "))
		}
	}
	if !slices.Contains([]string{"linear", "free", "host_pinned", "debug"}, strings.TrimPrefix(s.Strategy, "ansible.builtin.")) {
		refuse("strategy", "%q, and must be linear, free, host_pinned or debug", s.Strategy)
	}
	s.checkSources(refuse, warn)
	if s.Forks < 1 {
		refuse("forks", "%d, and must be at least 1", s.Forks)
	}
	if s.Ahead < 0 {
		refuse("ahead", "%d, and must not be negative; 0 tries no call before its turn", s.Ahead)
	}
	if s.Heartbeat < 0 {
		refuse("heartbeat", "%d, and must not be negative; 0 tells nothing", s.Heartbeat)
	}
	if s.PluginsTimeout < 1 {
		refuse("plugins_timeout", "%d, and must be at least 1 (second)", s.PluginsTimeout)
	}
	if s.Timeout < 1 {
		refuse("timeout", "%d, and must be at least 1 (second)", s.Timeout)
	}
	return errors.Join(mistakes...)
}

// inventories are the inventories to read.
func (s *Settings) inventories() ([]string, error) {
	if len(s.Inventory) > 0 {
		return s.Inventory, nil
	}
	entries, err := os.ReadDir("inventory")
	if err == nil && holdsInventory(entries) {
		return []string{"inventory"}, nil
	}
	return nil, badOption(errors.New("no inventory: give one with -i, or name it in gdeploy.yaml (inventory: FILE), or put files into ./inventory/; gdeploy init DIR writes a sample"))
}

// holdsInventory tells a directory of inventories from one that only has that name.
func holdsInventory(entries []fs.DirEntry) bool {
	for _, e := range entries {
		switch filepath.Ext(e.Name()) {
		case ".ini", ".yml", ".yaml", ".json", "":
			if !e.IsDir() {
				return true
			}
		}
	}
	return false
}
